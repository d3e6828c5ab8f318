package pm.daemon.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.config.ProgramSpec;
import pm.config.RestartSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEvent;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;

/** Counts the automatic restarts of each instance, and knows when the next one is due. */
final class Restarts {

  /** One nanosecond may be lost on either side to the rounding of doubles, never a thousand. */
  private static final long SLACK_NANOS = 1_000;

  /** What happened to one instance. */
  private static final class History {
    List<Long> restarts = new ArrayList<>();
    int inARow;

    /** Whether it has ended by itself and was not started since. */
    boolean endedByItself;

    /** Whether its last start was decided, but never carried out. */
    boolean neverSpawned;

    /** Its youngest start, which a later daemon may carry out once more. */
    Optional<InvocationId> begun = Optional.empty();

    History copy() {
      History copy = new History();
      copy.restarts = new ArrayList<>(restarts);
      copy.inARow = inARow;
      copy.endedByItself = endedByItself;
      copy.neverSpawned = neverSpawned;
      copy.begun = begun;
      return copy;
    }

    void forgive() {
      restarts.clear();
      inARow = 0;
    }
  }

  private final Map<InstanceName, History> histories = new HashMap<>();

  Restarts copy() {
    Restarts copy = new Restarts();
    histories.forEach((name, history) -> copy.histories.put(name, history.copy()));
    return copy;
  }

  void forget() {
    histories.clear();
  }

  private History history(InstanceName name) {
    return histories.computeIfAbsent(name, key -> new History());
  }

  /** Takes what a command forgives, before its decision is looked at. */
  void commanded(Turn turn, Wishes wishes) {
    switch (turn.event()) {
      case Command.Start start ->
          wishes.starts(turn, false).forEach(name -> history(name).forgive());
      case Command.Restart restart ->
          wishes.starts(turn, true).forEach(name -> history(name).forgive());
      case Command.Reset reset -> turn.selected().forEach(name -> history(name).forgive());
      case Command.Apply apply ->
          turn.before().keySet().stream().filter(wishes::isChanged).forEach(this::otherRules);
      case Report.NeverSpawned never ->
          turn.before()
              .forEach(
                  (name, instance) -> {
                    if (instance.run().map(Run::invocation).stream()
                        .anyMatch(never.invocation()::equals)) {
                      history(name).neverSpawned = true;
                    }
                  });
      case Command.Begin begin -> {}
      case Command.Stop stop -> {}
      case Command.Resume resume -> {}
      case Command.Signal signal -> {}
      case Command.Reload reload -> {}
      case Command.Enable enable -> {}
      case Command.Disable disable -> {}
      case Command.Scale scale -> {}
      case Command.RollingRestart roll -> {}
      case Command.Await await -> {}
      case Command.Run run -> {}
      case Command.Shutdown shutdown -> {}
      case Report report -> {}
      case TimePassed passed -> {}
      case TaskEvent task -> {}
    }
  }

  /** Other rules count from their beginning; what is decided already was by those of before. */
  private void otherRules(InstanceName name) {
    history(name).restarts.clear();
    history(name).endedByItself = false;
  }

  /** Holds ends and starts against the rules of the program. */
  void decided(Turn turn, Wishes wishes) {
    for (Turn.End end : turn.ends()) {
      Optional<ProgramSpec> spec = wishes.spec(end.name()).filter(ProgramSpec::enabled);
      if (spec.isPresent()) {
        end.past()
            .filter(past -> past.cause() != ExitCause.REQUESTED)
            .ifPresent(past -> judged(turn, end, past, spec.get().restart()));
      }
    }
    for (Effect effect : turn.decision().effects()) {
      if (effect instanceof Effect.Spawn spawn) {
        started(turn, spawn.instance(), spawn.invocation(), spawn.spec());
      } else if (effect instanceof Effect.RunHook hook && hook.kind() == HookKind.PRE_START) {
        started(turn, hook.instance(), hook.invocation(), hook.spec());
      }
    }
    if (turn.event() instanceof Command.Apply) {
      // Which changes of a definition forgive the past is the core's to say.
      turn.after().values().stream()
          .filter(instance -> wishes.isChanged(instance.name()))
          .forEach(instance -> history(instance.name()).inARow = instance.streak());
    }
    histories
        .keySet()
        .removeIf(name -> turn.before().containsKey(name) && !turn.after().containsKey(name));
  }

