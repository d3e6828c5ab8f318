package pm.daemon.core.instance;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.config.StopScope;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.ExitCause;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/**
 * The transitions of one instance, as pure functions.
 *
 * <pre>
 * DEAD      -> STARTING   start
 * STARTING  -> DEAD       it cannot be spawned, or its process ends and nothing remains
 * STARTING  -> IDLE       it has been up for readiness.uptime
 * STARTING  -> STOPPING   start_timeout, stop, or its process ends and something remains
 * up        -> DEAD       its process ends and nothing remains
 * up        -> STOPPING   stop, or its process ends and something remains
 * STOPPING  -> DEAD       nothing of it is left
 * </pre>
 *
 * where "up" is IDLE, BUSY or UNHEALTHY. Nothing else exists; it is refused with an {@link
 * IllegalStateException} that names both sides. The caller drops reports about an invocation that
 * is not the instance's current one before it comes here.
 */
public final class InstanceMachine {

  /** How long after KILL we say that something cannot be killed. */
  public static final Duration KILL_BOUND = Duration.ofSeconds(5);

  private InstanceMachine() {}

  /** DEAD: start a process. The caller has made sure that it may be started now. */
  public static Step start(
      Instance instance, ProgramSpec spec, InvocationId fresh, Actor actor, Moment now) {
    if (!(instance.phase() instanceof Phase.Dead dead)) {
      throw impossible(instance, "start");
    }
    Instance counted =
        switch (dead.kind()) {
          case ASKED -> instance;
          case SHORTAGE ->
              instance.with(instance.window(), instance.streak() + 1, instance.restarts());
          case RESTART ->
              instance.with(
                  instance
                      .window()
                      .with(
                          now.nanos(),
                          spec.restart().window(),
                          spec.restart().maxRestarts().orElse(RestartWindow.UNLIMITED_BOUND)),
                  instance.streak() + 1,
                  instance.restarts() + 1);
        };
    Run run = Run.intended(fresh, now, actor.toString());
    return Step.of(
        counted.in(new Phase.Starting(run, Moment.NEVER, giveUpAt(spec, now))),
        new Effect.Spawn(instance.name(), fresh, spec));
  }

  /**
   * STARTING or up: begin to stop, but do nothing before {@link #proceed}, since what depends on it
   * goes first.
   */
  public static Step stopAfterDependants(
      Instance instance, StopCause cause, AfterStop after, Actor actor) {
    return switch (instance.phase()) {
      case Phase.Starting starting ->
          awaitDependants(instance, starting.current(), Moment.NEVER, cause, after, actor);
      case Phase.Up up ->
          awaitDependants(instance, up.current(), up.readyNanos(), cause, after, actor);
      case Phase.Dead dead -> throw impossible(instance, "stop after dependants");
      case Phase.Stopping stopping -> throw impossible(instance, "stop after dependants");
    };
  }

  private static Step awaitDependants(
      Instance instance, Run run, long readySince, StopCause cause, AfterStop after, Actor actor) {
    return Step.of(
        instance.in(
            new Phase.Stopping(
                run,
                cause,
                actor,
                StopStep.AWAIT_DEPENDANTS,
                Moment.NEVER,
                Optional.empty(),
                after,
                readySince,
                List.of())));
  }

  /** STOPPING, and what depends on it is gone: begin to stop. */
  public static Step proceed(Instance instance, ProgramSpec spec, Moment now) {
    if (!(instance.phase() instanceof Phase.Stopping stopping)
        || stopping.step() != StopStep.AWAIT_DEPENDANTS) {
      throw impossible(instance, "proceed");
    }
    return beginStop(
        instance,
        spec,
        stopping.current(),
        stopping.readySince(),
        stopping.cause(),
        stopping.after(),
        stopping.actor(),
        now);
  }

  /** STARTING or up: begin to stop. STOPPING: change what comes after. */
  public static Step stop(
      Instance instance,
      ProgramSpec spec,
      StopCause cause,
      AfterStop after,
      Actor actor,
      Moment now) {
    return switch (instance.phase()) {
      case Phase.Dead dead -> throw impossible(instance, "stop");
      case Phase.Starting starting ->
          beginStop(instance, spec, starting.current(), Moment.NEVER, cause, after, actor, now);
      case Phase.Up up ->
          beginStop(instance, spec, up.current(), up.readyNanos(), cause, after, actor, now);
      case Phase.Stopping stopping -> Step.of(instance.in(stopping.then(after, cause, actor)));
    };
  }

