package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pm.protocol.Members;

/** A stop leaves nothing behind, in time, whatever a program does to outlive it. */
@Timeout(180)
class StopIT {

  /**
   * Each leaves behind what it started: in its group, in groups and sessions of their own, without
   * a parent, without our environment, deaf to the signal. They say who they are in a file.
   */
  private static final String PROGRAMS =
      """
      programs:
        family:
          command: &family |
            pids=$PM_HOME_FOLDER/$PM_NAME.pids
            : > $pids
            sleep 1000 & echo $! >> $pids
            sh -c 'trap "" TERM; sleep 1000 & wait; exec sleep 1000' & echo $! >> $pids
            setsid sleep 1000 > /dev/null 2>&1 < /dev/null & echo $! >> $pids
            ( setsid sh -c 'setsid sleep 1000 & echo $! >> '$pids'; exec sleep 1000' & echo $! >> $pids )
            ( env -i /usr/bin/setsid sleep 1000 & echo $! >> $pids )
            ( setsid sh -c 'trap "" TERM HUP; echo $$$$ >> '$pids'; while :; do sleep 1000; done' & )
            while [ $(wc -l < $pids) -lt 7 ]; do sleep 0.01; done
            echo complete >> $pids
            sleep 1000
          shell: true
          autostart: false
          environment: &folder {PM_HOME_FOLDER: @HOME@}
          readiness: {uptime: 0s}
          restart: {delay: 1h, max_delay: 1h}
          stop: {timeout: 300ms}
        family-of-group:
          command: *family
          shell: true
          autostart: false
          environment: *folder
          readiness: {uptime: 0s}
          stop: {timeout: 300ms, scope: group}
        family-of-process:
          command: *family
          shell: true
          autostart: false
          environment: *folder
          readiness: {uptime: 0s}
          stop: {timeout: 300ms, scope: process}
        deaf:
          command: "trap '' TERM INT HUP; echo deaf; while :; do sleep 1000; done"
          shell: true
          readiness: {uptime: 100ms}
          stop: {timeout: 500ms}
        polite:
          command: "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 1000 & wait $!; done"
          shell: true
          readiness: {uptime: 100ms}
          stop: {timeout: 10m}
        quitter:
          command: "trap 'echo quit; exit 3' QUIT; trap '' TERM; echo up; while :; do sleep 0.1; done"
          shell: true
          readiness: {uptime: 100ms}
          stop: {timeout: 2s, signal: QUIT}
      """;

