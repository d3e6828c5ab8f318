package pm.daemon.core.instance;

import java.util.Optional;
import pm.config.Hook;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;

/** What becomes of an instance of whose invocation nothing is left. */
final class Ending {

  private Ending() {}

  /** Returns why the invocation ended, in the terms of the restart policy. */
  static ExitCause cause(Phase.Stopping stopping, ProgramSpec spec) {
    return switch (stopping.cause()) {
      case REQUESTED, CHANGED, DEPENDENCY, SHUTDOWN, SCALED_DOWN -> ExitCause.REQUESTED;
      case RECYCLED -> ExitCause.RECYCLE;
      case TIME_LIMIT -> ExitCause.TIME_LIMIT;
      case START_TIMEOUT, HOOK_TIMEOUT -> ExitCause.START_TIMEOUT;
      case UNHEALTHY, STALLED -> ExitCause.UNHEALTHY;
      case MEMORY, OOM -> ExitCause.OOM;
      case HOOK_FAILED -> ExitCause.EXIT;
      case HOOK_KILLED -> ExitCause.SIGNAL;
      case EXEC_ERROR -> ExitCause.EXEC_ERROR;
      case SHORTAGE -> ExitCause.SPAWN_ERROR;
      case REMAINS, ITSELF ->
          RestartRule.causeOf(stopping.exit().orElseGet(ExitStatus.Unknown::new), spec);
    };
  }

  /** Nothing of it is left. */
  static Step of(Scene scene, Phase.Stopping stopping) {
    return switch (stopping.after()) {
      case POLICY -> byPolicy(scene, stopping);
      case STAY, FORGET -> gone(scene, stopping, down(scene, stopping));
      case START ->
          gone(
              scene,
              stopping,
              Phase.Dead.about(
                  switch (stopping.cause()) {
                    case CHANGED -> "its definition changed, starts again";
                    case DEPENDENCY -> "starts again once what it depends on is there";
                    case SHUTDOWN -> "the last shutdown was not finished, starts again";
                    case TIME_LIMIT, STALLED -> stopping.detail() + ", starts again";
                    case REQUESTED,
                        SCALED_DOWN,
                        RECYCLED,
                        START_TIMEOUT,
                        UNHEALTHY,
                        REMAINS,
                        OOM,
                        MEMORY,
                        ITSELF,
                        HOOK_FAILED,
                        HOOK_KILLED,
                        HOOK_TIMEOUT,
                        EXEC_ERROR,
                        SHORTAGE ->
                        "restarted by " + stopping.actor();
                  },
                  stopping.actor(),
                  scene.now()));
    };
  }

  private static Step byPolicy(Scene scene, Phase.Stopping stopping) {
    PastInvocation past = past(scene, stopping);
    Instance judged = judged(scene, stopping);
    Phase.Dead dead =
        switch (past.cause()) {
          case EXEC_ERROR -> Phase.Dead.lasting(DeadReason.FAILED, past.summary(), Actor.POLICY);
          case SPAWN_ERROR ->
              RestartRule.afterShortage(
                  scene.instance(), scene.spec(), past.summary(), scene.now(), scene.random());
          case REQUESTED,
              CLEAN,
              EXIT,
              SIGNAL,
              START_TIMEOUT,
              UNHEALTHY,
              TIME_LIMIT,
              OOM,
              RECYCLE,
              UNKNOWN ->
              RestartRule.after(
                  judged,
                  scene.spec(),
                  past.cause(),
                  past.status().orElseGet(ExitStatus.Unknown::new),
                  past.summary(),
                  scene.now(),
                  scene.random());
        };
    return released(scene, judged.in(dead).after(past), stopping, past);
  }

  /** The streak ends with a time of good health. */
  private static Instance judged(Scene scene, Phase.Stopping stopping) {
    Instance instance = scene.instance();
    boolean wasHealthyForLong =
        stopping.readySince() != Moment.NEVER
            && Moment.after(stopping.readySince(), scene.spec().restart().resetAfter())
                <= scene.now().nanos();
    return wasHealthyForLong ? instance.with(instance.window(), 0, instance.restarts()) : instance;
  }