  /** STOPPING: wait no longer. */
  public static Step hurry(Instance instance, ProgramSpec spec, Moment now) {
    if (!(instance.phase() instanceof Phase.Stopping stopping)) {
      throw impossible(instance, "hurry");
    }
    return switch (stopping.step()) {
      case AWAIT_DEPENDANTS -> {
        Step begun = proceed(instance, spec, now);
        yield hurry(begun.after(), spec, now);
      }
      case SIGNALLED -> kill(instance, spec, stopping, now);
      case AWAIT_SPAWN ->
          Step.of(
              instance.in(
                  stopping.at(
                      StopStep.AWAIT_SPAWN, Math.min(stopping.until(), now.after(KILL_BOUND)))));
      case KILLED, STUCK -> new Step(instance, List.of());
    };
  }

  /** Any state: something happened to its current invocation. */
  public static Step report(
      Instance instance,
      ProgramSpec spec,
      Report.OfInvocation report,
      Moment now,
      RandomGenerator random) {
    return switch (instance.phase()) {
      case Phase.Dead dead -> throw impossible(instance, report);
      case Phase.Starting starting -> starting(instance, spec, starting, report, now, random);
      case Phase.Up up -> up(instance, spec, up, report, now, random);
      case Phase.Stopping stopping -> stopping(instance, spec, stopping, report, now, random);
    };
  }

  /** STARTING or STOPPING: act on a deadline that is over; without one nothing happens. */
  public static Step timePassed(Instance instance, ProgramSpec spec, Moment now) {
    if (instance.phase().deadline() > now.nanos()) {
      return new Step(instance, List.of());
    }
    return switch (instance.phase()) {
      case Phase.Dead dead -> throw impossible(instance, "time passed");
      case Phase.Up up -> throw impossible(instance, "time passed");
      case Phase.Starting starting ->
          starting.readyAt() <= starting.giveUpAt()
              ? Step.of(instance.in(ready(starting.current(), now)))
              : beginStop(
                  instance,
                  spec,
                  starting.current(),
                  Moment.NEVER,
                  StopCause.START_TIMEOUT,
                  AfterStop.POLICY,
                  Actor.POLICY,
                  now);
      case Phase.Stopping stopping ->
          switch (stopping.step()) {
            case SIGNALLED -> kill(instance, spec, stopping, now);
            case AWAIT_SPAWN, KILLED ->
                Step.of(instance.in(stopping.at(StopStep.STUCK, Moment.NEVER)));
            case AWAIT_DEPENDANTS, STUCK -> throw impossible(instance, "time passed");
          };
    };
  }

  /**
   * Any state: a daemon begins after one that crashed; look for what it left. What waits for an
   * answer waits anew: nobody could ask or answer while no daemon ran.
   */
  public static Step resume(Instance instance, ProgramSpec spec, Moment now) {
    return switch (instance.phase()) {
      case Phase.Dead dead -> new Step(instance, List.of());
      case Phase.Starting starting ->
          Step.of(
              starting.current().process().isPresent()
                  ? instance
                  : instance.in(
                      new Phase.Starting(starting.current(), Moment.NEVER, giveUpAt(spec, now))),
              new Effect.Adopt(instance.name(), starting.current(), spec, false));
      case Phase.Up up ->
          Step.of(instance, new Effect.Adopt(instance.name(), up.current(), spec, false));
      case Phase.Stopping stopping -> {
        boolean exited = stopping.exit().isPresent();
        Phase.Stopping anew = stopping.at(stopping.step(), stepEnd(stopping.step(), spec, now));
        Effect adopt = new Effect.Adopt(instance.name(), stopping.current(), spec, exited);
        yield exited
            ? Step.of(instance.in(anew), adopt, again(instance, spec, anew))
            : Step.of(instance.in(anew), adopt);
      }
    };
  }

  private static long stepEnd(StopStep step, ProgramSpec spec, Moment now) {
    return switch (step) {
      case AWAIT_DEPENDANTS, STUCK -> Moment.NEVER;
      // Whoever waits for a stop is told within the same time, whatever holds it up.
      case AWAIT_SPAWN -> Moment.after(now.after(spec.stop().timeout()), KILL_BOUND);
      case SIGNALLED -> now.after(spec.stop().timeout());
      case KILLED -> now.after(KILL_BOUND);
    };
  }

