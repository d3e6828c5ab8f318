package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** A host that refuses what it always gave: all goes on, and is whole when it gives again. */
@Timeout(180)
class FaultIT {

  private static final String TWO =
      """
      programs:
        web: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}, restart: {delay: 50ms, max_delay: 100ms}}
        late: {command: [/bin/sleep, "1000"], autostart: false, readiness: {uptime: 0s}, restart: {delay: 50ms, max_delay: 100ms}}
      """;

  @TempDir private Path folder;

  @Test
  void noProcessToBeHad() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(TWO).start()) {
      long web = Wire.number(pmd.await("web@1", "IDLE"), "pid");
      try (Strace _ = Strace.inject(pmd, "clone,clone3,fork,vfork", "error=EAGAIN")) {
        pmd.ask("start", "selectors", List.of("late"), "wait", false);
        Members waiting = pmd.await("late@1", "DEAD/backoff");
        // Either the process is refused or, before, the thread that would make it.
        assertThat(Wire.text(waiting, "detail"))
            .containsAnyOf("Resource temporarily unavailable", "process/resource limits");
        assertThat(Wire.number(waiting, "restarts_in_window")).isZero();
        assertThat(Wire.number(pmd.status("web@1"), "pid")).isEqualTo(web);
      }
      pmd.await("late@1", "IDLE");
      assertThat(Wire.number(pmd.status("web@1"), "pid")).isEqualTo(web);
      assertSound(pmd);
    }
  }

  @Test
  void noDescriptorToBeHad() throws Exception {
    String yaml =
        """
        programs:
          many: {command: [/bin/sleep, "1000"], instances: 100, readiness: {uptime: 0s}, restart: {delay: 50ms, max_delay: 100ms}}
        """;
    List<String> limited = List.of("prlimit", "--nofile=120:120");
    try (Pmd pmd = new Pmd(limited, folder).with(yaml).start()) {
      // While it has none it turns clients away as well, who are to try again.
      Map<String, Members> without =
          Await.value(
              "some cannot be started",
              () ->
                  answered(pmd)
                      .filter(
                          all ->
                              all.values().stream().anyMatch(item -> Pmd.is(item, "DEAD/backoff"))),
              pmd::said);
      assertThat(without.values())
          .filteredOn(item -> Pmd.is(item, "DEAD/backoff"))
          .allSatisfy(
              item -> assertThat(Wire.text(item, "detail")).contains("Too many open files"));
      assertThat(without.values()).noneMatch(item -> Pmd.is(item, "DEAD/failed"));
      Await.until("it can be told to scale", () -> isScaled(pmd), pmd::said);
      Await.until(
          "the rest is up",
          () ->
              answered(pmd)
                  .filter(all -> all.size() == 10)
                  .filter(all -> all.values().stream().allMatch(item -> Pmd.is(item, "IDLE")))
                  .isPresent(),
          pmd::said);
      assertSound(pmd);
    }
  }

  /**
   * The lock, the records and the socket are in it again, and the next daemon goes on with them.
   */
  @Test
  void aRuntimeFolderThatIsDeletedUnderIt() throws Exception {
    Path run = folder.resolve("run");
    try (Pmd pmd = new Pmd(folder).with(TWO).start();
        Wire wire = Wire.connect(pmd.socket())) {
      long web = Wire.number(pmd.await("web@1", "IDLE"), "pid");
      Map<Path, String> before = modes(run);
      delete(run);

      pmd.awaitAnswer();
      assertThat(modes(run)).isEqualTo(before);
      assertThat(Files.readString(run.resolve("pmd.lock"))).isEqualTo(pmd.pid() + "\n");
      assertThat(wire.ask("ping").has("pong")).isTrue();
      assertThat(Wire.number(pmd.status("web@1"), "pid")).isEqualTo(web);
      assertThat(pmd.pmctl("events").out()).contains("was damaged under pmd");
      Pmd second = new Pmd(folder).spawn();
      assertThat(second.awaitEnd()).isEqualTo(75);

      pmd.with(TWO + "  new: {command: [/bin/sleep, '1000'], readiness: {uptime: 0s}}\n");
      assertThat(pmd.pmctl("apply").exit()).isZero();
      assertThat(pmd.pmctl("start", "late").exit()).isZero();
      assertSound(pmd);
      pmd.crash();
      pmd.start();
      assertThat(Wire.number(pmd.await("web@1", "IDLE"), "pid")).isEqualTo(web);
      assertThat(pmd.status().keySet()).containsExactlyInAnyOrder("web@1", "late@1", "new@1");
      pmd.await("late@1", "IDLE");
      assertSound(pmd);
    }
  }

  /** What a program prints comes into its log, although its pipe has lost its name. */
  @Test
  void aRuntimeFolderThatIsDeletedAndThenACrash() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(counting()).start()) {
      long web = Wire.number(pmd.await("web@1", "IDLE"), "pid");
      Await.until("the log grows", () -> size(pmd.log("web@1")) > 100, pmd::said);
      delete(folder.resolve("run"));
      pmd.awaitAnswer();
      pmd.crash();
      pmd.start();
      assertThat(Wire.number(pmd.await("web@1", "IDLE"), "pid")).isEqualTo(web);
      long before = size(pmd.log("web@1"));
      Await.until("the log grows", () -> size(pmd.log("web@1")) > before + 100, pmd::said);
      List<String> lines = Files.readAllLines(pmd.log("web@1"));
      for (int i = 0; i < lines.size() - 1; i++) {
        assertThat(lines.get(i)).isEqualTo(Integer.toString(i + 1));
      }
      assertSound(pmd);
    }
  }

  @Test
  void partsOfARuntimeFolderThatAreDeleted() throws Exception {
    Path run = folder.resolve("run");
    try (Pmd pmd = new Pmd(folder).with(TWO).start()) {
      long web = Wire.number(pmd.await("web@1", "IDLE"), "pid");
      Files.delete(pmd.socket());
      pmd.awaitAnswer();
      Files.delete(run.resolve("pmd.lock"));
      Await.until("the lock is there", () -> Files.exists(run.resolve("pmd.lock")), pmd::said);
      assertThat(new Pmd(folder).spawn().awaitEnd()).isEqualTo(75);
      delete(run.resolve("pipes"));
      Await.until("the folder is there", () -> Files.exists(run.resolve("pipes")), pmd::said);
      Files.delete(run.resolve("records"));
      Await.until("they are there", () -> Files.exists(run.resolve("records")), pmd::said);
      assertThat(pmd.pmctl("start", "late").exit()).isZero();
      pmd.crash();
      pmd.start();
      assertThat(Wire.number(pmd.await("web@1", "IDLE"), "pid")).isEqualTo(web);
      pmd.await("late@1", "IDLE");
      assertSound(pmd);
    }
  }

  /** Nothing can be kept any more: what runs goes on, and the daemon can still be ended. */
  @Test
  void aRuntimeFolderThatIsLost() throws Exception {
    Path run = folder.resolve("run");
    try (Pmd pmd = new Pmd(folder).with(TWO).start();
        Wire wire = Wire.connect(pmd.socket())) {
      long web = Wire.number(pmd.await("web@1", "IDLE"), "pid");
      pmd.signal("STOP");
      delete(run);
      Files.writeString(run, "not ours");
      pmd.signal("CONT");
      Await.until("it says so", () -> pmd.said().contains("is lost, and cannot be made anew"));
      assertThat(pmd.said()).contains("is no directory");
      pmd.with(TWO + "  new: {command: [/bin/sleep, '1000']}\n");
      // Its configuration cannot be kept, so nothing is applied.
      wire.request("apply");
      Await.until("it says so", () -> pmd.said().contains("nothing is started or stopped until"));
      assertThat(Proc.of(web)).isPresent();
      pmd.signal("TERM");
      pmd.awaitEnd();
      assertThat(pmd.said()).contains("everything is stopped all the same");
      assertThat(Proc.of(web)).isEmpty();
      assertThat(run).hasContent("not ours");
    }
  }

  /** Whoever has the lock has the folder: the one that lost it touches nothing in it. */
  @Test
  void aRuntimeFolderThatAnotherHasTaken() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(TWO).start();
        Pmd other = new Pmd(folder)) {
      pmd.await("web@1", "IDLE");
      pmd.signal("STOP");
      delete(folder.resolve("run"));
      other.start();
      pmd.signal("CONT");
      Await.until("it says so", () -> pmd.said().contains("another pmd (pid " + other.pid()));
      long web = Wire.number(other.await("web@1", "IDLE"), "pid");
      pmd.signal("TERM");
      pmd.awaitEnd();
      other.awaitAnswer();
      assertThat(Wire.number(other.status("web@1"), "pid")).isEqualTo(web);
      assertThat(new Pmd(folder).spawn().awaitEnd()).isEqualTo(75);
    }
  }

  @Test
  void noFlushThatSucceeds() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(TWO).start()) {
      pmd.await("web@1", "IDLE");
      try (Strace _ = Strace.inject(pmd, "fsync,fdatasync", "error=EIO")) {
        Pmd.Outcome stop = pmd.pmctl("stop", "web");
        assertThat(stop.exit()).as("%s", stop).isEqualTo(1);
        assertThat(stop.err()).contains("Input/output error", "will be forgotten");
      }
      assertThat(pmd.pmctl("start", "web").exit()).isZero();
      assertThat(pmd.pmctl("stop", "web").exit()).isZero();
      pmd.crash();
      pmd.start();
      assertThat(Pmd.is(pmd.status("web@1"), "DEAD/stopped")).isTrue();
      assertSound(pmd);
    }
  }

  @Test
  void aLogFolderThatIsDeletedUnderIt() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(counting()).start()) {
      Await.until("the log grows", () -> size(pmd.log("web@1")) > 100, pmd::said);
      long pid = Wire.number(pmd.status("web@1"), "pid");
      delete(folder.resolve("log"));
      // Whoever deletes a log wants its lines gone; what is written to it from now on is the
      // next's.
      Pmd.Outcome restart = pmd.pmctl("restart", "web");
      assertThat(restart.exit()).as("%s; %s", restart, pmd.said()).isZero();
      Await.until("a new log grows", () -> size(pmd.log("web@1")) > 100, pmd::said);
      assertThat(Wire.number(pmd.status("web@1"), "pid")).isNotEqualTo(pid);
      assertSound(pmd);
    }
  }

  @Test
  void aLogFolderThatCannotBeWrittenAnyMore() throws Exception {
    Path log = Files.createDirectories(folder.resolve("log"));
    try (Pmd pmd = new Pmd(folder).with(counting()).start()) {
      Await.until("the log grows", () -> size(pmd.log("web@1")) > 100, pmd::said);
      long pid = Wire.number(pmd.status("web@1"), "pid");
      mountReadOnly(log);
      Await.until("it is held back", () -> pmd.said().contains("output-blocked"), pmd::said);
      assertThat(pmd.said()).contains("Read-only file system");
      assertThat(Wire.number(pmd.status("web@1"), "pid")).isEqualTo(pid);
      assertThat(run("umount", "-l", log.toString())).isZero();
      Await.until("it flows again", () -> pmd.said().contains("output-flows"), pmd::said);

      mountReadOnly(log);
      Pmd.Outcome restart = pmd.pmctl("restart", "web");
      assertThat(restart.exit()).isEqualTo(1);
      assertThat(restart.err()).contains("web@1.log: Read-only file system");
      assertThat(run("umount", "-l", log.toString())).isZero();
      List<String> lines = Files.readAllLines(pmd.log("web@1"));
      for (int i = 0; i < lines.size(); i++) {
        assertThat(lines.get(i)).isEqualTo(Integer.toString(i + 1));
      }
      assertThat(pmd.pmctl("start", "web").exit()).isZero();
      assertSound(pmd);
    } finally {
      run("umount", "-l", log.toString());
    }
  }

  private static void mountReadOnly(Path folder) throws Exception {
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "ro,mode=0755", "pm", folder.toString()) == 0,
        "only root may mount a file system");
  }

  private static String counting() {
    return """
        programs:
          web: {command: "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.01; done", shell: true, readiness: {uptime: 0s}}
        """;
  }

  private static int run(String... command) throws Exception {
    return Pmd.Outcome.of(new ProcessBuilder(command)).exit();
  }

  private static void assertSound(Pmd pmd) throws IOException {
    Members daemon = pmd.ask("daemon.status");
    assertThat(Wire.number(daemon, "impossible_events")).as("%s", pmd.said()).isZero();
    assertThat(Wire.number(daemon, "loop_failures")).as("%s", pmd.said()).isZero();
  }

  /** Returns what is in a folder, with its permissions. */
  private static Map<Path, String> modes(Path folder) throws IOException {
    Map<Path, String> modes = new HashMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.toList()) {
        String name = String.valueOf(each.getFileName());
        // Each kept configuration has another name; what is of one invocation is not made anew.
        if (!name.startsWith("configuration-") && !name.contains("@")) {
          modes.put(each, PosixFilePermissions.toString(Files.getPosixFilePermissions(each)));
        }
      }
    }
    return modes;
  }

  private static void delete(Path tree) throws IOException {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path each : new ArrayList<>(all.toList()).reversed()) {
        Files.delete(each);
      }
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException none) {
      return 0;
    }
  }

  /** The status, if there was a descriptor to ask for it. */
  private static Optional<Map<String, Members>> answered(Pmd pmd) {
    try {
      return Optional.of(pmd.status());
    } catch (AssertionError turnedAway) {
      return Optional.empty();
    }
  }

  private static boolean isScaled(Pmd pmd) {
    try {
      return pmd.pmctl("scale", "many=10").exit() == 0;
    } catch (IOException refused) {
      return false;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