  @TempDir private static Path folder;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws IOException {
    pmd = new Pmd(folder).with(PROGRAMS.replace("@HOME@", folder.toString())).start();
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  @Test
  void nothingIsLeftOfWhatForkedTwiceAndLeftItsSession() throws Exception {
    List<Long> family = startFamily("family");
    Pmd.Outcome stopped = pmd.pmctl("stop", "family");
    assertThat(stopped.exit()).as("%s", stopped).isZero();
    assertThat(alive(family)).isEmpty();
    assertThat(pmd.status("family@1")).satisfies(item -> assertDead(item, "stopped"));
  }

  @Test
  void nothingIsLeftWhenTheMainProcessIsKilled() throws Exception {
    List<Long> family = startFamily("family");
    Proc.of(Wire.number(pmd.status("family@1"), "pid")).orElseThrow().kill();
    Members dead = pmd.await("family@1", "DEAD/backoff");
    assertThat(alive(family)).isEmpty();
    assertThat(Wire.text(dead, "exit_signal")).isEqualTo("KILL");
  }

  /** What it started is then no child of ours, and found by its environment. */
  @Test
  void nothingIsLeftEvenIfAnotherDaemonStartedIt() throws Exception {
    List<Long> family = startFamily("family");
    // Without our environment, parent or session it cannot be told from a stranger.
    List<Long> known =
        family.stream().filter(pid -> !environment(pid, "PM_INVOCATION_ID").isEmpty()).toList();
    assertThat(known).hasSize(6);
    try {
      pmd.crash();
      pmd.start();
      assertThat(Wire.text(pmd.status("family@1"), "state")).isEqualTo("IDLE");
      assertThat(pmd.pmctl("stop", "family").exit()).isZero();
      assertThat(alive(known)).isEmpty();
    } finally {
      kill(family);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"group", "process"})
  void aNarrowerScopeLeavesTheOthersAlone(String scope) throws Exception {
    String program = "family-of-" + scope;
    List<Long> family = startFamily(program);
    long group = Wire.number(pmd.status(program + "@1"), "pid");
    try {
      Pmd.Outcome stopped = pmd.pmctl("stop", program);
      assertThat(stopped.exit()).as("%s", stopped).isZero();
      assertThat(Proc.of(group)).isEmpty();
      List<Long> left = alive(family);
      if (scope.equals("group")) {
        // Those in sessions, and so in groups, of their own.
        assertThat(left).containsExactlyElementsOf(family.subList(2, 7));
      } else {
        assertThat(left).containsExactlyElementsOf(family);
      }
    } finally {
      kill(family);
    }
  }

  @Test
  void whatIgnoresTheSignalIsKilledWhenItsTimeIsOver() throws Exception {
    start("deaf", "deaf");
    long before = System.nanoTime();
    Pmd.Outcome stopped = pmd.pmctl("stop", "deaf");
    Duration took = Duration.ofNanos(System.nanoTime() - before);
    assertThat(stopped.exit()).as("%s", stopped).isZero();
    assertThat(took).isBetween(Duration.ofMillis(500), Duration.ofSeconds(20));
    Members dead = pmd.status("deaf@1");
    assertDead(dead, "stopped");
    assertThat(Wire.text(dead, "exit_signal")).isEqualTo("KILL");
    assertThat(Wire.text(dead, "exit_cause")).isEqualTo("requested");
  }

  @Test
  void whatIsFrozenIsContinuedFirst() throws Exception {
    start("polite", "up");
    assertThat(pmd.pmctl("signal", "STOP", "polite").exit()).isZero();
    long pid = Wire.number(pmd.status("polite@1"), "pid");
    Await.until(
        "it is frozen", () -> Proc.of(pid).map(Proc::state).equals(Optional.of("T")), pmd::said);
    // Its time is ten minutes: it would be killed after these only.
    Pmd.Outcome stopped = pmd.pmctl("stop", "polite");
    assertThat(stopped.exit()).as("%s", stopped).isZero();
    Members dead = pmd.status("polite@1");
    assertThat(Wire.number(dead, "exit_code")).isZero();
    assertThat(Files.readAllLines(pmd.log("polite@1"))).endsWith("bye");
  }

  @Test
  void aStopThatWasAskedForIsNoFailureWhateverTheCode() throws Exception {
    start("quitter", "up");
    assertThat(pmd.pmctl("stop", "quitter").exit()).isZero();
    Members dead = pmd.status("quitter@1");
    assertDead(dead, "stopped");
    assertThat(Wire.number(dead, "exit_code")).isEqualTo(3);
    assertThat(Wire.number(dead, "restarts")).isZero();
    assertThat(Files.readAllLines(pmd.log("quitter@1"))).endsWith("quit");
  }

  /** Starts it, and waits until its traps are set, which it then says. */
  private static void start(String program, String words) throws Exception {
    assertThat(pmd.pmctl("start", program).exit()).isZero();
    Await.until(words, () -> Texts.of(pmd.log(program + "@1")).endsWith(words + "\n"), pmd::said);
  }

  /** Starts it, and returns the pids of what it started, but for its own. */
  private static List<Long> startFamily(String program) throws Exception {
    Path pids = folder.resolve(program + "@1.pids");
    Files.deleteIfExists(pids);
    Pmd.Outcome started = pmd.pmctl("start", program);
    assertThat(started.exit()).as("%s", started).isZero();
    Await.until(
        "all are there",
        () -> Texts.of(pids).endsWith("complete\n"),
        () -> Texts.of(pids) + pmd.said());
    List<Long> family =
        Texts.of(pids).lines().filter(line -> !line.equals("complete")).map(Long::valueOf).toList();
    assertThat(family).hasSize(7);
    assertThat(alive(family)).isEqualTo(family);
    return family;
  }

  private static List<Long> alive(List<Long> pids) {
    return pids.stream().filter(pid -> Proc.of(pid).isPresent()).toList();
  }

  private static String environment(long pid, String name) {
    return Proc.of(pid).orElseThrow().variable(name);
  }

  private static void kill(List<Long> pids) {
    pids.forEach(pid -> Proc.of(pid).ifPresent(Proc::kill));
  }

  private static void assertDead(Members item, String reason) {
    assertThat(Pmd.is(item, "DEAD/" + reason)).as("%s", item).isTrue();
  }
}
