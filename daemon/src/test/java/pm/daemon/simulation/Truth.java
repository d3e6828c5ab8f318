package pm.daemon.simulation;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StartStep;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/** Compares what is told of an end with what the world knows of it. */
final class Truth {

  private final World world;

  /** Of spawns that failed, whether the host was short of something. */
  private final Map<InvocationId, Boolean> shortages = new HashMap<>();

  Truth(World world) {
    this.world = world;
  }

  Truth copy() {
    Truth copy = new Truth(world);
    copy.shortages.putAll(shortages);
    return copy;
  }

  void decided(Turn turn, Wishes wishes) {
    if (turn.event() instanceof Report.SpawnFailed failed) {
      shortages.put(failed.invocation(), failed.shortage());
    }
    turn.ends().forEach(end -> ended(end, wishes.spec(end.name())));
    if (!(turn.event() instanceof Report.NeverSpawned)) {
      turn.ends().forEach(end -> cleaned(end, wishes.spec(end.name())));
    }
    if (turn.event() instanceof TimePassed) {
      turn.before().forEach((name, before) -> blamed(before, turn));
    }
    turn.changes().stream()
        .filter(change -> change.cause().isPresent())
        .forEach(change -> isTheEndOf(change, turn));
  }

  private void cleaned(Turn.End end, Optional<ProgramSpec> spec) {
    Violation.unless(
        spec.flatMap(found -> found.hooks().postStop()).isEmpty()
            || world.isCleaned(end.run().invocation()),
        Invariant.HOOKS,
        end.name(),
        " is over and its post_stop was not run: ",
        end);
  }

  /** Nobody is blamed for a deadline that was over long before it was looked at. */
  private static void blamed(Instance before, Turn turn) {
    long bound = turn.now().nanos() - 500_000_000L;
    Instance after = turn.after().get(before.name());
    if (after == null) {
      return;
    }
    boolean isTimedOut =
        before.phase() instanceof Phase.Starting starting
            && starting.giveUpAt() < bound
            && after.phase() instanceof Phase.Stopping stopping
            && stopping.cause() == StopCause.START_TIMEOUT;
    boolean isLost =
        before.phase() instanceof Phase.Up up
            && up.state() != InstanceState.UNHEALTHY
            && isUnhealthy(after)
            && (up.health().watchdogAt() == Moment.NEVER || up.health().watchdogAt() < bound)
            && up.health().flights().stream()
                .noneMatch(
                    flight -> flight.until() >= bound && flight.until() <= turn.now().nanos());
    Violation.unless(
        !isTimedOut && !isLost,
        Invariant.LATE_IS_NOBODYS_FAULT,
        before.name(),
        " was ",
        before.phase(),
        " and is ",
        after.phase());
  }

  private static boolean isUnhealthy(Instance instance) {
    return instance.state() == InstanceState.UNHEALTHY
        || (instance.phase() instanceof Phase.Stopping stopping
            && stopping.cause() == StopCause.UNHEALTHY);
  }

  private void ended(Turn.End end, Optional<ProgramSpec> spec) {
    Violation.unless(
        end.past().isPresent() || end.run().process().isEmpty(),
        Invariant.STATUS_TRUTH,
        "nothing tells how it ended: ",
        end);
    end.past()
        .ifPresent(
            past -> {
              boolean isTrue =
                  past.status()
                      .map(status -> status(past, status))
                      .orElseGet(
                          () ->
                              failedBefore(end.before().phase())
                                  || past.cause() == spawnCause(past.invocation()));
              Violation.unless(
                  isTrue && cause(end.before().phase(), past, spec),
                  Invariant.STATUS_TRUTH,
                  end.name(),
                  " in ",
                  end.before().phase(),
                  ": it is told as ",
                  past,
                  " and was ",
                  world.life(past.invocation()).flatMap(life -> life.status));
            });
  }

  /** Whether it ended before there was anything to spawn. */
  private static boolean failedBefore(Phase before) {
    return switch (before) {
      case Phase.Starting starting -> starting.step() == StartStep.PRE_START;
      case Phase.Stopping stopping ->
          stopping.step() == StopStep.POST_STOP && stopping.current().process().isEmpty();
      case Phase.Dead dead -> false;
      case Phase.Up up -> false;
    };
  }