  /** It stays down. Only what an operator, a shutdown or its pool stopped is STOPPED. */
  private static Phase.Dead down(Scene scene, Phase.Stopping stopping) {
    Run run = stopping.current();
    String end =
        run.process().isEmpty() || stopping.exit().isEmpty() ? "" : "; " + stopping.exit().get();
    Actor actor = stopping.actor();
    if (stopping.cause() == StopCause.CHANGED && stopping.after() == AfterStop.STAY) {
      return scene.spec().enabled()
          ? Phase.Dead.lasting(DeadReason.NEW, "it was disabled; autostart is off" + end, actor)
          : Phase.Dead.lasting(
              DeadReason.DISABLED, "its definition says enabled: false" + end, actor);
    }
    String why =
        switch (stopping.cause()) {
          case SHUTDOWN -> "the daemon shut down";
          case SCALED_DOWN, RECYCLED ->
              "by the pool" + (stopping.detail().isEmpty() ? "" : ": " + stopping.detail());
          case REQUESTED,
              CHANGED,
              DEPENDENCY,
              STALLED,
              TIME_LIMIT,
              START_TIMEOUT,
              UNHEALTHY,
              REMAINS,
              OOM,
              MEMORY,
              ITSELF,
              HOOK_FAILED,
              HOOK_KILLED,
              HOOK_TIMEOUT,
              EXEC_ERROR,
              SHORTAGE ->
              "by " + actor;
        };
    return Phase.Dead.lasting(DeadReason.STOPPED, why + end, actor);
  }

  private static Step gone(Scene scene, Phase.Stopping stopping, Phase.Dead dead) {
    PastInvocation past = past(scene, stopping);
    Instance after = scene.instance().in(dead);
    return released(
        scene, stopping.current().process().isEmpty() ? after : after.after(past), stopping, past);
  }

  /** A start that never came to its spawn; it is begun again and costs nothing more. */
  static Step neverSpawned(Scene scene, Run run) {
    return Step.of(
        scene
            .instance()
            .in(
                Phase.Dead.about(
                    "the daemon ended before it could be spawned",
                    new Actor(run.startedBy(), -1, 0),
                    scene.now())),
        new Effect.Release(scene.instance().name(), run.invocation()));
  }

  private static PastInvocation past(Scene scene, Phase.Stopping stopping) {
    Run run = stopping.current();
    Optional<ExitStatus> status = StopSequence.status(stopping);
    ExitCause cause = cause(stopping, scene.spec());
    long ran = run.upNanos(scene.now());
    return new PastInvocation(
        run.invocation(),
        run.process().isPresent() ? run.process().get().pid() : 0,
        run.process().isPresent() || status.isPresent() ? run.spawnedAt() : scene.now().wall(),
        scene.now().wall(),
        ran,
        stopping.readySince() != Moment.NEVER,
        status,
        cause,
        summary(stopping, cause, status, ran));
  }

  private static String summary(
      Phase.Stopping stopping, ExitCause cause, Optional<ExitStatus> status, long ran) {
    String before =
        switch (stopping.cause()) {
          case START_TIMEOUT -> with("not ready within start_timeout", stopping.detail());
          case UNHEALTHY -> with("liveness lost", stopping.detail());
          case OOM -> "out of memory";
          case SCALED_DOWN,
              RECYCLED,
              STALLED,
              TIME_LIMIT,
              MEMORY,
              HOOK_FAILED,
              HOOK_KILLED,
              HOOK_TIMEOUT,
              EXEC_ERROR,
              SHORTAGE ->
              stopping.detail();
          case REQUESTED, CHANGED, DEPENDENCY, SHUTDOWN, REMAINS, ITSELF -> "";
        };
    if (status.isEmpty()) {
      return before.isEmpty() ? "never spawned" : before;
    }
    String ended =
        cause == ExitCause.UNKNOWN
            ? status.get().toString()
            : status.get() + " after " + Wording.duration(ran);
    return before.isEmpty() ? ended : before + "; " + ended;
  }

  private static String with(String cause, String detail) {
    return detail.isEmpty() ? cause : cause + ": " + detail;
  }

  private static Step released(
      Scene scene, Instance after, Phase.Stopping stopping, PastInvocation past) {
    Run run = stopping.current();
    Effect release = new Effect.Release(scene.instance().name(), run.invocation());
    Optional<Hook> hook = scene.spec().hooks().onFailure();
    boolean hasFailed =
        after.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.FAILED;
    return hasFailed && hook.isPresent()
        ? Step.of(
            after,
            release,
            Hooks.after(
                scene,
                run,
                HookKind.ON_FAILURE,
                hook.get(),
                past.cause(),
                StopSequence.blamed(stopping).or(past::status)))
        : Step.of(after, release);
  }
}
