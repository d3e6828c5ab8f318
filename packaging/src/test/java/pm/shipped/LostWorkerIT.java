package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.shipped.Tasks.object;
import static pm.shipped.Tasks.task;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers that can be told nothing any more, and that nobody pings. */
@Timeout(300)
class LostWorkerIT {

  private static final String RULES = "restart: {delay: 0s, max_restarts: unlimited}";

  @TempDir private Path folder;

  @Test
  void whosePipesTheNextDaemonCannotOpenIsReplaced() throws Exception {
    Notes notes = new Notes(folder.resolve("notes"));
    Path go = folder.resolve("go");
    String yaml =
        "programs:\n" + Tasks.program("work", notes.worker(), "liveness: none", RULES, "pool: {}");
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      Tasks tasks = new Tasks(pmd);
      tasks.awaitWorkers("work", 1);
      String id = tasks.submit("work", task(object("do", "wait", "for", go.toString())));
      Await.until("it has begun", () -> notes.read().of(id).size() == 1);
      pmd.crash();
      Path in = inputOf("work@1");
      Files.delete(in);
      Files.createFile(in);
      pmd.start();
      tasks.awaitEvent("work", "unreachable", "its pipes cannot be opened");
      Files.createFile(go);
      tasks.endAll(List.of(id), "SUCCEEDED");
      assertThat(Wire.number(tasks.show(id), "failures")).isZero();
      assertThat(notes.read().of(id)).hasSize(2);
      tasks.endSoundly();
    }
  }

  private Path inputOf(String instance) throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("home"))) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).startsWith(instance + "."))
          .filter(file -> file.toString().endsWith(".in"))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void whoClosesItsInputIsReplaced() throws Exception {
    Path script = folder.resolve("closing.py");
    Files.writeString(
        script,
        """
        import json, os, sys, time
        for line in sys.stdin:
            message = json.loads(line)
            if message["method"] == "task":
                os.close(0)
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": os.getpid()}
            print(json.dumps(answer), flush=True)
            if message["method"] == "task":
                time.sleep(1000)
        """);
    String worker = "    type: worker\n    command: [python3, \"" + script + "\"]\n";
    String yaml =
        "programs:\n" + Tasks.program("closing", worker, "liveness: none", RULES, "pool: {}");
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      Tasks tasks = new Tasks(pmd);
      List<String> ids = tasks.submitAll("closing", Tasks.times(3, task(object())));
      tasks.endAll(ids, "SUCCEEDED");
      assertThat(tasks.events("closing", "unreachable"))
          .hasSizeGreaterThanOrEqualTo(2)
          .allMatch(text -> text.contains("it has closed its input"));
      tasks.endSoundly();
    }
  }
}
