package pm.daemon.simulation;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Happening;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopCause;

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
    turn.changes().stream()
        .filter(change -> change.cause().isPresent())
        .forEach(change -> isTheEndOf(change, turn));
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
                      .orElseGet(() -> past.cause() == spawnCause(past.invocation()));
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
          past.status().orElseThrow() instanceof ExitStatus.Code code
              && spec.stream()
                  .allMatch(
                      found ->
                          found.successExitCodes().contains(code.code())
                              == (past.cause() == ExitCause.CLEAN));
      case SIGNAL -> past.status().orElseThrow() instanceof ExitStatus.Signalled;
      case UNKNOWN -> past.status().orElseThrow() instanceof ExitStatus.Unknown;
      case REQUESTED, START_TIMEOUT -> wasStopped;
      case EXEC_ERROR, SPAWN_ERROR -> past.status().isEmpty();
      case UNHEALTHY, TIME_LIMIT, OOM, RECYCLE -> false;
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
