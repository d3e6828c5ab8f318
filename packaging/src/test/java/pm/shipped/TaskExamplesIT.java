package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.shipped.Tasks.object;
import static pm.shipped.Tasks.task;
import static pm.shipped.Tasks.times;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ErrorCode;
import pm.protocol.Json;
import pm.protocol.Members;

/** Pools as somebody has them who begins with the examples, and a daemon that ends and begins. */
@Timeout(180)
class TaskExamplesIT {

  private static final Path EXAMPLES =
      Path.of("..", "config-examples").toAbsolutePath().normalize();

  @TempDir private Path folder;

  @Test
  void theFirstPool() throws Exception {
    String example = EXAMPLES.resolve("thumbnails.yaml").toString();
    try (Pmd pmd = new Pmd(folder.resolve("home"), "--config", example).start()) {
      Tasks tasks = new Tasks(pmd);
      String data = "{\"file\":\"a.jpg\"}";
      Pmd.Outcome one = pmd.pmctl("submit", "thumbnails", data, "--wait");
      assertThat(one.exit()).as("%s", one).isZero();
      assertThat(Json.parse(one.out().strip()))
          .isEqualTo(Map.of("type", "default", "data", Map.of("file", "a.jpg")));

      Path input = folder.resolve("input");
      Files.writeString(
          input,
          IntStream.rangeClosed(1, 10_000)
              .mapToObj(Integer::toString)
              .collect(Collectors.joining("\n", "", "\n")));
      Pmd.Outcome batch = pmd.pmctl("submit", "thumbnails", "@" + input, "--batch");
      assertThat(batch.exit()).as("%s", batch.err()).isZero();
      List<String> ids = batch.lines();
      assertThat(ids).hasSize(10_000).doesNotHaveDuplicates();
      tasks.endAll(ids, "SUCCEEDED");
      Pmd.Outcome list = pmd.pmctl("task", "list", "thumbnails", "-o", "jsonl");
      assertThat(list.lines()).hasSize(10_000).allMatch(line -> line.contains("\"SUCCEEDED\""));
      assertThat(tasks.list("thumbnails").stream().map(each -> Wire.text(each, "id")))
          .containsExactlyElementsOf(ids);
      assertThat(tasks.show(ids.get(4_710)).value("result"))
          .contains(Map.of("type", "default", "data", 4_711L));
      Pmd.Outcome show = pmd.pmctl("pool", "show", "thumbnails");
      assertThat(show.exit()).isZero();
      assertThat(show.out()).contains("thumbnails@1");
      Pmd.Outcome failed = pmd.pmctl("submit", "thumbnails", "1", "--type", "fail", "--wait");
      assertThat(failed.exit()).isEqualTo(1);
      assertThat(failed.err()).contains("FAILED", "asked to fail");
      tasks.assertSound();
    }
  }

  private record Work(String worker, List<String> good, List<String> bad) {}

