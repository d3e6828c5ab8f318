package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pm.protocol.Members;

/** How the daemon begins and ends, the signals it takes, and whom it runs for. */
@Timeout(180)
class DaemonIT {

  private static final String NOBODY = "65534";

  private static final String COUNTER =
      """
      programs:
        web:
          command: "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.002; done"
          shell: true
          readiness: {uptime: 0s}
        other: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
      """;

  @TempDir private Path folder;

  @Test
  void saysItsVersionAndHowItIsCalled() throws Exception {
    assertThat(run("--version")).satisfies(DaemonIT::isFine);
    Pmd.Outcome help = run("--help");
    assertThat(help).satisfies(DaemonIT::isFine);
    assertThat(help.out()).contains("--config", "--home", "--socket", "--check", "--version");
    Pmd.Outcome wrong = run("--confg", "x");
    assertThat(wrong.exit()).isEqualTo(2);
    assertThat(wrong.err()).contains("--confg").doesNotContain("\tat ");
  }

  @Test
  void checksWithoutRunning() throws Exception {
    Path good = Files.writeString(folder.resolve("good.yaml"), COUNTER);
    Path bad = Files.writeString(folder.resolve("bad.yaml"), "programs: {a: {}, b: {comand: x}}\n");
    Pmd.Outcome fine = run("--check", "--config", good.toString());
    assertThat(fine).satisfies(DaemonIT::isFine);
    assertThat(fine.out()).isEqualTo("ok: 2 programs\n");
    Pmd.Outcome wrong = run("--check", "--config", good.toString(), "--config", bad.toString());
    assertThat(wrong.exit()).isEqualTo(78);
    assertThat(wrong.err().lines()).allMatch(line -> line.startsWith(bad + ":1:")).hasSize(3);
    assertThat(folder.resolve("home/run")).doesNotExist();
  }

  @Test
  void aWrongConfigurationOfItsOwnIsNoStart() throws Exception {
    Path file = Files.writeString(folder.resolve("pmd.yaml"), "log: {level: loud}\n");
    Pmd.Outcome outcome = run("--config", file.toString());
    assertThat(outcome.exit()).isEqualTo(78);
    assertThat(outcome.err()).contains(file + ":1:", "log.level");
    // It has not begun, so there is nothing to go on with.
    Files.writeString(file, COUNTER);
    Pmd.Outcome second = run("--config", file.toString(), "--socket", "/no/such/folder/socket");
    assertThat(second.exit()).isEqualTo(73);
    assertThat(second.err()).contains("/no/such/folder").doesNotContain("started", "resumed");

    Pmd.Outcome missing = run("--config", folder.resolve("none.yaml").toString());
    assertThat(missing.exit()).isEqualTo(78);
    assertThat(missing.err()).contains("none.yaml");
  }

