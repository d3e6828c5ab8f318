package pm.daemon.core.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

class WordingTest {

  private static final long SECOND = 1_000_000_000L;
  private static final Moment NOW = new Moment(100 * SECOND, Instant.EPOCH);
  private static final Actor ALICE = new Actor("alice", 1000, 77);
  private static final Run SPAWNING = Run.intended(new InvocationId("0".repeat(32)), NOW, "alice");
  private static final Run RUNNING = SPAWNING.spawned(new ProcessIdentity(4711, 1, 1), NOW);

  private static String in(Duration duration) {
    return Wording.duration(duration.toNanos());
  }

  @Test
  void durationsHaveAtMostTwoUnits() {
    assertThat(in(Duration.ZERO)).isEqualTo("0ms");
    assertThat(in(Duration.ofMillis(-5))).isEqualTo("0ms");
    assertThat(in(Duration.ofMillis(49))).isEqualTo("49ms");
    assertThat(in(Duration.ofMillis(100))).isEqualTo("0.1s");
    assertThat(in(Duration.ofMillis(300))).isEqualTo("0.3s");
    assertThat(in(Duration.ofSeconds(2))).isEqualTo("2s");
    assertThat(in(Duration.ofMillis(9_960))).isEqualTo("10s");
    assertThat(in(Duration.ofSeconds(59))).isEqualTo("59s");
    assertThat(in(Duration.ofSeconds(60))).isEqualTo("1m");
    assertThat(in(Duration.ofSeconds(61))).isEqualTo("1m1s");
    assertThat(in(Duration.ofHours(3).plusMinutes(12))).isEqualTo("3h12m");
    assertThat(in(Duration.ofDays(2))).isEqualTo("2d");
    assertThat(in(Duration.ofDays(2).plusHours(5).plusMinutes(3))).isEqualTo("2d5h");
  }

  @Test
  void aDeadInstanceTellsWhenItIsStartedAgain() {
    Phase backoff =
        new Phase.Dead(
            DeadReason.BACKOFF,
            "exit 1 after 0.3s; restart 2 of 3",
            102 * SECOND,
            StartKind.RESTART,
            Actor.POLICY);
    assertThat(Wording.detail(backoff, NOW)).isEqualTo("exit 1 after 0.3s; restart 2 of 3 in 2s");
    Phase failed =
        new Phase.Dead(DeadReason.FAILED, "gave up", 160 * SECOND, StartKind.RESTART, Actor.POLICY);
    assertThat(Wording.detail(failed, NOW)).isEqualTo("gave up; tries again in 1m");
    assertThat(Wording.detail(Phase.Dead.lasting(DeadReason.STOPPED, "stopped", ALICE), NOW))
        .isEqualTo("stopped");
    assertThat(Wording.detail(Phase.Dead.about("to be started", ALICE, NOW), NOW))
        .isEqualTo("to be started");
  }

  @Test
  void aStartingInstanceTellsWhatIsMissing() {
    assertThat(Wording.detail(new Phase.Starting(SPAWNING, Moment.NEVER, 160 * SECOND), NOW))
        .isEqualTo("being spawned");
    assertThat(Wording.detail(new Phase.Starting(RUNNING, 101 * SECOND, 160 * SECOND), NOW))
        .isEqualTo("ready in 1s if it stays up");
    assertThat(Wording.detail(new Phase.Starting(RUNNING, Moment.NEVER, 160 * SECOND), NOW))
        .isEqualTo("not ready yet");
  }

  @Test
  void whatIsUpAndWellNeedsNoWords() {
    assertThat(Wording.detail(new Phase.Up(RUNNING, InstanceState.IDLE, 0), NOW)).isEmpty();
    assertThat(Wording.detail(new Phase.Up(RUNNING, InstanceState.BUSY, 0), NOW)).isEmpty();
    assertThat(Wording.detail(new Phase.Up(RUNNING, InstanceState.UNHEALTHY, 0), NOW))
        .isEqualTo("liveness lost");
  }

  @Test
  void aStopTellsWhyAndHowFarItIs() {
    assertThat(stopping(StopCause.REQUESTED, StopStep.SIGNALLED, false))
        .isEqualTo("stopped by alice (pid 77); asked to stop, killed in 10s");
    assertThat(stopping(StopCause.CHANGED, StopStep.SIGNALLED, true))
        .isEqualTo("its definition changed; waiting for what it started, killed in 10s");
    assertThat(stopping(StopCause.SHUTDOWN, StopStep.AWAIT_SPAWN, false))
        .isEqualTo("the daemon shuts down; being spawned, stops as soon as it is");
    assertThat(stopping(StopCause.START_TIMEOUT, StopStep.KILLED, false))
        .isEqualTo("not ready within start_timeout; killed");
    assertThat(stopping(StopCause.UNHEALTHY, StopStep.KILLED, false))
        .isEqualTo("liveness lost; killed");
    assertThat(stopping(StopCause.UNHEALTHY, StopStep.KILLED_AGAIN, false))
        .isEqualTo("liveness lost; killed, and looked for again");
    assertThat(stopping(StopCause.REMAINS, StopStep.STUCK, true))
        .isEqualTo(
            "its main process ended and left others behind; cannot be killed: pids 12, 4711");
  }

  @Test
  void onePidIsOnePid() {
    assertThat(Wording.pids(List.of())).isEmpty();
    assertThat(Wording.pids(List.of(4711))).isEqualTo(": pid 4711");
  }

  private static String stopping(StopCause cause, StopStep step, boolean ended) {
    return Wording.detail(
        new Phase.Stopping(
            RUNNING,
            cause,
            ALICE,
            step,
            110 * SECOND,
            ended ? Optional.of(new ExitStatus.Code(0)) : Optional.empty(),
            AfterStop.STAY,
            0,
            List.of(12, 4711)),
        NOW);
  }
}