  private static Step starting(
      Instance instance,
      ProgramSpec spec,
      Phase.Starting starting,
      Report.OfInvocation report,
      Moment now,
      RandomGenerator random) {
    return switch (report) {
      case Report.Spawned spawned -> {
        if (starting.current().process().isPresent()) {
          throw impossible(instance, report);
        }
        Run run =
            starting
                .current()
                .spawned(spawned.process(), spawned.notes(), spawned.isEnforced(), now);
        Duration uptime = uptime(spec);
        yield Step.of(
            instance.in(
                uptime.isZero()
                    ? ready(run, now)
                    : new Phase.Starting(run, now.after(uptime), starting.giveUpAt())));
      }
      case Report.Adopted adopted -> {
        if (starting.current().process().isEmpty()) {
          throw impossible(instance, report);
        }
        yield Step.of(
            instance.in(
                new Phase.Starting(
                    starting.current().taken(), starting.readyAt(), starting.giveUpAt())));
      }
      case Report.SpawnFailed failed ->
          spawnFailed(instance, spec, starting.current(), failed, now, random);
      case Report.NeverSpawned never -> neverSpawned(instance, starting.current(), never, now);
      case Report.Exited exited ->
          ended(instance, spec, starting.current(), Moment.NEVER, exited, now, random);
      case Report.RemainsGone gone -> throw impossible(instance, report);
      case Report.RemainsLeft left -> throw impossible(instance, report);
      case Report.BecameReady ready -> new Step(instance, List.of());
      case Report.Notified notified -> new Step(instance, List.of());
      case Report.Checked checked -> new Step(instance, List.of());
      case Report.Used used -> new Step(instance, List.of());
    };
  }

  private static Step up(
      Instance instance,
      ProgramSpec spec,
      Phase.Up up,
      Report.OfInvocation report,
      Moment now,
      RandomGenerator random) {
    return switch (report) {
      case Report.Exited exited ->
          ended(instance, spec, up.current(), up.readyNanos(), exited, now, random);
      case Report.Adopted adopted ->
          Step.of(instance.in(new Phase.Up(up.current().taken(), up.state(), up.readyNanos())));
      case Report.Spawned spawned -> throw impossible(instance, report);
      case Report.SpawnFailed failed -> throw impossible(instance, report);
      case Report.NeverSpawned never -> throw impossible(instance, report);
      case Report.RemainsGone gone -> throw impossible(instance, report);
      case Report.RemainsLeft left -> throw impossible(instance, report);
      case Report.BecameReady ready -> new Step(instance, List.of());
      case Report.Notified notified -> new Step(instance, List.of());
      case Report.Checked checked -> new Step(instance, List.of());
      case Report.Used used -> new Step(instance, List.of());
    };
  }

