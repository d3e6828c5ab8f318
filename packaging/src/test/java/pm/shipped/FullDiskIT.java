package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ErrorCode;
import pm.protocol.Members;

/**
 * Where there is no space, or something else where a log should be, nothing is lost: children are
 * held back, and all goes on by itself when there is space again.
 */
@Timeout(180)
class FullDiskIT {

  @TempDir private Path folder;
  private final List<Path> mounts = new ArrayList<>();

  @AfterEach
  void unmount() throws Exception {
    for (Path mount : mounts) {
      run("umount", "-l", mount.toString());
    }
  }

  @Test
  void childrenAreHeldBackWhileTheirLogsAreFull() throws Exception {
    mount("log", "1m");
    String yaml =
        """
        programs:
          loud: {command: "seq 1 400000; echo done; exec sleep 1000", shell: true, readiness: {uptime: 0s}}
          elsewhere:
            command: "until [ -e @FOLDER@/go ]; do sleep 0.01; done; echo here; exec sleep 1000"
            shell: true
            readiness: {uptime: 0s}
            logs: {file: @FOLDER@/elsewhere.log}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml.replace("@FOLDER@", folder.toString())).start()) {
      Members blocked = awaitEvent(pmd, "output-blocked", 0);
      assertThat(Wire.text(blocked, "instance")).isEqualTo("loud@1");
      assertThat(Wire.text(blocked, "message")).contains("No space left on device", "loud@1.log");
      long pid = Wire.number(pmd.await("loud@1", "IDLE"), "pid");

      // Others go on, and so does the daemon.
      Files.createFile(folder.resolve("go"));
      Await.until(
          "the other log grows", () -> text(folder.resolve("elsewhere.log")).equals("here\n"));
      assertThat(pmd.pmctl("status").exit()).isZero();

      // Not even a crash loses anything now.
      pmd.crash();
      pmd.start();
      awaitEvent(pmd, "output-blocked", Wire.number(blocked, "seq"));

      assertThat(run("mount", "-o", "remount,size=8m", folder.resolve("log").toString())).isZero();
      Await.until("all is there", () -> text(pmd.log("loud@1")).endsWith("done\n"), pmd::said);
      assertThat(text(pmd.log("loud@1"))).isEqualTo(numbers(400_000) + "done\n");
      assertThat(awaitEvent(pmd, "output-flows", 0).has("instance")).isTrue();
      assertThat(Wire.number(pmd.status("loud@1"), "pid")).isEqualTo(pid);
    }
  }

  @Test
  void whileNothingCanBeKeptNothingIsDecidedAndAllRuns() throws Exception {
    mount("run", "1m");
    String yaml =
        """
        programs:
          web: {command: "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.01; done", shell: true, readiness: {uptime: 0s}}
          other: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      pmd.await("web@1", "IDLE");
      Path filler = fill(folder.resolve("run"));
      // What is left of the last block takes some more.
      String next = "stop";
      while (pmd.pmctl(next, "other", "--timeout", "1s").exit() == 0) {
        next = next.equals("stop") ? "start" : "stop";
      }

      Pmd.Outcome stop = pmd.pmctl("stop", "web", "--timeout", "1s");
      assertThat(stop.exit()).as("%s", stop).isEqualTo(124);
      long size = Files.size(pmd.log("web@1"));
      Await.until("the log grows", () -> size(pmd.log("web@1")) > size + 100, pmd::said);
      assertThat(pmd.said()).contains("nothing is started or stopped until it can be kept");

      Files.delete(filler);
      pmd.await("web@1", "DEAD/stopped");
      assertThat(pmd.pmctl("start", "all").exit()).isZero();
      pmd.crash();
      pmd.start();
      assertThat(pmd.status().values()).allMatch(item -> Pmd.is(item, "IDLE"));
    }
  }

  @Test
  void whatOperatorsDecideIsDoneAndTheyLearnThatItCannotBeFlushed() throws Exception {
    mount("state", "256k");
    String yaml =
        """
        programs:
          web: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      pmd.await("web@1", "IDLE");
      Path filler = fill(folder.resolve("state"));
      Pmd.Outcome stop = pmd.pmctl("stop", "web");
      assertThat(stop.exit()).as("%s", stop).isEqualTo(1);
      assertThat(stop.err()).contains("No space left on device", "will be forgotten");
      assertThat(Pmd.is(pmd.status("web@1"), "DEAD/stopped")).isTrue();
      Files.delete(filler);
      assertThat(pmd.pmctl("start", "web").exit()).isZero();
      assertThat(pmd.pmctl("stop", "web").exit()).isZero();
    }
  }

  @Test
  void aFolderInPlaceOfALogHoldsItsProgramBackToo() throws Exception {
    String yaml =
        """
        programs:
          web: {command: "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.01; done", shell: true, readiness: {uptime: 0s}}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      Path log = pmd.log("web@1");
      Path before = folder.resolve("log/before");
      Await.until("the log grows", () -> size(log) > 100, pmd::said);
      Files.move(log, before);
      Files.createDirectory(log);
      Members blocked = awaitEvent(pmd, "output-blocked", 0);
      assertThat(Wire.text(blocked, "message")).contains("Is a directory");
      assertThat(Pmd.is(pmd.status("web@1"), "IDLE")).isTrue();

      Files.delete(log);
      awaitEvent(pmd, "output-flows", 0);
      Await.until("the log grows", () -> size(log) > 100, pmd::said);
      assertThat(pmd.pmctl("stop", "web").exit()).isZero();
      List<String> all = new ArrayList<>(Files.readAllLines(before));
      all.addAll(Files.readAllLines(log));
      assertThat(all).isEqualTo(numbers(all.size()).lines().toList());
    }
  }

  @Test
  void tasksAreRefusedWhileThereIsNoRoomForThemAndNoneIsLost() throws Exception {
    mount("state", "4m");
    Notes notes = new Notes(folder.resolve("notes"));
    String yaml =
        "programs:\n  work:\n"
            + notes.worker()
            + "    pool: {queue: {capacity: 100000}, task: {keep_max: 100000}}\n";
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      Tasks tasks = new Tasks(pmd);
      Map<String, Long> workers = tasks.awaitWorkers("work", 1);
      assertThat(pmd.pmctl("pool", "pause", "work").exit()).isZero();
      Map<String, Object> large = Tasks.task(Tasks.object("text", "x".repeat(10_000)));
      List<String> ids = new ArrayList<>(tasks.submitAll("work", Tasks.times(20, large)));
      Path filler = fill(folder.resolve("state"));
      Members refusal = untilRefused(tasks, large, ids);
      assertThat(Wire.number(refusal, "code")).isEqualTo(ErrorCode.BUSY.code());
      assertThat(Wire.text(refusal, "message")).contains("No space left on device");
      assertThat(awaitEvent(pmd, "store", 0).toString()).contains("No space left on device");
      Pmd.Outcome refused = pmd.pmctl("submit", "work", "1");
      assertThat(refused.exit()).as("%s", refused).isEqualTo(75);
      assertThat(refused.err()).contains("No space left on device");
      // Processes go on, and can be looked at.
      assertThat(tasks.workers("work")).isEqualTo(workers);
      assertThat(pmd.pmctl("status").exit()).isZero();
      assertThat(tasks.list("work")).hasSizeGreaterThanOrEqualTo(ids.size());

      Files.delete(filler);
      Await.until("a submit is taken", () -> isTaken(tasks, ids), pmd::said);
      assertThat(pmd.pmctl("pool", "resume", "work").exit()).isZero();
      tasks.endAll(ids, "SUCCEEDED");
      pmd.crash();
      pmd.start();
      tasks.endAll(ids, "SUCCEEDED");
      assertThat(notes.read().tasks()).doesNotHaveDuplicates().containsAll(ids);
      assertThat(tasks.workers("work")).isEqualTo(workers);
      tasks.assertSound();
    }
  }

  /** Submits until that is refused, for what is left of the last block takes some more. */
  private static Members untilRefused(Tasks tasks, Map<String, Object> task, List<String> taken)
      throws IOException {
    for (int i = 0; i < 1_000; i++) {
      try (Wire wire = Wire.connect(tasks.pmd().socket())) {
        wire.request("submit", "pool", "work", "tasks", List.of(task));
        Members answer = wire.message();
        if (answer.has("error")) {
          return Wire.members(answer.value("error").orElseThrow());
        }
        Members result = Wire.members(answer.value("result").orElseThrow());
        taken.add(Wire.text(Wire.objects(result, "tasks").getFirst(), "id"));
      }
    }
    throw new AssertionError("never refused");
  }

  private static boolean isTaken(Tasks tasks, List<String> taken) {
    try {
      taken.add(tasks.submit("work", Tasks.task(Tasks.object())));
      return true;
    } catch (IOException refused) {
      return false;
    }
  }

  /** Waits for the first event of a kind after a sequence number. */
  private static Members awaitEvent(Pmd pmd, String kind, long since) {
    return Await.value("event " + kind, () -> event(pmd, kind, since), pmd::said);
  }

  private static Optional<Members> event(Pmd pmd, String kind, long since) {
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.ask("events", "since", since);
      while (true) {
        Members message = wire.message();
        Members params = Wire.members(message.value("params").orElseThrow());
        if (Wire.text(message, "method").equals("end")) {
          return Optional.empty();
        }
        if (Wire.text(params, "kind").equals(kind)) {
          return Optional.of(params);
        }
      }
    } catch (IOException broken) {
      throw new AssertionError(pmd.said(), broken);
    }
  }

  private void mount(String name, String size) throws Exception {
    Path place = Files.createDirectories(folder.resolve(name));
    boolean mounted =
        run("mount", "-t", "tmpfs", "-o", "mode=0755,size=" + size, "pm", place.toString()) == 0;
    assumeTrue(mounted, "only root may mount a small file system");
    mounts.add(place);
  }

  private static Path fill(Path folder) throws Exception {
    Path filler = folder.resolve("filler");
    assertThat(run("dd", "if=/dev/zero", "of=" + filler, "bs=4096")).isNotZero();
    return filler;
  }

  private static int run(String... command) throws Exception {
    return Pmd.Outcome.of(new ProcessBuilder(command)).exit();
  }

  private static String text(Path file) {
    try (Stream<Path> files = Files.list(file.getParent())) {
      StringBuilder text = new StringBuilder();
      for (Path part :
          files
              .filter(path -> path.toString().startsWith(file.toString()))
              .sorted(Comparator.reverseOrder())
              .toList()) {
        text.append(Files.readString(part));
      }
      return text.toString();
    } catch (IOException none) {
      return "";
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException none) {
      return 0;
    }
  }

  private static String numbers(long count) {
    StringBuilder text = new StringBuilder();
    LongStream.rangeClosed(1, count).forEach(number -> text.append(number).append("\n"));
    return text.toString();
  }
}