  @Test
  void allReferenceWorkers() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Map<String, String> commands =
        Map.of(
            "python", "[python3, worker.py]",
            "node", "[node, worker.js]",
            "shell", "[sh, worker.sh]",
            "java", "[" + java + ", Worker.java]");
    StringBuilder yaml = new StringBuilder("programs:\n");
    commands.forEach(
        (name, command) ->
            yaml.append(
                """
                  %s:
                    type: worker
                    inherit_environment: true
                    command: %s
                    working_dir: %s
                    pool: {breaker: {failures: 1000}}
                """
                    .formatted(name, command, EXAMPLES.resolve("workers"))));
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml.toString()).start()) {
      Tasks tasks = new Tasks(pmd);
      List<Work> all = new ArrayList<>();
      for (String name : commands.keySet()) {
        List<String> mine = new ArrayList<>();
        List<String> failing = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
          mine.addAll(
              tasks.submitAll(name, times(18, task(object("i", (long) i), "type", "thumb." + i))));
          failing.addAll(tasks.submitAll(name, times(2, task(object(), "type", "fail"))));
        }
        all.add(new Work(name, mine, failing));
      }
      for (Work mine : all) {
        String name = mine.worker();
        tasks
            .endAll(mine.good(), "SUCCEEDED")
            .values()
            .forEach(end -> assertThat(Wire.text(end, "result")).as(name).contains("type=thumb."));
        tasks.endAll(mine.bad(), "FAILED");
        assertThat(tasks.list(name))
            .hasSize(200)
            .allMatch(each -> Wire.number(each, "attempts") == 1);
        long pid = Wire.number(pmd.await(name + "@1", "IDLE"), "pid");
        assertThat(pmd.pmctl("stop", name).exit()).isZero();
        assertThat(Proc.of(pid)).isEmpty();
      }
      assertThat(Wire.number(pmd.ask("daemon.status"), "worker_stray_lines")).isZero();
      tasks.assertSound();
    }
  }

  @Test
  void aShutdownKeepsWhatWaitsAndLetsWhatRunsFinish() throws Exception {
    Notes notes = new Notes(folder.resolve("notes"));
    String yaml = "programs:\n  work:\n" + notes.busyWorker("") + "    pool: {concurrency: 2}\n";
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      Tasks tasks = new Tasks(pmd);
      Map<String, Object> waiting = task(object("do", "wait", "for", folder + "/go"));
      List<String> ids = tasks.submitAll("work", times(5, waiting));
      Await.until("two in hand", () -> notes.read().attempts().size() == 2);
      Process shutdown = pmd.client("daemon", "shutdown").start();
      Await.until("it is told", () -> notes.read().shutdowns() == 1);
      Members refusal = tasks.refusal("submit", "pool", "work", "tasks", List.of(waiting));
      assertThat(Wire.number(refusal, "code"))
          .isIn((long) ErrorCode.BUSY.code(), (long) ErrorCode.SHUTTING_DOWN.code());
      Files.createFile(folder.resolve("go"));
      assertThat(pmd.awaitEnd()).isZero();
      assertThat(shutdown.waitFor()).isZero();
      assertThat(pmd.processes()).isEmpty();
      assertThat(notes.read().attempts()).hasSize(2).allMatch(Notes.Attempt::isAnswered);

      pmd.start();
      tasks.endAll(ids, "SUCCEEDED");
      assertThat(tasks.list("work")).allMatch(each -> Wire.number(each, "attempts") == 1);
      assertThat(notes.read().tasks()).hasSize(5).doesNotHaveDuplicates();
      tasks.assertSound();
    }
  }

  @Test
  void whatAnOperatorHasPausedStaysSo() throws Exception {
    Notes notes = new Notes(folder.resolve("notes"));
    String yaml = "programs:\n  work:\n" + notes.worker() + "    pool: {}\n";
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      Tasks tasks = new Tasks(pmd);
      assertThat(pmd.pmctl("pool", "pause", "work").exit()).isZero();
      List<String> ids = new ArrayList<>(tasks.submitAll("work", times(2, task(object()))));
      pmd.crash();
      pmd.start();
      ids.addAll(tasks.submitAll("work", times(2, task(object()))));
      assertThat(pmd.pmctl("daemon", "shutdown").exit()).isZero();
      pmd.awaitEnd();
      pmd.start();
      pmd.await("work@1", "IDLE");
      assertThat(Wire.text(tasks.pool("work"), "intake")).isEqualTo("paused");
      assertThat(Wire.number(tasks.pool("work"), "queued")).isEqualTo(4);
      assertThat(notes.read().tasks()).isEmpty();
      assertThat(pmd.pmctl("pool", "resume", "work").exit()).isZero();
      tasks.endAll(ids, "SUCCEEDED");
      assertThat(notes.read().tasks()).isEqualTo(ids);
    }
  }

  @Test
  void whatIsKeptInMemoryIsGoneWithTheDaemon() throws Exception {
    Notes notes = new Notes(folder.resolve("notes"));
    Path home = Files.createDirectories(folder.resolve("home"));
    String yaml =
        "tasks: {store: memory}\nprograms:\n  work:\n" + notes.worker() + "    pool: {}\n";
    Path file = Files.writeString(folder.resolve("pm.yaml"), yaml);
    try (Pmd pmd = new Pmd(home, "--config", file.toString()).start()) {
      Tasks tasks = new Tasks(pmd);
      List<String> before = tasks.submitAll("work", times(100, task(object())));
      tasks.endAll(before, "SUCCEEDED");
      assertThat(pmd.pmctl("pool", "pause", "work").exit()).isZero();
      tasks.submitAll("work", times(10, task(object())));
      Map<String, Long> workers = tasks.awaitWorkers("work", 1);
      pmd.crash();
      pmd.start();
      assertThat(tasks.list("work")).isEmpty();
      assertThat(tasks.workers("work")).isEqualTo(workers);
      assertThat(pmd.pmctl("pool", "resume", "work").exit()).isZero();
      List<String> after = tasks.submitAll("work", times(10, task(object())));
      assertThat(before).doesNotContainAnyElementsOf(after);
      tasks.endAll(after, "SUCCEEDED");
    }
  }
}