  /** It is spawned, or its pre_start runs. */
  private void started(Turn turn, InstanceName name, InvocationId invocation, ProgramSpec spec) {
    History history = history(name);
    if (history.begun.equals(Optional.of(invocation))) {
      return;
    }
    history.begun = Optional.of(invocation);
    Run run =
        turn.keptRun(invocation)
            .orElseThrow(
                () ->
                    new Violation(
                        Invariant.KEPT_BEFORE_VISIBLE,
                        name + " is started but its start is not kept"));
    boolean sameStart = history.neverSpawned;
    boolean endedByItself = history.endedByItself;
    history.neverSpawned = false;
    if (sameStart) {
      return;
    }
    history.endedByItself = false;
    if (!run.startedBy().equals(Actor.POLICY.toString())) {
      return;
    }
    history.inARow++;
    if (!endedByItself) {
      // The host was short of something, which costs nothing.
      return;
    }
    RestartSpec rule = spec.restart();
    long since = turn.now().nanos() - rule.window().toNanos();
    history.restarts.add(turn.now().nanos());
    history.restarts.removeIf(at -> at <= since);
    Violation.unless(
        rule.maxRestarts().isEmpty() || history.restarts.size() <= rule.maxRestarts().getAsInt(),
        Invariant.RESTART_WINDOW,
        name,
        ": ",
        history.restarts.size(),
        " automatic restarts with ",
        rule);
  }

  /** The policy has judged an end: this is what must come of it. */
  private void judged(Turn turn, Turn.End ended, PastInvocation end, RestartSpec rule) {
    InstanceName name = ended.name();
    History history = history(name);
    Instance before = ended.before();
    history.endedByItself |= end.cause() != ExitCause.SPAWN_ERROR;
    if (readySince(before.phase()) <= turn.now().nanos() - rule.resetAfter().toNanos()) {
      history.inARow = 0;
    }
    DeadReason reason = firstReason(turn, name);
    if (reason == DeadReason.STOPPED) {
      // A shutdown came in between.
      return;
    }
    boolean wants = wants(rule, end);
    boolean isFull =
        end.cause() != ExitCause.SPAWN_ERROR
            && rule.maxRestarts().isPresent()
            && before.window().within(rule.window(), turn.now().nanos())
                >= rule.maxRestarts().getAsInt();
    DeadReason right =
        wants && !isFull
            ? DeadReason.BACKOFF
            : !wants && end.cause() == ExitCause.CLEAN ? DeadReason.COMPLETED : DeadReason.FAILED;
    Violation.unless(
        reason == right,
        Invariant.POLICY,
        name,
        " with ",
        rule,
        " and ",
        before.window(),
        " ended as ",
        end,
        " and is ",
        reason);
    if (reason == DeadReason.BACKOFF) {
      waits(turn, ended.after(), rule);
    }
  }

  private static long readySince(Phase phase) {
    return switch (phase) {
      case Phase.Up up -> up.readyNanos();
      case Phase.Stopping stopping -> stopping.readySince();
      case Phase.Starting starting -> Moment.NEVER;
      case Phase.Dead dead -> Moment.NEVER;
    };
  }

  private static boolean wants(RestartSpec rule, PastInvocation end) {
    if (end.cause() == ExitCause.SPAWN_ERROR || end.cause() == ExitCause.EXEC_ERROR) {
      return end.cause() == ExitCause.SPAWN_ERROR;
    }
    if (end.status().isPresent()
        && end.status().get() instanceof ExitStatus.Code code
        && rule.prevent().contains(code.code())) {
      return false;
    }
    return switch (rule.policy()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case ON_FAILURE -> end.cause() != ExitCause.CLEAN;
      case ON_ABNORMAL ->
          switch (end.cause()) {
            case SIGNAL, START_TIMEOUT, UNHEALTHY, TIME_LIMIT, OOM -> true;
            case REQUESTED, CLEAN, EXIT, RECYCLE, EXEC_ERROR, SPAWN_ERROR, UNKNOWN -> false;
          };
    };
  }

  /** The reason that it was DEAD for first, as it was published. */
  private static DeadReason firstReason(Turn turn, InstanceName name) {
    return turn.changes().stream()
        .filter(change -> change.instance().equals(name) && change.to() == InstanceState.DEAD)
        .findFirst()
        .flatMap(Happening.StateChanged::reason)
        .orElseThrow(
            () -> new Violation(Invariant.LEGAL_TRANSITIONS, name + " ended without being DEAD"));
  }

  private void waits(Turn turn, Instance after, RestartSpec rule) {
    int ordinal = history(after.name()).inARow + 1;
    double most = rule.delay().toNanos();
    for (int i = 1; i < ordinal && most < rule.maxDelay().toNanos(); i++) {
      most *= rule.factor();
    }
    most = Math.min(most, (double) rule.maxDelay().toNanos());
    boolean isStillDown =
        after.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.BACKOFF;
    long wait = isStillDown ? after.phase().deadline() - turn.now().nanos() : 0;
    Violation.unless(
        wait <= most + SLACK_NANOS && wait >= most * (1 - rule.jitter()) - SLACK_NANOS,
        Invariant.BACKOFF_BOUNDS,
        after.name(),
        ", ordinal ",
        ordinal,
        " of ",
        rule,
        " waits ",
        Duration.ofNanos(wait));
  }
}