  private ExitCause spawnCause(InvocationId invocation) {
    Boolean shortage = shortages.get(invocation);
    if (shortage == null) {
      throw new Violation(
          Invariant.STATUS_TRUTH, "its spawn did not fail and it has no status: " + invocation);
    }
    return shortage ? ExitCause.SPAWN_ERROR : ExitCause.EXEC_ERROR;
  }

  private boolean status(PastInvocation past, ExitStatus told) {
    World.Life life =
        world
            .life(past.invocation())
            .orElseThrow(
                () -> new Violation(Invariant.STATUS_TRUTH, "it ended and never began: " + past));
    boolean pid = past.pid() == 0 || life.main.stream().anyMatch(main -> main.pid() == past.pid());
    return pid
        && switch (told) {
          case ExitStatus.Code code -> life.status.equals(Optional.of(told));
          case ExitStatus.Signalled signalled -> life.status.equals(Optional.of(told));
          case ExitStatus.Unknown unknown -> life.endedUnseen;
        };
  }

  /** Whether the cause goes with the status, and with what was done to the instance. */
  private static boolean cause(Phase before, PastInvocation past, Optional<ProgramSpec> spec) {
    boolean wasStopped =
        before instanceof Phase.Stopping stopping && stopping.cause() != StopCause.REMAINS;
    return switch (past.cause()) {
      case CLEAN, EXIT ->
          isHook(before)
              || (past.status().orElseThrow() instanceof ExitStatus.Code code
                  && spec.stream()
                      .allMatch(
                          found ->
                              found.successExitCodes().contains(code.code())
                                  == (past.cause() == ExitCause.CLEAN)));
      case SIGNAL -> isHook(before) || past.status().orElseThrow() instanceof ExitStatus.Signalled;
      case UNKNOWN -> past.status().orElseThrow() instanceof ExitStatus.Unknown;
      case REQUESTED, START_TIMEOUT ->
          wasStopped
              || (before instanceof Phase.Starting starting
                  && starting.step() == StartStep.PRE_START);
      case UNHEALTHY ->
          before instanceof Phase.Stopping stopping && stopping.cause() == StopCause.UNHEALTHY;
      case OOM ->
          before instanceof Phase.Stopping stopping
              ? stopping.cause() == StopCause.MEMORY || stopping.cause() == StopCause.OOM
              : past.status().orElseThrow() instanceof ExitStatus.Signalled;
      case EXEC_ERROR, SPAWN_ERROR -> past.status().isEmpty();
      case TIME_LIMIT, RECYCLE -> false;
    };
  }

  /** Whether a hook of its start decides how it is seen. */
  private static boolean isHook(Phase before) {
    return before instanceof Phase.Starting starting
        ? starting.step() == StartStep.PRE_START
        : before instanceof Phase.Stopping stopping
            && switch (stopping.cause()) {
              case HOOK_FAILED, HOOK_KILLED, HOOK_TIMEOUT -> true;
              case REQUESTED,
                  CHANGED,
                  DEPENDENCY,
                  SHUTDOWN,
                  SCALED_DOWN,
                  RECYCLED,
                  STALLED,
                  TIME_LIMIT,
                  START_TIMEOUT,
                  UNHEALTHY,
                  REMAINS,
                  OOM,
                  MEMORY,
                  ITSELF,
                  EXEC_ERROR,
                  SHORTAGE ->
                  false;
            };
  }

  private static void isTheEndOf(Happening.StateChanged change, Turn turn) {
    Instance instance = turn.after().get(change.instance());
    Violation.unless(
        instance == null
            || instance.past().stream()
                .anyMatch(
                    past ->
                        change.invocation().equals(Optional.of(past.invocation()))
                            && change.cause().equals(Optional.of(past.cause()))
                            && change.status().equals(past.status())),
        Invariant.STATUS_TRUTH,
        "this is not how it ended: ",
        change);
  }
}
