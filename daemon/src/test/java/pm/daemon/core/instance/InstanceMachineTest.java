package pm.daemon.core.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import pm.config.Command;
import pm.config.ProgramSpec;
import pm.config.Readiness;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/**
 * Every state against every event. What is right stands in {@code tables/instance-machine.txt}, one
 * line a cell, and {@code docs/states.md} is made of it.
 */
class InstanceMachineTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long T0 = 1_000 * SECOND;
  private static final long DEADLINE = T0 + 5 * SECOND;
  private static final Actor ALICE = new Actor("alice", 1000, 77);
  private static final InvocationId CURRENT = new InvocationId("0".repeat(31) + "1");
  private static final InvocationId FRESH = new InvocationId("0".repeat(31) + "2");
  private static final ProcessIdentity PROCESS = new ProcessIdentity(4711, 99, 5);

  private static final ProgramSpec SPEC =
      new ProgramSpec.Builder("web", new Command(List.of("/bin/web"), false)).build();

  private static final ProgramSpec READY_AT_ONCE =
      new ProgramSpec.Builder(SPEC).readiness(new Readiness.Uptime(Duration.ZERO)).build();

  private static final Moment NOW = new Moment(T0, Instant.parse("2026-01-01T00:00:00Z"));
  private static final Moment AFTER_DEADLINE =
      new Moment(DEADLINE, Instant.parse("2026-01-01T00:00:05Z"));

  private static final Run SPAWNING = Run.intended(CURRENT, NOW, "alice");
  private static final Run RUNNING = SPAWNING.spawned(PROCESS, NOW);

  /** Each state with what matters inside it, by the name that the table gives it. */
  enum State {
    DEAD_LASTING(Phase.Dead.lasting(DeadReason.STOPPED, "stopped by alice", ALICE)),
    DEAD_WITH_A_TIME(
        new Phase.Dead(DeadReason.BACKOFF, "exit 1", DEADLINE, StartKind.RESTART, Actor.POLICY)),
    STARTING_BEING_SPAWNED(new Phase.Starting(SPAWNING, Moment.NEVER, DEADLINE)),
    STARTING_READY_SOON(new Phase.Starting(RUNNING, DEADLINE, DEADLINE + SECOND)),
    STARTING_TIMEOUT_SOON(new Phase.Starting(RUNNING, Moment.NEVER, DEADLINE)),
    IDLE(new Phase.Up(RUNNING, InstanceState.IDLE, T0)),
    BUSY(new Phase.Up(RUNNING, InstanceState.BUSY, T0)),
    UNHEALTHY(new Phase.Up(RUNNING, InstanceState.UNHEALTHY, T0)),
    STOPPING_AWAIT_SPAWN(stopping(SPAWNING, StopStep.AWAIT_SPAWN, DEADLINE, false)),
    STOPPING_SIGNALLED(stopping(RUNNING, StopStep.SIGNALLED, DEADLINE, false)),
    STOPPING_SIGNALLED_ENDED(stopping(RUNNING, StopStep.SIGNALLED, DEADLINE, true)),
    STOPPING_KILLED(stopping(RUNNING, StopStep.KILLED, DEADLINE, false)),
    STOPPING_KILLED_ENDED(stopping(RUNNING, StopStep.KILLED, DEADLINE, true)),
    STOPPING_STUCK_SPAWN(stopping(SPAWNING, StopStep.STUCK, Moment.NEVER, false)),
    STOPPING_STUCK(stopping(RUNNING, StopStep.STUCK, Moment.NEVER, false)),
    STOPPING_STUCK_ENDED(stopping(RUNNING, StopStep.STUCK, Moment.NEVER, true));

    final Phase phase;

    State(Phase phase) {
      this.phase = phase;
    }

    Instance instance() {
      return Instance.fresh(
              new InstanceName("web", 1), Phase.Dead.lasting(DeadReason.NEW, "", ALICE))
          .in(phase);
    }
  }

  private static Phase.Stopping stopping(Run run, StopStep step, long until, boolean ended) {
    return new Phase.Stopping(
        run,
        StopCause.REQUESTED,
        ALICE,
        step,
        until,
        ended ? Optional.of(new ExitStatus.Code(0)) : Optional.empty(),
        AfterStop.STAY,
        T0,
        List.of());
  }

  /** Each event that can reach the machine. */
  enum Cause {
    START,
    STOP,
    HURRY,
    SPAWNED,
    SPAWNED_NO_UPTIME,
    EXEC_FAILED,
    HOST_SHORT,
    EXITED,
    EXITED_CLEAN,
    EXITED_REMAINS,
    REMAINS_GONE,
    REMAINS_LEFT,
    ADOPTED,
    NEVER_SPAWNED,
    TIME_BEFORE,
    TIME_AFTER,
    RESUME;

    Step apply(Instance instance) {
      return switch (this) {
        case START -> InstanceMachine.start(instance, SPEC, FRESH, ALICE, NOW);
        case STOP ->
            InstanceMachine.stop(instance, SPEC, StopCause.REQUESTED, AfterStop.STAY, ALICE, NOW);
        case HURRY -> InstanceMachine.hurry(instance, SPEC, NOW);
        case SPAWNED -> report(instance, new Report.Spawned(CURRENT, PROCESS));
        case SPAWNED_NO_UPTIME ->
            InstanceMachine.report(
                instance,
                READY_AT_ONCE,
                new Report.Spawned(CURRENT, PROCESS),
                NOW,
                new SplittableRandom(1));
        case EXEC_FAILED ->
            report(instance, new Report.SpawnFailed(CURRENT, "exec", "not found", false));
        case HOST_SHORT ->
            report(instance, new Report.SpawnFailed(CURRENT, "spawn", "no memory", true));
        case EXITED -> report(instance, new Report.Exited(CURRENT, new ExitStatus.Code(1), false));
        case EXITED_CLEAN ->
            report(instance, new Report.Exited(CURRENT, new ExitStatus.Code(0), false));
        case EXITED_REMAINS ->
            report(instance, new Report.Exited(CURRENT, new ExitStatus.Code(1), true));
        case REMAINS_GONE -> report(instance, new Report.RemainsGone(CURRENT));
        case REMAINS_LEFT -> report(instance, new Report.RemainsLeft(CURRENT, List.of(4712)));
        case ADOPTED -> report(instance, new Report.Adopted(CURRENT, PROCESS));
        case NEVER_SPAWNED -> report(instance, new Report.NeverSpawned(CURRENT));
        case TIME_BEFORE ->
            InstanceMachine.timePassed(instance, SPEC, NOW, new SplittableRandom(1));
        case TIME_AFTER ->
            InstanceMachine.timePassed(instance, SPEC, AFTER_DEADLINE, new SplittableRandom(1));
        case RESUME -> InstanceMachine.resume(instance, SPEC, AFTER_DEADLINE);
      };
    }

    private static Step report(Instance instance, Report.OfInvocation report) {
      return InstanceMachine.report(instance, SPEC, report, NOW, new SplittableRandom(1));
    }
  }

  @Test
  void eachCellIsAsTheTableSays() throws IOException {
    MachineTable table = MachineTable.read();
    List<MachineTable.Cell> actual = new ArrayList<>();
    for (State state : State.values()) {
      for (Cause cause : Cause.values()) {
        actual.add(
            new MachineTable.Cell(
                word(state),
                word(cause),
                outcome(state, cause),
                table.why(word(state), word(cause))));
      }
    }
    if (Boolean.getBoolean("tables.rewrite")) {
      MachineTable.write(actual);
      return;
    }
    assertThat(String.join("\n", MachineTable.lines(actual)))
        .as("tables/instance-machine.txt; -Dtables.rewrite=true writes what is, for review")
        .isEqualTo(String.join("\n", MachineTable.lines(table.cells())));
  }

  @Test
  void noCellIsMissingAndNoneIsThereTwice() throws IOException {
    List<MachineTable.Cell> cells = MachineTable.read().cells();
    TreeSet<String> seen = new TreeSet<>();
    for (MachineTable.Cell cell : cells) {
      assertThat(seen.add(cell.state() + " x " + cell.event())).as(cell.toString()).isTrue();
    }
    assertThat(seen).hasSize(State.values().length * Cause.values().length);
  }

  @Test
  void eachTransitionIsExplained() throws IOException {
    for (MachineTable.Cell cell : MachineTable.read().cells()) {
      assertThat(cell.why().isEmpty()).as(cell.toString()).isEqualTo(!cell.isTransition());
    }
  }

  @Test
  void theDocumentIsMadeOfTheTable() throws IOException {
    Path file = Path.of("..", "docs", "states.md");
    String document = StatesDocument.of(MachineTable.read(), RestartRuleTest.Row.read());
    if (Boolean.getBoolean("tables.rewrite")) {
      Files.writeString(file, document);
      return;
    }
    assertThat(Files.readString(file))
        .as("docs/states.md; -Dtables.rewrite=true makes it anew")
        .isEqualTo(document);
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String outcome(State state, Cause cause) {
    Instance before = state.instance();
    Step step;
    try {
      step = cause.apply(before);
    } catch (IllegalStateException impossible) {
      assertThat(impossible).hasMessageContaining("web@1").hasMessageContaining("cannot take");
      return "impossible";
    }
    StringBuilder text = new StringBuilder();
    text.append(step.after().equals(before) ? "same" : phase(step.after().phase()));
    for (Effect effect : step.effects()) {
      text.append(" +").append(effect(effect));
    }
    return text.toString();
  }

  private static String phase(Phase phase) {
    return switch (phase) {
      case Phase.Dead dead -> "DEAD/" + dead.reason().word();
      case Phase.Starting starting ->
          "STARTING" + (starting.current().process().isEmpty() ? "/being-spawned" : "/up");
      case Phase.Up up -> up.state().toString();
      case Phase.Stopping stopping ->
          "STOPPING/"
              + word(stopping.step())
              + (stopping.exit().isPresent() ? "-ended" : "")
              + (stopping.after() == AfterStop.POLICY ? "-by-itself" : "");
    };
  }

  private static String effect(Effect effect) {
    return switch (effect) {
      case Effect.Spawn spawn -> "Spawn";
      case Effect.Signal signal -> "Signal";
      case Effect.KillRemains kill -> "KillRemains";
      case Effect.SignalRemains signal -> "SignalRemains";
      case Effect.Release release -> "Release";
      case Effect.Adopt adopt -> adopt.exited() ? "AdoptEnded" : "Adopt";
      case Effect.Follow follow -> "Follow";
      case Effect.Check check -> "Check";
      case Effect.Ping ping -> "Ping";
      case Effect.RunHook hook -> "RunHook(" + hook.kind().word() + ")";
      case Effect.EndHooks end -> "EndHooks";
      case Effect.ReadUsage read -> "ReadUsage";
      case Effect.ChangeLogs change -> throw new AssertionError("the machine has no " + change);
      case Effect.Publish publish -> throw new AssertionError("the machine has no " + publish);
      case Effect.Reply reply -> throw new AssertionError("the machine has no " + reply);
      case Effect.Exit exit -> throw new AssertionError("the machine has no " + exit);
    };
  }
}
