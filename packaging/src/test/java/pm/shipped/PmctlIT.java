package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Json;

/** The built client as a shell sees it: exit codes, pipes, signals, and a daemon that goes away. */
@Timeout(120)
final class PmctlIT {
  private static final Path TREE = Path.of(System.getProperty("pm.tree"));
  private static final long LIMIT_SECONDS = 60;

  private static final String PROGRAMS =
      """
      programs:
        web:
          command: [/bin/sh, -c, 'while echo tick; do sleep 0.1; done']
          instances: 2
          readiness: {uptime: 0s}
        slow:
          command: [sleep, '3600']
          autostart: false
          readiness: {uptime: 30m}
          start_timeout: 1h
        dies:
          command: [/bin/sh, -c, 'echo the last words; exit 7']
          autostart: false
          restart: never
      """;

  @TempDir private Path home;
  private Process daemon;

  private record Outcome(int exitCode, String out, String err) {}

  @BeforeEach
  void startDaemon() throws Exception {
    Path configuration = Files.writeString(home.resolve("programs.yaml"), PROGRAMS);
    daemon =
        new ProcessBuilder(
                TREE.resolve("bin/pmd").toString(),
                "--home",
                home.toString(),
                "--config",
                configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("pmd.out").toFile())
            .start();
    long deadline = System.nanoTime() + Duration.ofSeconds(LIMIT_SECONDS).toNanos();
    while (!Files.exists(home.resolve("run/pmd.sock"))
        || shell("pmctl start web").exitCode() != 0) {
      assertThat(System.nanoTime()).as("before the deadline").isLessThan(deadline);
      LockSupport.parkNanos(10_000_000);
    }
  }

  @AfterEach
  void endDaemon() throws Exception {
    if (daemon.isAlive()) {
      assertThat(shell("pmctl daemon shutdown").exitCode()).isZero();
      assertThat(daemon.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  private Process begin(String line) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("/bin/bash", "-c", line)
            .redirectOutput(home.resolve("out").toFile())
            .redirectError(home.resolve("err").toFile());
    builder.environment().put("PM_HOME", home.toString());
    builder.environment().put("PATH", TREE.resolve("bin") + ":" + System.getenv("PATH"));
    return builder.start();
  }

  private Outcome end(Process process) throws Exception {
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("it ends").isTrue();
    return new Outcome(
        process.exitValue(),
        Files.readString(home.resolve("out"), StandardCharsets.UTF_8),
        Files.readString(home.resolve("err"), StandardCharsets.UTF_8));
  }

  private Outcome shell(String line) throws Exception {
    return end(begin(line));
  }

  @Test
  void exitCodesTellScriptsWhatIsSo() throws Exception {
    assertThat(shell("pmctl status web").exitCode()).isZero();
    assertThat(shell("pmctl start web").out()).contains("web@1: unchanged");
    assertThat(shell("pmctl stop web@2").exitCode()).isZero();
    assertThat(shell("pmctl status nothing").exitCode()).isEqualTo(4);
    assertThat(shell("pmctl stop nothing").exitCode()).isEqualTo(4);
    assertThat(shell("pmctl frobnicate").exitCode()).isEqualTo(2);
    assertThat(shell("pmctl start slow --timeout 100ms").exitCode()).isEqualTo(124);
    assertThat(shell("pmctl status slow").out()).contains("STARTING");
    Outcome failed = shell("pmctl start dies");
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err())
        .contains("cannot start dies@1: exit 7")
        .contains("  | the last words\n");
    assertThat(shell("pmctl status dies").exitCode()).isEqualTo(3);
    assertThat(shell("PM_SOCKET=/nonexistent pmctl status").exitCode()).isEqualTo(69);
    assertThat(
            shell(
                    "echo 'programs: {x: {}}' > $PM_HOME/bad.yaml; pmctl config check $PM_HOME/bad.yaml")
                .exitCode())
        .isEqualTo(78);
  }

  @Test
  void jsonIsOneValueAndLinesAreOneValueEach() throws Exception {
    assertThat(Json.parse(shell("pmctl status -o json").out())).isInstanceOf(List.class);
    for (String line : shell("pmctl events -o jsonl").out().lines().toList()) {
      assertThat(Json.parse(line)).isInstanceOf(Map.class);
    }
    assertThat(shell("pmctl status -o name web").out()).isEqualTo("web@1\nweb@2\n");
  }

  /** The JDK's sockets set up networking, cryptography and method handles: half of the time. */
  @Test
  void statusLoadsNothingThatItCanDoWithout() throws Exception {
    String log = "PMCTL_JAVA_OPTIONS=-Xlog:class+load:file=$PM_HOME/classes ";
    assertThat(shell(log + "pmctl status web").out()).contains("web@2");
    List<String> classes = Files.readAllLines(home.resolve("classes"));
    assertThat(classes)
        .hasSizeLessThan(640)
        .allMatch(line -> line.contains("shared objects file"))
        .anyMatch(line -> line.contains(" pm.cli.client.NativeLink "))
        .noneMatch(line -> line.contains(" java.security.SecureRandom "))
        .noneMatch(line -> line.contains(" java.lang.invoke.LambdaMetafactory "));
  }

  @Test
  void withoutTheNativeLibraryAllGoesOn() throws Exception {
    String without = "PMCTL_JAVA_OPTIONS=-Dpm.native= pmctl ";
    assertThat(shell(without + "status web").out()).contains("web@1   IDLE", "web@2   IDLE");
    Outcome outcome = shell("PMCTL_JAVA_OPTIONS=-Dpm.native=/nonexistent pmctl ping");
    assertThat(outcome.out()).isEqualTo("pong\n");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exitCode()).isZero();
  }

