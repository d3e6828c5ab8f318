package pm.daemon.core.instance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartStep;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/**
 * The transitions of one instance, as pure functions.
 *
 * <pre>
 * DEAD      -> STARTING   start
 * STARTING  -> DEAD       it cannot be spawned, or its process ends and nothing remains
 * STARTING  -> IDLE       it is ready, as readiness has it, and post_start has run
 * IDLE      -> BUSY       it gets a task
 * BUSY      -> IDLE       it has none in hand any more
 * STARTING  -> STOPPING   start_timeout, stop, a hook fails, or its process ends and something
 *                         remains
 * up        -> UNHEALTHY  its checks fail, as liveness has it
 * UNHEALTHY -> IDLE       they pass again, where it is only reported; BUSY if it has tasks in hand
 * up        -> DEAD       its process ends and nothing remains
 * up        -> STOPPING   stop, liveness is lost, too much memory, a task that does not end, or its
 *                         process ends and something remains
 * STOPPING  -> DEAD       nothing of it is left, and post_stop has run
 * </pre>
 *
 * where "up" is IDLE, BUSY or UNHEALTHY. What has a post_stop hook is never DEAD without passing
 * STOPPING. Nothing else exists; it is refused with an {@link IllegalStateException} that names
 * both sides. The caller drops reports about an invocation that is not the instance's current one
 * before it comes here.
 */
public final class InstanceMachine {

  /**
   * How long after KILL we look whether something cannot be killed. What is found then has had all
   * this time to end.
   */
  public static final Duration KILL_BOUND = Duration.ofSeconds(5);

  private InstanceMachine() {}

  // What is asked for.

  /** DEAD: start a process. The caller has made sure that it may be started now. */
  public static Step start(
      Instance instance, ProgramSpec spec, InvocationId fresh, Actor actor, Moment now) {
    Instance counted = counted(instance, spec, now);
    return StartSequence.begin(
        new Scene(counted, spec, now, Scene.NO_CHANCE), Run.intended(fresh, now, actor.toString()));
  }