  private static Step stopping(
      Instance instance,
      ProgramSpec spec,
      Phase.Stopping stopping,
      Report.OfInvocation report,
      Moment now,
      RandomGenerator random) {
    return switch (report) {
      case Report.Spawned spawned -> {
        if (!stopping.isBeingSpawned()) {
          throw impossible(instance, report);
        }
        Phase.Stopping known =
            stopping.with(
                stopping
                    .current()
                    .spawned(spawned.process(), spawned.notes(), spawned.isEnforced(), now));
        yield stopping.step() == StopStep.AWAIT_DEPENDANTS
            ? Step.of(instance.in(known))
            : signal(instance, spec, known, now);
      }
      case Report.SpawnFailed failed -> {
        if (!stopping.isBeingSpawned()) {
          throw impossible(instance, report);
        }
        yield switch (stopping.after()) {
          case POLICY -> spawnFailed(instance, spec, stopping.current(), failed, now, random);
          case STAY, START, FORGET -> finish(instance, spec, stopping, now, random);
        };
      }
      case Report.NeverSpawned never -> {
        if (!stopping.isBeingSpawned()) {
          throw impossible(instance, report);
        }
        yield switch (stopping.after()) {
          case POLICY -> neverSpawned(instance, stopping.current(), never, now);
          case STAY, START, FORGET -> finish(instance, spec, stopping, now, random);
        };
      }
      case Report.Adopted adopted -> {
        if (stopping.isBeingSpawned() || stopping.exit().isPresent()) {
          throw impossible(instance, report);
        }
        // The signal may have been lost with the daemon that wanted to send it.
        Phase.Stopping taken = stopping.with(stopping.current().taken());
        if (taken.step() == StopStep.AWAIT_DEPENDANTS) {
          yield Step.of(instance.in(taken));
        }
        yield Step.of(instance.in(taken), again(instance, spec, taken));
      }
      case Report.Exited exited -> {
        if (stopping.exit().isPresent()) {
          throw impossible(instance, report);
        }
        Phase.Stopping after = stopping.exited(exited.status());
        if (!exited.remains() || spec.stop().scope() == StopScope.PROCESS) {
          yield finish(instance, spec, after, now, random);
        }
        if (stopping.isBeingSpawned()) {
          yield kill(instance, spec, after, now);
        }
        yield switch (stopping.step()) {
          // It ended before it was asked to; what it left behind has no dependants.
          case AWAIT_DEPENDANTS -> kill(instance, spec, after, now);
          case SIGNALLED ->
              Step.of(
                  instance.in(after),
                  new Effect.SignalRemains(
                      instance.name(),
                      after.current().invocation(),
                      spec.stop().scope(),
                      spec.stop().signal()));
          // Whoever was asked to kill may have died with the daemon before this one.
          case KILLED, STUCK -> Step.of(instance.in(after), killRemains(instance, spec, after));
          case AWAIT_SPAWN -> throw impossible(instance, report);
        };
      }
      case Report.RemainsGone gone -> {
        if (stopping.isBeingSpawned()) {
          throw impossible(instance, report);
        }
        yield finish(instance, spec, stopping, now, random);
      }
      case Report.RemainsLeft left -> {
        if (stopping.isBeingSpawned()) {
          throw impossible(instance, report);
        }
        yield Step.of(instance.in(stopping.leaving(left.pids())));
      }
      case Report.BecameReady ready -> new Step(instance, List.of());
      case Report.Notified notified -> new Step(instance, List.of());
      case Report.Checked checked -> new Step(instance, List.of());
      case Report.Used used -> new Step(instance, List.of());
    };
  }

  private static Phase.Up ready(Run run, Moment now) {
    return new Phase.Up(run, InstanceState.IDLE, now.nanos());
  }

  private static Duration uptime(ProgramSpec spec) {
    return switch (spec.type()) {
      // It ends by itself, so "up for so long" says nothing about it.
      case ONESHOT -> Duration.ZERO;
      case SIMPLE, WORKER ->
          switch (spec.readiness()) {
            case Readiness.Uptime uptime -> uptime.uptime();
            case Readiness.Notify notify -> Duration.ZERO;
            case Readiness.FdLine line -> Duration.ZERO;
            case Readiness.LogLine line -> Duration.ZERO;
            case Readiness.Ping ping -> Duration.ZERO;
            case Readiness.Probed probed -> Duration.ZERO;
          };
    };
  }

  private static long giveUpAt(ProgramSpec spec, Moment now) {
    return spec.type() == ProgramType.ONESHOT ? Moment.NEVER : now.after(spec.startTimeout());
  }

  private static Step beginStop(
      Instance instance,
      ProgramSpec spec,
      Run run,
      long readySince,
      StopCause cause,
      AfterStop after,
      Actor actor,
      Moment now) {
    Phase.Stopping stopping =
        new Phase.Stopping(
            run,
            cause,
            actor,
            StopStep.AWAIT_SPAWN,
            stepEnd(StopStep.AWAIT_SPAWN, spec, now),
            Optional.empty(),
            after,
            readySince,
            List.of());
    return run.process().isEmpty()
        ? Step.of(instance.in(stopping))
        : signal(instance, spec, stopping, now);
  }

  private static Step signal(
      Instance instance, ProgramSpec spec, Phase.Stopping stopping, Moment now) {
    Run run = stopping.current();
    return Step.of(
        instance.in(stopping.at(StopStep.SIGNALLED, stepEnd(StopStep.SIGNALLED, spec, now))),
        new Effect.Signal(
            run.invocation(),
            run.process().orElseThrow(() -> impossible(instance, "signal")),
            spec.stop().signal(),
            spec.stop().scope(),
            true));
  }