  /** A wrong program is another matter. */
  @Test
  void aWrongProgramIsInvalidAndTheOthersRun() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(COUNTER + "  bad: {comand: x}\n").start()) {
      pmd.await("other@1", "IDLE");
      assertThat(pmd.said()).contains("programs.bad.comand");
      Members bad = pmd.status("bad@1");
      assertThat(Pmd.is(bad, "DEAD/invalid")).as("%s", bad).isTrue();
      assertThat(pmd.pmctl("status").exit()).isEqualTo(3);
      Pmd.Outcome started = pmd.pmctl("start", "bad");
      assertThat(started.exit()).isEqualTo(1);
      assertThat(started.err()).contains("programs.bad.");
    }
  }

  @Test
  void foldersThatCannotBeUsedAreNoStart() throws Exception {
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.createFile(home.resolve("run"));
    Pmd.Outcome outcome = run();
    assertThat(outcome.exit()).isEqualTo(73);
    assertThat(outcome.err()).startsWith("pmd: ").contains(home.resolve("run").toString());

    Files.delete(home.resolve("run"));
    Files.createDirectory(home.resolve("run"));
    Files.writeString(home.resolve("run/records"), "what is this?\n");
    Pmd.Outcome broken = run();
    assertThat(broken.exit()).isEqualTo(73);
    assertThat(broken.err()).contains("records").doesNotContain("\tat ");
  }

  @Test
  void onlyOneAtATime() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(COUNTER).start()) {
      Pmd.Outcome second = run(folder);
      assertThat(second.exit()).isEqualTo(75);
      assertThat(second.err()).contains("another pmd (pid " + pmd.pid() + ")", "pmd.lock");
      assertThat(pmd.pmctl("ping").exit()).isZero();
    }
  }

  @Test
  void aStaleSocketIsReplacedAndAnotherFileIsNot() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(COUNTER).start()) {
      pmd.await("other@1", "IDLE");
      pmd.crash();
      assertThat(pmd.socket()).exists();
      pmd.start();
      pmd.crash();
      Files.delete(pmd.socket());
      Files.writeString(pmd.socket(), "precious");
      pmd.spawn();
      assertThat(pmd.awaitEnd()).isEqualTo(73);
      assertThat(pmd.said()).contains(pmd.socket().toString());
      assertThat(pmd.socket()).hasContent("precious");
      // The programs did not suffer from it.
      assertThat(pmd.processes()).filteredOn(Proc::leadsSession).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "shutdown"})
  void endsInOrder(String how) throws Exception {
    try (Pmd pmd = new Pmd(folder).with(COUNTER).start()) {
      pmd.await("web@1", "IDLE");
      if (how.equals("shutdown")) {
        assertThat(pmd.pmctl("daemon", "shutdown").exit()).isZero();
      } else {
        pmd.signal(how);
      }
      assertThat(pmd.awaitEnd()).isZero();
      assertThat(pmd.processes()).isEmpty();
      assertThat(pmd.socket()).doesNotExist();
      try (Stream<Path> pipes = Files.list(folder.resolve("run/pipes"))) {
        assertThat(pipes).isEmpty();
      }
      Pmd.Outcome client = pmd.pmctl("ping");
      assertThat(client.exit()).isEqualTo(69);
      assertThat(client.err()).contains(pmd.socket().toString(), "Start the daemon with: pmd");
      // What it stopped by itself is up again after the next start.
      pmd.start();
      pmd.await("other@1", "IDLE");
    }
  }

  @Test
  void aFileIsNamedSoThatItIsFoundFromAnywhere() throws Exception {
    Files.writeString(folder.resolve("pm.yaml"), "programs: {web: {command: [sleep, '60']}}\n");
    List<String> inFolder = List.of("env", "-C", folder.toString());
    try (Pmd pmd = new Pmd(inFolder, folder.resolve("home"), "--config", "pm.yaml").start()) {
      pmd.await("web@1", "IDLE");
      assertThat(pmd.pmctl("describe", "web").out())
          .contains("Defined in:    " + folder.resolve("pm.yaml") + ":1:");
      assertThat(pmd.pmctl("daemon", "status").out())
          .contains("Files:          " + folder.resolve("pm.yaml"));
    }
  }

  @Test
  void aSecondSignalKills() throws Exception {
    String yaml =
        """
        programs:
          deaf:
            command: "trap '' TERM; echo deaf; while :; do sleep 1000; done"
            shell: true
            stop: {timeout: 10m}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      Await.until("it is deaf", () -> Files.exists(pmd.log("deaf@1")) && !empty(pmd.log("deaf@1")));
      pmd.signal("TERM");
      pmd.await("deaf@1", "STOPPING");
      Pmd.Outcome refused = pmd.pmctl("start", "deaf");
      assertThat(refused.exit()).as("%s", refused).isEqualTo(75);
      long before = System.nanoTime();
      pmd.signal("TERM");
      assertThat(pmd.awaitEnd()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(30));
      assertThat(pmd.processes()).isEmpty();
    }
  }

  /** As logrotate does it: rename, then tell. */
  @Test
  void sigusr1OpensTheLogsAnew() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(COUNTER).start()) {
      Path log = pmd.log("web@1");
      List<String> lines = new ArrayList<>();
      for (int rotation = 1; rotation <= 3; rotation++) {
        Await.until("the log grows", () -> !empty(log), pmd::said);
        Path old = folder.resolve("log/old." + rotation);
        Files.move(log, old);
        pmd.signal("USR1");
        Await.until("a new log grows", () -> !empty(log), pmd::said);
        lines.addAll(Files.readAllLines(old));
      }
      assertThat(pmd.pmctl("stop", "web").exit()).isZero();
      lines.addAll(Files.readAllLines(log));
      List<String> expected =
          Stream.iterate(1, i -> i + 1).limit(lines.size()).map(String::valueOf).toList();
      assertThat(lines).isEqualTo(expected);
    }
  }

  @Test
  void anOperatorsStopHolds() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(COUNTER).start()) {
      assertThat(pmd.pmctl("stop", "web").exit()).isZero();
      pmd.crash();
      pmd.start();
      pmd.await("other@1", "IDLE");
      assertThat(Pmd.is(pmd.status("web@1"), "DEAD/stopped")).isTrue();

      pmd.signal("TERM");
      assertThat(pmd.awaitEnd()).isZero();
      pmd.start();
      pmd.await("other@1", "IDLE");
      Members web = pmd.status("web@1");
      assertThat(Pmd.is(web, "DEAD/stopped")).as("%s", web).isTrue();
      assertThat(pmd.pmctl("status").exit()).isZero();

      assertThat(pmd.pmctl("start", "web").exit()).isZero();
      pmd.signal("TERM");
      assertThat(pmd.awaitEnd()).isZero();
      pmd.start();
      pmd.await("web@1", "IDLE");
    }
  }

  @Test
  void runsForAnOrdinaryUser() throws Exception {
    assumeTrue(isRoot(), "only root can become somebody else");
    Path home = folder.resolve("home");
    Files.createDirectories(home.resolve("config/programs.d"));
    Files.writeString(home.resolve("config/programs.d/programs.yaml"), COUNTER);
    open(folder);
    assertThat(command("chown", "-R", NOBODY + ":" + NOBODY, home.toString())).isZero();
    List<String> asNobody =
        List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
    try (Pmd pmd = new Pmd(asNobody, home).from(Pmd.treeForAll()).start()) {
      pmd.await("web@1", "IDLE");
      assertThat(pmd.processes()).allMatch(process -> owner(process.pid()).equals(NOBODY));
      pmd.crash();
      pmd.start();
      pmd.await("web@1", "IDLE");
      // Root is let in everywhere.
      assertThat(pmd.pmctl("stop", "all").exit()).isZero();
      assertThat(pmd.processes()).isEmpty();

      Files.writeString(
          home.resolve("config/programs.d/programs.yaml"),
          COUNTER + "  root: {command: [id], user: root}\n");
      Pmd.Outcome refused = pmd.pmctl("apply");
      assertThat(refused.exit()).isEqualTo(78);
      assertThat(refused.err()).contains("programs.root.user", "runs as root");
      pmd.signal("TERM");
      assertThat(pmd.awaitEnd()).isZero();
    }
  }

  private static void open(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static String owner(long pid) {
    try {
      return Files.getAttribute(Path.of("/proc/" + pid), "unix:uid").toString();
    } catch (IOException gone) {
      return "nobody any more";
    }
  }

  static boolean isRoot() {
    return ProcessHandle.current().info().user().equals(Optional.of("root"));
  }

  private static boolean empty(Path file) {
    try {
      return Files.size(file) == 0;
    } catch (IOException none) {
      return true;
    }
  }

  private static int command(String... words) throws Exception {
    return Pmd.Outcome.of(new ProcessBuilder(words)).exit();
  }

  private Pmd.Outcome run(String... arguments) throws Exception {
    return run(folder.resolve("home"), arguments);
  }

  /** Runs a daemon that is to end by itself. */
  private static Pmd.Outcome run(Path home, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Pmd.BIN.resolve("pmd").toString());
    command.addAll(List.of("--home", home.toString()));
    command.addAll(List.of(arguments));
    return Pmd.Outcome.of(new ProcessBuilder(command));
  }

  private static void isFine(Pmd.Outcome outcome) {
    assertThat(outcome.exit()).as("%s", outcome).isZero();
    assertThat(outcome.err()).isEmpty();
  }
}