  /** Takes from an instance what its start costs. */
  private static Instance counted(Instance instance, ProgramSpec spec, Moment now) {
    if (!(instance.phase() instanceof Phase.Dead dead)) {
      throw scene(instance, spec, now).impossible("start");
    }
    return switch (dead.kind()) {
      case ASKED -> instance;
      case SHORTAGE -> instance.with(instance.window(), instance.streak() + 1, instance.restarts());
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
  }

  /**
   * STARTING or up: begin to stop. STOPPING: change what comes after. What comes after is not left
   * to the policy.
   *
   * @param hasWork whether it has tasks in hand, which it may finish first
   */
  public static Step stop(
      Instance instance,
      ProgramSpec spec,
      StopCause cause,
      AfterStop after,
      Actor actor,
      boolean hasWork,
      Moment now) {
    Scene scene = scene(instance, spec, now);
    StopSequence.Order order = new StopSequence.Order(cause, "", after, actor);
    return switch (instance.phase()) {
      case Phase.Dead dead -> throw scene.impossible("stop");
      case Phase.Starting starting -> StopSequence.stop(scene, starting, order);
      case Phase.Up up -> StopSequence.stop(scene, up, order, hasWork);
      case Phase.Stopping stopping -> scene.to(stopping.then(after, cause, actor));
    };
  }

  /**
   * STARTING or up: begin to stop, but do nothing before {@link #proceed}, since what depends on it
   * goes first. What has no process yet, and none on its way, is stopped at once.
   */
  public static Step stopAfterDependants(
      Instance instance,
      ProgramSpec spec,
      StopCause cause,
      AfterStop after,
      Actor actor,
      Moment now) {
    Scene scene = scene(instance, spec, now);
    StopSequence.Order order = new StopSequence.Order(cause, "", after, actor);
    return switch (instance.phase()) {
      case Phase.Starting starting ->
          switch (starting.step()) {
            case PRE_START -> StopSequence.stop(scene, starting, order);
            case SPAWNING, READYING ->
                scene.to(awaitDependants(starting.current(), Moment.NEVER, order));
            case POST_START ->
                scene.to(
                    awaitDependants(starting.current(), Moment.NEVER, order),
                    new Effect.EndHooks(starting.current().invocation()));
          };
      case Phase.Up up -> scene.to(awaitDependants(up.current(), up.readyNanos(), order));
      case Phase.Dead dead -> throw scene.impossible("stop after dependants");
      case Phase.Stopping stopping -> throw scene.impossible("stop after dependants");
    };
  }

  private static Phase.Stopping awaitDependants(
      Run run, long readySince, StopSequence.Order order) {
    return order.of(run, readySince, StopStep.AWAIT_DEPENDANTS, Moment.NEVER);
  }

  /**
   * STARTING or up: its pool has it stopped.
   *
   * @param why the rest of the cause, in words
   * @param hasWork whether it has tasks in hand, which it may finish first
   */
  public static Step retire(
      Instance instance,
      ProgramSpec spec,
      StopCause cause,
      String why,
      AfterStop after,
      Actor actor,
      boolean hasWork,
      Moment now) {
    Scene scene = scene(instance, spec, now);
    StopSequence.Order order = new StopSequence.Order(cause, why, after, actor);
    return switch (instance.phase()) {
      case Phase.Starting starting -> StopSequence.stop(scene, starting, order);
      case Phase.Up up -> StopSequence.stop(scene, up, order, hasWork);
      case Phase.Dead dead -> throw scene.impossible("retire");
      case Phase.Stopping stopping -> throw scene.impossible("retire");
    };
  }

  /**
   * Up: a task in its hands did not end in time, nor when it was told to give it up. It is killed
   * at once and started again. STOPPING: its tasks are waited for no longer.
   *
   * @param why which task, in words
   */
  public static Step kill(Instance instance, ProgramSpec spec, String why, Moment now) {
    Scene scene = scene(instance, spec, now);
    return switch (instance.phase()) {
      case Phase.Up up ->
          StopSequence.kill(
              scene,
              up.current(),
              up.readyNanos(),
              new StopSequence.Order(StopCause.TIME_LIMIT, why, AfterStop.START, Actor.POLICY));
      case Phase.Stopping stopping ->
          switch (stopping.step()) {
            case AWAIT_DEPENDANTS, DRAIN -> hurry(instance, spec, now);
            // It has been told to stop, and gets the time that it has for that.
            case AWAIT_SPAWN,
                BEFORE_KILL,
                PRE_STOP,
                COMMAND,
                SIGNALLED,
                KILLED,
                KILLED_AGAIN,
                STUCK,
                POST_STOP ->
                scene.same();
          };
      case Phase.Dead dead -> throw scene.impossible("kill");
      case Phase.Starting starting -> throw scene.impossible("kill");
    };
  }

  /**
   * IDLE or BUSY: it has tasks in hand now, or has none any more. STOPPING: when it has none, what
   * waits for that goes on. Any other state is the same with tasks and without.
   */
  public static Step busy(Instance instance, ProgramSpec spec, boolean isBusy, Moment now) {
    Scene scene = scene(instance, spec, now);
    return switch (instance.phase()) {
      case Phase.Up up -> Upkeep.busy(scene, up, isBusy);
      case Phase.Stopping stopping ->
          !isBusy && isDraining(stopping) ? StopSequence.afterDrain(scene, stopping) : scene.same();
      case Phase.Dead dead -> scene.same();
      case Phase.Starting starting -> scene.same();
    };
  }

  /** Returns whether it goes on as soon as it has no task in hand. */
  public static boolean isDraining(Phase phase) {
    return phase instanceof Phase.Stopping stopping
        && stopping.step() == StopStep.DRAIN
        && stopping.until() != Moment.NEVER;
  }

  /** STOPPING, and what depends on it is gone: begin to stop. */
  public static Step proceed(Instance instance, ProgramSpec spec, boolean hasWork, Moment now) {
    Scene scene = scene(instance, spec, now);
    if (!(instance.phase() instanceof Phase.Stopping stopping)
        || stopping.step() != StopStep.AWAIT_DEPENDANTS) {
      throw scene.impossible("proceed");
    }
    return StopSequence.begin(scene, stopping, hasWork);
  }

  /** STOPPING: wait no longer. */
  public static Step hurry(Instance instance, ProgramSpec spec, Moment now) {
    Scene scene = scene(instance, spec, now);
    if (!(instance.phase() instanceof Phase.Stopping stopping)) {
      throw scene.impossible("hurry");
    }
    if (stopping.step() == StopStep.AWAIT_DEPENDANTS) {
      Step begun = proceed(instance, spec, false, now);
      Step hurried = hurry(begun.after(), spec, now);
      List<Effect> effects = new ArrayList<>(begun.effects());
      effects.addAll(hurried.effects());
      return new Step(hurried.after(), effects);
    }
    return StopSequence.hurry(scene, stopping);
  }

  /**
   * Any state: what may change while it runs has changed in its definition; what it is looked at
   * for is looked at by the new one from now on.
   */
  public static Step redefined(
      Instance instance, ProgramSpec before, ProgramSpec spec, Moment now) {
    Scene scene = scene(instance, spec, now);
    boolean sameLook =
        before.liveness().equals(spec.liveness()) && before.limits().equals(spec.limits());
    return switch (instance.phase()) {
      case Phase.Dead dead -> scene.same();
      case Phase.Stopping stopping -> scene.same();
      case Phase.Up up -> sameLook ? scene.same() : Upkeep.redefined(scene, up);
      case Phase.Starting starting ->
          sameLook && before.readiness().equals(spec.readiness())
              ? scene.same()
              : StartSequence.redefined(scene, starting);
    };
  }

  private static Scene scene(Instance instance, ProgramSpec spec, Moment now) {
    return new Scene(instance, spec, now, Scene.NO_CHANCE);
  }

  // What happens.

  /** Any state: something happened to its current invocation. */
  public static Step report(
      Instance instance,
      ProgramSpec spec,
      Report.OfInvocation report,
      Moment now,
      RandomGenerator random) {
    Scene scene = new Scene(instance, spec, now, random);
    return switch (instance.phase()) {
      case Phase.Dead dead -> throw scene.impossible(report);
      case Phase.Starting starting -> starting(scene, starting, report);
      case Phase.Up up -> up(scene, up, report);
      case Phase.Stopping stopping -> stopping(scene, stopping, report);
    };
  }

  /** Any state: a hook of its current invocation has ended. */
  public static Step hookEnded(
      Instance instance,
      ProgramSpec spec,
      Report.HookEnded ended,
      Moment now,
      RandomGenerator random) {
    Scene scene = new Scene(instance, spec, now, random);
    return switch (instance.phase()) {
      case Phase.Dead dead -> throw scene.impossible(ended);
      case Phase.Starting starting -> StartSequence.hookEnded(scene, starting, ended);
      case Phase.Up up -> scene.same();
      case Phase.Stopping stopping -> StopSequence.hookEnded(scene, stopping, ended);
    };
  }

  /** Any state but DEAD: act on a deadline that is over; without one nothing happens. */
  public static Step timePassed(
      Instance instance, ProgramSpec spec, Moment now, RandomGenerator random) {
    if (instance.phase().deadline() > now.nanos()) {
      return new Step(instance, List.of());
    }
    Scene scene = new Scene(instance, spec, now, random);
    return switch (instance.phase()) {
      case Phase.Dead dead -> throw scene.impossible("time passed");
      case Phase.Up up -> Upkeep.timePassed(scene, up);
      case Phase.Starting starting -> StartSequence.timePassed(scene, starting);
      case Phase.Stopping stopping -> StopSequence.timePassed(scene, stopping);
    };
  }

  /**
   * Any state: a daemon begins after one that crashed; look for what it left. What waits for an
   * answer waits anew: nobody could ask or answer while no daemon ran.
   */
  public static Step resume(
      Instance instance, ProgramSpec spec, Moment now, RandomGenerator random) {
    Scene scene = new Scene(instance, spec, now, random);
    return switch (instance.phase()) {
      case Phase.Dead dead -> scene.same();
      case Phase.Starting starting -> StartSequence.resume(scene, starting);
      case Phase.Up up -> scene.same(new Effect.Adopt(instance.name(), up.current(), spec, false));
      case Phase.Stopping stopping -> StopSequence.resume(scene, stopping);
    };
  }

  private static Step starting(Scene scene, Phase.Starting starting, Report.OfInvocation report) {
    Run run = starting.current();
    return switch (report) {
      case Report.Spawned spawned -> {
        if (starting.step() != StartStep.SPAWNING) {
          throw scene.impossible(report);
        }
        yield StartSequence.spawned(
            scene,
            starting,
            run.spawned(spawned.process(), spawned.notes(), spawned.isEnforced(), scene.now()));
      }
      case Report.Adopted adopted -> {
        if (run.process().isEmpty()) {
          throw scene.impossible(report);
        }
        yield StartSequence.adopted(scene, starting);
      }
      case Report.SpawnFailed failed -> {
        if (starting.step() != StartStep.SPAWNING) {
          throw scene.impossible(report);
        }
        yield StopSequence.windUp(scene, notSpawned(run, failed));
      }
      case Report.NeverSpawned never -> {
        if (starting.step() != StartStep.SPAWNING) {
          throw scene.impossible(report);
        }
        yield Ending.neverSpawned(scene, run);
      }
      case Report.Exited exited ->
          switch (starting.step()) {
            case PRE_START -> throw scene.impossible(report);
            case SPAWNING, READYING -> StopSequence.ended(scene, run, Moment.NEVER, exited);
            case POST_START ->
                StopSequence.ended(
                    scene, run, Moment.NEVER, exited, new Effect.EndHooks(run.invocation()));
          };
      case Report.RemainsGone gone -> throw scene.impossible(report);
      case Report.RemainsLeft left -> throw scene.impossible(report);
      case Report.BecameReady ready ->
          starting.step() == StartStep.PRE_START
              ? scene.same()
              : StartSequence.saysReady(scene, starting.with(run.telling(run.told().andIsReady())));
      case Report.Notified notified -> notified(scene, starting, notified);
      case Report.Checked checked -> StartSequence.checked(scene, starting, checked);
      case Report.Used used -> StartSequence.used(scene, starting, used);
    };
  }

  private static Step notified(Scene scene, Phase.Starting starting, Report.Notified notified) {
    Notification said = notified.notification();
    Run before = starting.current();
    Optional<ProcessIdentity> main = otherMain(before, said);
    Run run = told(before, said, main);
    Effect[] follow = follow(scene, run, main);
    long giveUpAt = Math.max(starting.giveUpAt(), extended(said, scene.now()));
    Phase.Starting told = starting.with(run).givenUpAt(giveUpAt);
    return switch (starting.step()) {
      // A hook is not the program.
      case PRE_START -> scene.same();
      case SPAWNING -> scene.to(told);
      case READYING, POST_START -> {
        if (said.stopping()) {
          yield StopSequence.byItself(
              scene,
              run,
              Moment.NEVER,
              starting.step() == StartStep.POST_START
                  ? with(follow, new Effect.EndHooks(run.invocation()))
                  : follow);
        }
        Step step = said.ready() ? StartSequence.saysReady(scene, told) : scene.to(told);
        yield new Step(step.after(), List.of(with(follow, step.effects())));
      }
    };
  }

  private static Step up(Scene scene, Phase.Up up, Report.OfInvocation report) {
    return switch (report) {
      case Report.Exited exited -> StopSequence.ended(scene, up.current(), up.readyNanos(), exited);
      case Report.Adopted adopted -> Upkeep.adopted(scene, up);
      case Report.Checked checked -> Upkeep.checked(scene, up, checked);
      case Report.Used used -> Upkeep.used(scene, up, used);
      case Report.Notified notified -> {
        Optional<ProcessIdentity> main = otherMain(up.current(), notified.notification());
        Run run = told(up.current(), notified.notification(), main);
        yield Upkeep.notified(scene, up, run, notified, follow(scene, run, main));
      }
      case Report.BecameReady ready -> scene.same();
      case Report.Spawned spawned -> throw scene.impossible(report);
      case Report.SpawnFailed failed -> throw scene.impossible(report);
      case Report.NeverSpawned never -> throw scene.impossible(report);
      case Report.RemainsGone gone -> throw scene.impossible(report);
      case Report.RemainsLeft left -> throw scene.impossible(report);
    };
  }

  private static Step stopping(Scene scene, Phase.Stopping stopping, Report.OfInvocation report) {
    return switch (report) {
      case Report.Spawned spawned -> {
        if (!stopping.isBeingSpawned()) {
          throw scene.impossible(report);
        }
        Phase.Stopping known =
            stopping.with(
                stopping
                    .current()
                    .spawned(
                        spawned.process(), spawned.notes(), spawned.isEnforced(), scene.now()));
        yield stopping.step() == StopStep.AWAIT_DEPENDANTS
            ? scene.to(known)
            : StopSequence.ask(scene, known);
      }
      case Report.SpawnFailed failed -> {
        if (!stopping.isBeingSpawned()) {
          throw scene.impossible(report);
        }
        yield switch (stopping.after()) {
          case POLICY -> StopSequence.windUp(scene, notSpawned(stopping.current(), failed));
          case STAY, START, FORGET -> StopSequence.windUp(scene, stopping);
        };
      }
      case Report.NeverSpawned never -> {
        if (!stopping.isBeingSpawned()) {
          throw scene.impossible(report);
        }
        yield switch (stopping.after()) {
          case POLICY -> Ending.neverSpawned(scene, stopping.current());
          case STAY, START, FORGET -> Ending.of(scene, stopping);
        };
      }
      case Report.Adopted adopted -> {
        if (stopping.current().process().isEmpty()
            || stopping.exit().isPresent()
            || stopping.step() == StopStep.POST_STOP) {
          throw scene.impossible(report);
        }
        yield StopSequence.adopted(scene, stopping);
      }
      case Report.Exited exited -> StopSequence.exited(scene, stopping, exited);
      case Report.RemainsGone gone -> {
        if (stopping.isBeingSpawned()) {
          throw scene.impossible(report);
        }
        if (stopping.step() == StopStep.POST_STOP) {
          // What was asked for before its end was reported is answered as well.
          yield scene.same();
        }
        yield StopSequence.windUp(scene, stopping, StopSequence.endHooks(stopping));
      }
      case Report.RemainsLeft left -> {
        if (stopping.isBeingSpawned()) {
          throw scene.impossible(report);
        }
        if (stopping.step() == StopStep.POST_STOP) {
          // What was asked for before its end was reported is answered as well.
          yield scene.same();
        }
        yield StopSequence.left(scene, stopping, left);
      }
      case Report.BecameReady ready -> scene.same();
      case Report.Checked checked -> scene.same();
      case Report.Used used -> scene.same();
      case Report.Notified notified -> {
        Notification said = notified.notification();
        Optional<ProcessIdentity> main =
            stopping.exit().isPresent() ? Optional.empty() : otherMain(stopping.current(), said);
        Run run = told(stopping.current(), said, main);
        yield scene.to(
            StopSequence.extended(stopping.with(run), extended(said, scene.now())),
            follow(scene, run, main));
      }
    };
  }

  /** A start that ends with its spawn. */
  private static Phase.Stopping notSpawned(Run run, Report.SpawnFailed failed) {
    return StopSequence.Order.byPolicy(
            failed.shortage() ? StopCause.SHORTAGE : StopCause.EXEC_ERROR, failed.inWords())
        .of(run, Moment.NEVER, StopStep.POST_STOP, Moment.NEVER);
  }

  // What it says of itself.

  /**
   * Returns the main process where it names another than we know. Before its spawn is known it
   * cannot.
   */
  private static Optional<ProcessIdentity> otherMain(Run run, Notification said) {
    return said.mainProcess()
        .filter(main -> run.process().isPresent() && !main.equals(run.process().get()));
  }

  private static Run told(Run run, Notification said, Optional<ProcessIdentity> main) {
    Run told = run.telling(run.told().and(said));
    return main.map(told::led).orElse(told);
  }

  private static Effect[] follow(Scene scene, Run run, Optional<ProcessIdentity> main) {
    return main.isPresent()
        ? new Effect[] {new Effect.Follow(scene.instance().name(), run.invocation(), main.get())}
        : new Effect[0];
  }

  /** Returns until when it asks for patience; before any time where it does not. */
  private static long extended(Notification said, Moment now) {
    OptionalLong nanos = said.extendTimeoutNanos();
    return nanos.isPresent()
        ? Moment.after(now.nanos(), Duration.ofNanos(nanos.getAsLong()))
        : Long.MIN_VALUE;
  }

  private static Effect[] with(Effect[] first, Effect then) {
    return with(first, List.of(then));
  }

  private static Effect[] with(Effect[] first, List<Effect> then) {
    List<Effect> all = new ArrayList<>(List.of(first));
    all.addAll(then);
    return all.toArray(Effect[]::new);
  }
}