  private static Step kill(
      Instance instance, ProgramSpec spec, Phase.Stopping stopping, Moment now) {
    return Step.of(
        instance.in(stopping.at(StopStep.KILLED, stepEnd(StopStep.KILLED, spec, now))),
        killRemains(instance, spec, stopping));
  }

  private static Effect killRemains(Instance instance, ProgramSpec spec, Phase.Stopping stopping) {
    return new Effect.KillRemains(
        instance.name(), stopping.current().invocation(), spec.stop().scope());
  }

  /** Returns the effect of the step that a stop has reached, for a daemon that goes on with it. */
  private static Effect again(Instance instance, ProgramSpec spec, Phase.Stopping stopping) {
    InvocationId invocation = stopping.current().invocation();
    return switch (stopping.step()) {
      case AWAIT_DEPENDANTS, AWAIT_SPAWN, KILLED, STUCK -> killRemains(instance, spec, stopping);
      case SIGNALLED ->
          stopping.exit().isPresent()
              ? new Effect.SignalRemains(
                  instance.name(), invocation, spec.stop().scope(), spec.stop().signal())
              : new Effect.Signal(
                  invocation,
                  stopping
                      .current()
                      .process()
                      .orElseThrow(() -> impossible(instance, "signal again")),
                  spec.stop().signal(),
                  spec.stop().scope(),
                  true);
    };
  }

  private static Step spawnFailed(
      Instance instance,
      ProgramSpec spec,
      Run run,
      Report.SpawnFailed failed,
      Moment now,
      RandomGenerator random) {
    if (run.process().isPresent()) {
      throw impossible(instance, failed);
    }
    String sentence = failed.stage() + ": " + failed.reason();
    PastInvocation past =
        new PastInvocation(
            run.invocation(),
            0,
            now.wall(),
            now.wall(),
            0,
            false,
            Optional.empty(),
            failed.shortage() ? ExitCause.SPAWN_ERROR : ExitCause.EXEC_ERROR,
            sentence);
    Phase.Dead dead =
        failed.shortage()
            ? RestartRule.afterShortage(instance, spec, sentence, now, random)
            : Phase.Dead.lasting(DeadReason.FAILED, sentence, Actor.POLICY);
    return released(instance, instance.in(dead).after(past), run);
  }

  /** The daemon that decided its start ended before it could be spawned. */
  private static Step neverSpawned(
      Instance instance, Run run, Report.NeverSpawned never, Moment now) {
    if (run.process().isPresent()) {
      throw impossible(instance, never);
    }
    // Its place in the window was taken when the start was decided, so it costs nothing more.
    return released(
        instance,
        instance.in(
            Phase.Dead.about(
                "the daemon ended before it could be spawned",
                new Actor(run.startedBy(), -1, 0),
                now)),
        run);
  }

  /** Its process ended by itself. */
  private static Step ended(
      Instance instance,
      ProgramSpec spec,
      Run run,
      long readySince,
      Report.Exited exited,
      Moment now,
      RandomGenerator random) {
    if (!exited.remains() || spec.stop().scope() == StopScope.PROCESS) {
      return over(
          instance,
          spec,
          run,
          readySince,
          RestartRule.causeOf(exited.status(), spec),
          exited.status(),
          now,
          random);
    }
    Phase.Stopping stopping =
        new Phase.Stopping(
            run,
            StopCause.REMAINS,
            Actor.POLICY,
            StopStep.KILLED,
            now.after(KILL_BOUND),
            Optional.of(exited.status()),
            AfterStop.POLICY,
            readySince,
            List.of());
    return Step.of(instance.in(stopping), killRemains(instance, spec, stopping));
  }

