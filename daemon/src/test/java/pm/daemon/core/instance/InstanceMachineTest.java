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
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import pm.config.BeforeKill;
import pm.config.Command;
import pm.config.Hook;
import pm.config.HooksSpec;
import pm.config.LimitsSpec;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.OnMemory;
import pm.config.OnUnhealthy;
import pm.config.PoolSpec;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.config.StopScope;
import pm.config.StopSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Health;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Meter;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartKind;
import pm.daemon.core.model.StartStep;
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

  private static final Moment MUCH_LATER =
      new Moment(DEADLINE + 60 * SECOND, Instant.parse("2026-01-01T00:01:05Z"));

  private static final Run SPAWNING = Run.intended(CURRENT, NOW, "alice");
  private static final Run RUNNING = SPAWNING.spawned(PROCESS, NOW);

  private static final Hook HOOK = new Hook(new Command(List.of("/bin/hook"), false));

  /** Everything that a program can have done around its life. */
  private static final ProgramSpec FULL =
      new ProgramSpec.Builder(SPEC)
          .readiness(new Readiness.Notify())
          .liveness(
              Optional.of(
                  new Liveness(
                      new LivenessKind.Probed(new Probe.Tcp("127.0.0.1:80")),
                      Duration.ofSeconds(5),
                      Duration.ofSeconds(3),
                      1,
                      1,
                      Duration.ZERO,
                      false,
                      OnUnhealthy.RESTART,
                      Optional.of(new BeforeKill.Run(HOOK)))))
          .hooks(
              new HooksSpec(
                  Optional.of(HOOK),
                  Optional.of(HOOK),
                  Optional.of(HOOK),
                  Optional.of(HOOK),
                  Optional.of(HOOK)))
          .stop(
              new StopSpec(
                  "TERM",
                  Duration.ofSeconds(10),
                  StopScope.TREE,
                  Optional.empty(),
                  Optional.of(HOOK.command())))
          .limits(
              new LimitsSpec(
                  new TreeMap<>(),
                  OptionalLong.of(1 << 20),
                  OnMemory.RESTART,
                  OptionalInt.empty(),
                  OptionalInt.empty(),
                  OptionalInt.empty(),
                  Optional.empty(),
                  List.of(),
                  OptionalInt.empty()))
          .build();

  private static final ProgramSpec PROBED =
      new ProgramSpec.Builder(SPEC)
          .readiness(
              new Readiness.Probed(
                  new Probe.Tcp("127.0.0.1:80"), Duration.ofSeconds(1), Duration.ofSeconds(3)))
          .build();

  /** One with tasks, and everything that is done in its stop. */
  private static final ProgramSpec POOLED =
      new ProgramSpec.Builder(FULL)
          .type(ProgramType.WORKER)
          .liveness(Optional.of(Liveness.of(new LivenessKind.Ping())))
          .pool(Optional.of(PoolSpec.DEFAULT))
          .build();

  private static final Health ASKED = Health.NONE.sent(T0, DEADLINE, DEADLINE + SECOND);

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
    STOPPING_KILLED_AGAIN(stopping(RUNNING, StopStep.KILLED_AGAIN, DEADLINE, false)),
    STOPPING_KILLED_AGAIN_ENDED(stopping(RUNNING, StopStep.KILLED_AGAIN, DEADLINE, true)),
    STOPPING_STUCK_SPAWN(stopping(SPAWNING, StopStep.STUCK, Moment.NEVER, false)),
    STOPPING_STUCK(stopping(RUNNING, StopStep.STUCK, Moment.NEVER, false)),
    STOPPING_STUCK_ENDED(stopping(RUNNING, StopStep.STUCK, Moment.NEVER, true)),
    STARTING_PRE_START(
        FULL,
        new Phase.Starting(
            SPAWNING, StartStep.PRE_START, "", DEADLINE, DEADLINE + SECOND, Health.NONE)),
    STARTING_AWAITING_WORD(
        FULL,
        new Phase.Starting(
            RUNNING, StartStep.READYING, "READY=1", Moment.NEVER, DEADLINE, Health.NONE)),
    STARTING_CHECKED(
        PROBED,
        new Phase.Starting(
            RUNNING, StartStep.READYING, "tcp", Moment.NEVER, DEADLINE + SECOND, ASKED)),
    STARTING_POST_START(
        FULL,
        new Phase.Starting(
            RUNNING, StartStep.POST_START, "", DEADLINE, DEADLINE + SECOND, Health.NONE)),
    IDLE_WITH_CHECKS(FULL, new Phase.Up(RUNNING, InstanceState.IDLE, T0, "", ASKED)),
    UNHEALTHY_TO_BE_STOPPED(
        FULL,
        new Phase.Up(
            RUNNING, InstanceState.UNHEALTHY, T0, "why", Health.NONE.anew(DEADLINE, Moment.NEVER))),
    IDLE_WORKER(POOLED, new Phase.Up(RUNNING, InstanceState.IDLE, T0, "", ASKED)),
    BUSY_WORKER(
        POOLED,
        new Phase.Up(RUNNING, InstanceState.BUSY, T0, "", Health.NONE.with(Meter.from(DEADLINE)))),
    UNHEALTHY_WORKER(
        POOLED, new Phase.Up(RUNNING, InstanceState.UNHEALTHY, T0, "why", Health.NONE)),
    STOPPING_DRAIN(POOLED, stopping(RUNNING, StopStep.DRAIN, DEADLINE, false)),
    STOPPING_DRAIN_UNFOUND(POOLED, stopping(RUNNING, StopStep.DRAIN, Moment.NEVER, false)),
    STOPPING_AWAIT_DEPENDANTS(
        FULL, stopping(RUNNING, StopStep.AWAIT_DEPENDANTS, Moment.NEVER, false)),
    STOPPING_BEFORE_KILL(FULL, stopping(RUNNING, StopStep.BEFORE_KILL, DEADLINE, false)),
    STOPPING_PRE_STOP(FULL, stopping(RUNNING, StopStep.PRE_STOP, DEADLINE, false)),
    STOPPING_PRE_STOP_ENDED(FULL, stopping(RUNNING, StopStep.PRE_STOP, DEADLINE, true)),
    STOPPING_COMMAND(FULL, stopping(RUNNING, StopStep.COMMAND, DEADLINE, false)),
    STOPPING_POST_STOP(FULL, stopping(RUNNING, StopStep.POST_STOP, DEADLINE, true));

    final ProgramSpec spec;
    final Phase phase;

    State(Phase phase) {
      this(SPEC, phase);
    }

    State(ProgramSpec spec, Phase phase) {
      this.spec = spec;
      this.phase = phase;
    }

    /** The hook that it waits for; any where it waits for none. */
    HookKind hook() {
      return switch (this) {
        case STARTING_POST_START -> HookKind.POST_START;
        case STOPPING_BEFORE_KILL -> HookKind.BEFORE_KILL;
        case STOPPING_PRE_STOP, STOPPING_PRE_STOP_ENDED -> HookKind.PRE_STOP;
        case STOPPING_COMMAND -> HookKind.STOP_COMMAND;
        case STOPPING_POST_STOP -> HookKind.POST_STOP;
        case DEAD_LASTING,
            DEAD_WITH_A_TIME,
            STARTING_BEING_SPAWNED,
            STARTING_READY_SOON,
            STARTING_TIMEOUT_SOON,
            STARTING_PRE_START,
            STARTING_AWAITING_WORD,
            STARTING_CHECKED,
            IDLE,
            BUSY,
            UNHEALTHY,
            IDLE_WITH_CHECKS,
            UNHEALTHY_TO_BE_STOPPED,
            IDLE_WORKER,
            BUSY_WORKER,
            UNHEALTHY_WORKER,
            STOPPING_DRAIN,
            STOPPING_DRAIN_UNFOUND,
            STOPPING_AWAIT_DEPENDANTS,
            STOPPING_AWAIT_SPAWN,
            STOPPING_SIGNALLED,
            STOPPING_SIGNALLED_ENDED,
            STOPPING_KILLED,
            STOPPING_KILLED_ENDED,
            STOPPING_KILLED_AGAIN,
            STOPPING_KILLED_AGAIN_ENDED,
            STOPPING_STUCK_SPAWN,
            STOPPING_STUCK,
            STOPPING_STUCK_ENDED ->
            HookKind.PRE_START;
      };
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
    RESUME,
    STOP_AFTER_DEPENDANTS,
    PROCEED,
    OOM_KILLED,
    BECAME_READY,
    SAYS_READY,
    SAYS_STOPPING,
    SAYS_BROKEN,
    NAMES_ANOTHER,
    CHECK_PASSED,
    CHECK_FAILED,
    OVER_MEMORY,
    HOOK_DONE,
    HOOK_FAILED,
    TIME_LATE,
    GETS_WORK,
    WORK_DONE,
    SCALED_DOWN,
    RECYCLED,
    STALLED,
    TASK_OVERDUE;

    Step apply(State state) {
      Instance instance = state.instance();
      ProgramSpec spec = state.spec;
      return switch (this) {
        case START -> InstanceMachine.start(instance, spec, FRESH, ALICE, NOW);
        case STOP ->
            InstanceMachine.stop(
                instance, spec, StopCause.REQUESTED, AfterStop.STAY, ALICE, true, NOW);
        case STOP_AFTER_DEPENDANTS ->
            InstanceMachine.stopAfterDependants(
                instance, spec, StopCause.REQUESTED, AfterStop.STAY, ALICE, NOW);
        case PROCEED -> InstanceMachine.proceed(instance, spec, true, NOW);
        case HURRY -> InstanceMachine.hurry(instance, spec, NOW);
        case SPAWNED -> report(instance, spec, new Report.Spawned(CURRENT, PROCESS));
        case SPAWNED_NO_UPTIME ->
            report(instance, READY_AT_ONCE, new Report.Spawned(CURRENT, PROCESS));
        case EXEC_FAILED ->
            report(instance, spec, new Report.SpawnFailed(CURRENT, "exec", "not found", false));
        case HOST_SHORT ->
            report(instance, spec, new Report.SpawnFailed(CURRENT, "spawn", "no memory", true));
        case EXITED ->
            report(instance, spec, new Report.Exited(CURRENT, new ExitStatus.Code(1), false));
        case EXITED_CLEAN ->
            report(instance, spec, new Report.Exited(CURRENT, new ExitStatus.Code(0), false));
        case EXITED_REMAINS ->
            report(instance, spec, new Report.Exited(CURRENT, new ExitStatus.Code(1), true));
        case OOM_KILLED ->
            report(
                instance,
                spec,
                new Report.Exited(CURRENT, new ExitStatus.Signalled("KILL", 9, false), true, true));
        case REMAINS_GONE -> report(instance, spec, new Report.RemainsGone(CURRENT));
        case REMAINS_LEFT -> report(instance, spec, new Report.RemainsLeft(CURRENT, List.of(4712)));
        case ADOPTED -> report(instance, spec, new Report.Adopted(CURRENT, PROCESS));
        case NEVER_SPAWNED -> report(instance, spec, new Report.NeverSpawned(CURRENT));
        case BECAME_READY -> report(instance, spec, new Report.BecameReady(CURRENT, "a newline"));
        case SAYS_READY -> report(instance, spec, says(true, false, false, Optional.empty()));
        case SAYS_STOPPING -> report(instance, spec, says(false, true, false, Optional.empty()));
        case SAYS_BROKEN -> report(instance, spec, says(false, false, true, Optional.empty()));
        case NAMES_ANOTHER ->
            report(
                instance,
                spec,
                says(false, false, false, Optional.of(new ProcessIdentity(4712, 100, 6))));
        case CHECK_PASSED -> report(instance, spec, new Report.Checked(CURRENT, 1, true, ""));
        case CHECK_FAILED ->
            report(instance, spec, new Report.Checked(CURRENT, 1, false, "refused"));
        case OVER_MEMORY ->
            report(
                instance,
                spec,
                new Report.Used(
                    CURRENT, OptionalLong.of(2 << 20), OptionalLong.empty(), OptionalInt.empty()));
        case HOOK_DONE -> hookEnded(state, 0);
        case HOOK_FAILED -> hookEnded(state, 1);
        case GETS_WORK -> InstanceMachine.busy(instance, spec, true, NOW);
        case WORK_DONE -> InstanceMachine.busy(instance, spec, false, NOW);
        case SCALED_DOWN ->
            retire(instance, spec, StopCause.SCALED_DOWN, AfterStop.STAY, Actor.POOL, false);
        case RECYCLED ->
            retire(instance, spec, StopCause.RECYCLED, AfterStop.STAY, Actor.POOL, false);
        case STALLED ->
            retire(instance, spec, StopCause.STALLED, AfterStop.START, Actor.POLICY, true);
        case TASK_OVERDUE -> InstanceMachine.kill(instance, spec, "task a-1 is overdue", NOW);
        case TIME_BEFORE -> timePassed(instance, spec, NOW);
        case TIME_AFTER -> timePassed(instance, spec, AFTER_DEADLINE);
        case TIME_LATE -> timePassed(instance, spec, MUCH_LATER);
        case RESUME ->
            InstanceMachine.resume(instance, spec, AFTER_DEADLINE, new SplittableRandom(1));
      };
    }

    private static Step retire(
        Instance instance,
        ProgramSpec spec,
        StopCause cause,
        AfterStop after,
        Actor actor,
        boolean hasWork) {
      return InstanceMachine.retire(instance, spec, cause, "why", after, actor, hasWork, NOW);
    }

    private static Step report(Instance instance, ProgramSpec spec, Report.OfInvocation report) {
      return InstanceMachine.report(instance, spec, report, NOW, new SplittableRandom(1));
    }

    private static Report.OfInvocation says(
        boolean ready, boolean stopping, boolean trigger, Optional<ProcessIdentity> main) {
      return new Report.Notified(
          CURRENT,
          new Notification(
              ready,
              false,
              stopping,
              false,
              trigger,
              Optional.empty(),
              main,
              OptionalLong.empty(),
              OptionalLong.empty()));
    }

    private static Step hookEnded(State state, int code) {
      return InstanceMachine.hookEnded(
          state.instance(),
          state.spec,
          new Report.HookEnded(
              new InstanceName("web", 1), CURRENT, state.hook(), HookEnd.code(code)),
          NOW,
          new SplittableRandom(1));
    }

    private static Step timePassed(Instance instance, ProgramSpec spec, Moment now) {
      return InstanceMachine.timePassed(instance, spec, now, new SplittableRandom(1));
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
      step = cause.apply(state);
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
          "STARTING/"
              + switch (starting.step()) {
                case SPAWNING -> "being-spawned";
                case READYING -> "up";
                case PRE_START, POST_START -> word(starting.step());
              };
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
      case Effect.Publish publish -> "Publish";
      case Effect.Reply reply -> throw new AssertionError("the machine has no " + reply);
      case TaskEffect.Finish finish -> "Finish";
      case TaskEffect task -> throw new AssertionError("the machine has no " + task);
      case Effect.Exit exit -> throw new AssertionError("the machine has no " + exit);
    };
  }
}