  @Test
  void aBrokenPipeEndsQuietly() throws Exception {
    Outcome outcome = shell("pmctl logs -f web | head -n 3; echo \"${PIPESTATUS[0]}\"");
    assertThat(outcome.out()).endsWith("tick\n0\n");
    assertThat(outcome.err()).isEmpty();
    assertThat(shell("pmctl status | true").err()).isEmpty();
  }

  @Test
  void whatCannotBeWrittenIsSaid() throws Exception {
    Outcome outcome = shell("pmctl status > /dev/full");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.err())
        .isEqualTo("pmctl: cannot write the output: No space left on device.\n");
  }

  @Test
  void anInterruptEndsTheWaitAndNotWhatIsWaitedFor() throws Exception {
    Process start = begin("exec pmctl start slow");
    long deadline = System.nanoTime() + Duration.ofSeconds(LIMIT_SECONDS).toNanos();
    while (!stateOfSlow().equals("STARTING")) {
      assertThat(System.nanoTime()).as("before the deadline").isLessThan(deadline);
      LockSupport.parkNanos(10_000_000);
    }
    new ProcessBuilder("kill", "-INT", Long.toString(start.pid())).start().waitFor();
    Outcome outcome = end(start);
    assertThat(outcome.exitCode()).isEqualTo(130);
    assertThat(outcome.err()).contains("pmctl: interrupted. What was begun goes on");
    assertThat(stateOfSlow()).isEqualTo("STARTING");
  }

  /** Asked without the files that a call in the background writes to. */
  private String stateOfSlow() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            TREE.resolve("bin/pmctl").toString(), "--home", home.toString(), "status", "slow");
    Process status = builder.redirectErrorStream(true).start();
    String out = new String(status.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    status.waitFor();
    return out.contains("STARTING") ? "STARTING" : "another";
  }

  @Test
  void aDaemonThatIsKilledEndsTheWaitOfItsClients() throws Exception {
    Process start = begin("pmctl start slow");
    long deadline = System.nanoTime() + Duration.ofSeconds(LIMIT_SECONDS).toNanos();
    while (!stateOfSlow().equals("STARTING")) {
      assertThat(System.nanoTime()).as("before the deadline").isLessThan(deadline);
      LockSupport.parkNanos(10_000_000);
    }
    daemon.destroyForcibly().waitFor();
    Outcome outcome = end(start);
    assertThat(outcome.exitCode()).isEqualTo(69);
    assertThat(outcome.err())
        .contains("the daemon has closed the connection")
        .contains("Its programs go on");
    // Its successor takes the programs over, to end them.
    startDaemon();
  }
}