  /** Nothing of it is left, and somebody had wanted that. */
  private static Step finish(
      Instance instance,
      ProgramSpec spec,
      Phase.Stopping stopping,
      Moment now,
      RandomGenerator random) {
    Run run = stopping.current();
    ExitStatus status = stopping.exit().orElseGet(ExitStatus.Unknown::new);
    ExitCause cause =
        switch (stopping.cause()) {
          case REQUESTED, CHANGED, DEPENDENCY, SHUTDOWN -> ExitCause.REQUESTED;
          case START_TIMEOUT -> ExitCause.START_TIMEOUT;
          case UNHEALTHY -> ExitCause.UNHEALTHY;
          case REMAINS -> RestartRule.causeOf(status, spec);
        };
    return switch (stopping.after()) {
      case POLICY -> over(instance, spec, run, stopping.readySince(), cause, status, now, random);
      case STAY, FORGET -> gone(instance, stopping, cause, status, down(stopping, spec), now);
      case START ->
          gone(
              instance,
              stopping,
              cause,
              status,
              Phase.Dead.about(
                  switch (stopping.cause()) {
                    case CHANGED -> "its definition changed, starts again";
                    case SHUTDOWN -> "the last shutdown was not finished, starts again";
                    case DEPENDENCY -> "starts again once what it depends on is there";
                    case REQUESTED, START_TIMEOUT, UNHEALTHY, REMAINS ->
                        "restarted by " + stopping.actor();
                  },
                  stopping.actor(),
                  now),
              now);
    };
  }

  /** It stays down. Only what an operator or a shutdown stopped is STOPPED. */
  private static Phase.Dead down(Phase.Stopping stopping, ProgramSpec spec) {
    String end = endOf(stopping.current(), stopping.exit());
    Actor actor = stopping.actor();
    if (stopping.cause() == StopCause.CHANGED && stopping.after() == AfterStop.STAY) {
      return spec.enabled()
          ? Phase.Dead.lasting(DeadReason.NEW, "it was disabled; autostart is off" + end, actor)
          : Phase.Dead.lasting(
              DeadReason.DISABLED, "its definition says enabled: false" + end, actor);
    }
    String why = stopping.cause() == StopCause.SHUTDOWN ? "the daemon shut down" : "by " + actor;
    return Phase.Dead.lasting(DeadReason.STOPPED, why + end, actor);
  }

  private static String endOf(Run run, Optional<ExitStatus> exit) {
    return run.process().isEmpty() || exit.isEmpty() ? "" : "; " + exit.get();
  }

  private static Step gone(
      Instance instance,
      Phase.Stopping stopping,
      ExitCause cause,
      ExitStatus status,
      Phase.Dead dead,
      Moment now) {
    Run run = stopping.current();
    Instance after = instance.in(dead);
    return released(
        instance,
        run.process().isEmpty()
            ? after
            : after.after(past(run, stopping.readySince(), cause, status, now)),
        run);
  }

  private static Step over(
      Instance instance,
      ProgramSpec spec,
      Run run,
      long readySince,
      ExitCause cause,
      ExitStatus status,
      Moment now,
      RandomGenerator random) {
    PastInvocation past = past(run, readySince, cause, status, now);
    boolean wasHealthyForLong =
        readySince != Moment.NEVER
            && Moment.after(readySince, spec.restart().resetAfter()) <= now.nanos();
    Instance judged =
        wasHealthyForLong ? instance.with(instance.window(), 0, instance.restarts()) : instance;
    Phase.Dead dead = RestartRule.after(judged, spec, cause, status, past.summary(), now, random);
    return released(instance, judged.in(dead).after(past), run);
  }

  private static PastInvocation past(
      Run run, long readySince, ExitCause cause, ExitStatus status, Moment now) {
    long ran = run.upNanos(now);
    String ended = status + " after " + Wording.duration(ran);
    String summary =
        switch (cause) {
          case START_TIMEOUT -> "not ready within start_timeout; " + ended;
          case UNHEALTHY -> "liveness lost; " + ended;
          case TIME_LIMIT -> "time limit; " + ended;
          case OOM -> "out of memory; " + ended;
          case RECYCLE -> "recycled; " + ended;
          case UNKNOWN -> status.toString();
          case REQUESTED, CLEAN, EXIT, SIGNAL, EXEC_ERROR, SPAWN_ERROR -> ended;
        };
    return new PastInvocation(
        run.invocation(),
        run.process().isPresent() ? run.process().get().pid() : 0,
        run.spawnedAt(),
        now.wall(),
        ran,
        readySince != Moment.NEVER,
        Optional.of(status),
        cause,
        summary);
  }

  private static Step released(Instance before, Instance after, Run run) {
    return Step.of(after, new Effect.Release(before.name(), run.invocation()));
  }

  private static IllegalStateException impossible(Instance instance, Object what) {
    return new IllegalStateException(
        instance.name() + " in " + instance.phase() + " cannot take: " + what);
  }
}
