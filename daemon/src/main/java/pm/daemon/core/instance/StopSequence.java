package pm.daemon.core.instance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import pm.config.BeforeKill;
import pm.config.Hook;
import pm.config.Liveness;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;

/**
 * The steps of a stop, in their order; each is left out where there is nothing to do in it:
 *
 * <pre>
 * AWAIT_DEPENDANTS -> AWAIT_SPAWN -> DRAIN -> BEFORE_KILL -> PRE_STOP -> COMMAND or SIGNALLED
 *     -> KILLED -> KILLED_AGAIN -> STUCK
 *                            whenever nothing of it is left: -> POST_STOP -> DEAD
 * </pre>
 */
final class StopSequence {

  /** How long a process has to answer the signal of {@code before_kill}, such as a JVM's QUIT. */
  static final Duration BEFORE_KILL_WAIT = Duration.ofSeconds(1);

  /**
   * How long the second look for what was killed may take. On a machine where everything takes
   * long, it does too.
   */
  static final Duration LOOK_BOUND = Duration.ofSeconds(25);

  /** When we say that something is stuck of which nothing was heard, be it a kill or a spawn. */
  static final Duration STUCK_BOUND = InstanceMachine.KILL_BOUND.plus(LOOK_BOUND);

  private StopSequence() {}

  /**
   * Why and for whom something is stopped.
   *
   * @param detail the rest of the cause in words; empty where it says it all
   * @param hookCode the exit code of the hook whose failure it is for; empty for none
   */
  record Order(StopCause cause, String detail, AfterStop after, Actor actor, OptionalInt hookCode) {
    Order(StopCause cause, String detail, AfterStop after, Actor actor) {
      this(cause, detail, after, actor, OptionalInt.empty());
    }

    /** By the policy, which decides what comes then. */
    static Order byPolicy(StopCause cause, String detail) {
      return new Order(cause, detail, AfterStop.POLICY, Actor.POLICY);
    }

    /** By the policy, because of a hook. */
    static Order because(HookKind kind, HookEnd end) {
      return new Order(
          Hooks.failure(end),
          kind.word() + " failed: " + end.inWords(),
          AfterStop.POLICY,
          Actor.POLICY,
          end.exitCode());
    }

    Phase.Stopping of(Run run, long readySince, StopStep step, long until) {
      return new Phase.Stopping(
          run,
          cause,
          detail,
          actor,
          step,
          until,
          Optional.empty(),
          after,
          readySince,
          List.of(),
          hookCode);
    }
  }

  /** Stops what is being started. */
  static Step stop(Scene scene, Phase.Starting starting, Order order) {
    Run run = starting.current();
    return switch (starting.step()) {
      case PRE_START ->
          windUp(
              scene,
              order.of(run, Moment.NEVER, StopStep.POST_STOP, Moment.NEVER),
              new Effect.EndHooks(run.invocation()));
      case SPAWNING ->
          scene.to(
              order.of(
                  run,
                  Moment.NEVER,
                  StopStep.AWAIT_SPAWN,
                  stepEnd(StopStep.AWAIT_SPAWN, scene.spec(), scene.now())));
      case READYING -> ask(scene, order.of(run, Moment.NEVER, StopStep.SIGNALLED, Moment.NEVER));
      case POST_START ->
          ask(
              scene,
              order.of(run, Moment.NEVER, StopStep.SIGNALLED, Moment.NEVER),
              new Effect.EndHooks(run.invocation()));
    };
  }

  /**
   * Stops what is up.
   *
   * @param hasWork whether it has tasks in hand
   */
  static Step stop(Scene scene, Phase.Up up, Order order, boolean hasWork) {
    Phase.Stopping stopping =
        order.of(up.current(), up.readyNanos(), StopStep.SIGNALLED, Moment.NEVER);
    return order.cause() == StopCause.UNHEALTHY
        ? beforeKill(scene, stopping)
        : drain(scene, stopping, hasWork);
  }

  /** Begins a stop that was ordered before. */
  static Step begin(Scene scene, Phase.Stopping stopping, boolean hasWork) {
    return stopping.current().process().isPresent()
        ? drain(scene, stopping, hasWork)
        : scene.to(
            stopping.at(
                StopStep.AWAIT_SPAWN, stepEnd(StopStep.AWAIT_SPAWN, scene.spec(), scene.now())));
  }

  /** It has said that it stops by itself: it gets the time of a stop for that, and no signal. */
  static Step byItself(Scene scene, Run run, long readySince, Effect... first) {
    return scene.to(
        Order.byPolicy(StopCause.ITSELF, "")
            .of(
                run,
                readySince,
                StopStep.SIGNALLED,
                stepEnd(StopStep.SIGNALLED, scene.spec(), scene.now())),
        first);
  }

  /** It is killed at once. */
  static Step kill(Scene scene, Run run, long readySince, Order order) {
    return kill(scene, order.of(run, readySince, StopStep.KILLED, Moment.NEVER));
  }

  // The steps.

  /** Tells a worker to finish what it has, if it has anything and may take its time for that. */
  private static Step drain(Scene scene, Phase.Stopping stopping, boolean hasWork) {
    return hasWork && scene.spec().drain().isPositive()
        ? scene.to(stopping.at(StopStep.DRAIN, drainedAt(scene)), finish(stopping))
        : afterDrain(scene, stopping);
  }

  private static long drainedAt(Scene scene) {
    // It is never without a deadline, which would say that its process is not found yet.
    return Math.min(scene.now().after(scene.spec().drain()), Moment.NEVER - 1);
  }

  private static Effect finish(Phase.Stopping stopping) {
    return new TaskEffect.Finish(stopping.current().invocation());
  }

  /** It has nothing in hand any more, or is waited for no longer. */
  static Step afterDrain(Scene scene, Phase.Stopping stopping) {
    // What holds up a whole pool may be seen in what its workers say before they go.
    return stopping.cause() == StopCause.STALLED
        ? beforeKill(scene, stopping)
        : preStop(scene, stopping);
  }

  private static Step beforeKill(Scene scene, Phase.Stopping stopping) {
    Optional<BeforeKill> first = scene.spec().liveness().flatMap(Liveness::beforeKill);
    if (first.isEmpty()) {
      return preStop(scene, stopping);
    }
    return switch (first.get()) {
      case BeforeKill.Signal signal ->
          scene.to(
              stopping.at(StopStep.BEFORE_KILL, scene.now().after(BEFORE_KILL_WAIT)),
              new Effect.Signal(
                  stopping.current().invocation(),
                  stopping
                      .current()
                      .process()
                      .orElseThrow(() -> scene.impossible("a signal before it is killed")),
                  signal.signal(),
                  StopScope.PROCESS,
                  true));
      case BeforeKill.Run run ->
          scene.to(
              stopping.at(StopStep.BEFORE_KILL, Hooks.until(run.hook(), scene.now())),
              Hooks.run(
                  scene,
                  stopping.current(),
                  HookKind.BEFORE_KILL,
                  run.hook(),
                  Ending.cause(stopping, scene.spec()).word()));
    };
  }

  private static Step preStop(Scene scene, Phase.Stopping stopping, Effect... first) {
    Optional<Hook> hook = scene.spec().hooks().preStop();
    // What never was ready has nothing to take leave of.
    if (hook.isEmpty() || stopping.readySince() == Moment.NEVER || stopping.exit().isPresent()) {
      return ask(scene, stopping, first);
    }
    return scene.to(
        stopping.at(StopStep.PRE_STOP, Hooks.until(hook.get(), scene.now())),
        and(
            first,
            Hooks.run(
                scene,
                stopping.current(),
                HookKind.PRE_STOP,
                hook.get(),
                Ending.cause(stopping, scene.spec()).word())));
  }

  /** Asks it to stop, by command or signal; what outlived its main process, by signal. */
  static Step ask(Scene scene, Phase.Stopping stopping, Effect... first) {
    Optional<pm.config.Command> command = scene.spec().stop().command();
    Duration timeout = scene.spec().stop().timeout();
    if (command.isEmpty() || stopping.exit().isPresent() || !timeout.isPositive()) {
      return signal(scene, stopping, stepEnd(StopStep.SIGNALLED, scene.spec(), scene.now()), first);
    }
    return scene.to(
        stopping.at(StopStep.COMMAND, scene.now().after(timeout)),
        and(
            first,
            Hooks.run(
                scene,
                stopping.current(),
                HookKind.STOP_COMMAND,
                new Hook(command.get(), timeout, true),
                Ending.cause(stopping, scene.spec()).word())));
  }

  private static Step signal(Scene scene, Phase.Stopping stopping, long until, Effect... first) {
    return scene.to(stopping.at(StopStep.SIGNALLED, until), and(first, signalOf(scene, stopping)));
  }

  private static Effect signalOf(Scene scene, Phase.Stopping stopping) {
    InvocationId invocation = stopping.current().invocation();
    return stopping.exit().isPresent()
        ? new Effect.SignalRemains(
            scene.instance().name(),
            invocation,
            scene.spec().stop().scope(),
            scene.spec().stop().signal())
        : new Effect.Signal(
            invocation,
            stopping.current().process().orElseThrow(() -> scene.impossible("a stop signal")),
            scene.spec().stop().signal(),
            scene.spec().stop().scope(),
            true);
  }

  static Step kill(Scene scene, Phase.Stopping stopping, Effect... first) {
    return scene.to(
        stopping.at(StopStep.KILLED, stepEnd(StopStep.KILLED, scene.spec(), scene.now())),
        and(first, killRemains(scene, stopping)));
  }

  static Effect killRemains(Scene scene, Phase.Stopping stopping) {
    return new Effect.KillRemains(
        scene.instance().name(), stopping.current().invocation(), scene.spec().stop().scope());
  }

  /** Nothing of it is left: the hook runs, then it is DEAD. */
  static Step windUp(Scene scene, Phase.Stopping stopping, Effect... first) {
    Optional<Hook> hook = scene.spec().hooks().postStop();
    if (hook.isEmpty()) {
      Step end = Ending.of(scene, stopping);
      return new Step(end.after(), and(first, end.effects()));
    }
    return scene.to(
        stopping.at(StopStep.POST_STOP, Hooks.until(hook.get(), scene.now())),
        and(
            first,
            Hooks.after(
                scene,
                stopping.current(),
                HookKind.POST_STOP,
                hook.get(),
                Ending.cause(stopping, scene.spec()),
                blamed(stopping))));
  }

  /** Its process ended by itself. */
  static Step ended(Scene scene, Run run, long readySince, Report.Exited exited, Effect... first) {
    Order order = Order.byPolicy(exited.oom() ? StopCause.OOM : StopCause.REMAINS, "");
    Phase.Stopping stopping =
        order
            .of(run.ended(scene.now()), readySince, StopStep.KILLED, Moment.NEVER)
            .exited(exited.status());
    return isAllGone(scene, exited) ? windUp(scene, stopping, first) : kill(scene, stopping, first);
  }

  private static boolean isAllGone(Scene scene, Report.Exited exited) {
    return !exited.remains() || scene.spec().stop().scope() == StopScope.PROCESS;
  }

  // What comes in.

  /** Its main process has ended during the stop. */
  static Step exited(Scene scene, Phase.Stopping stopping, Report.Exited exited) {
    if (stopping.exit().isPresent() || stopping.step() == StopStep.POST_STOP) {
      throw scene.impossible(exited);
    }
    Phase.Stopping after =
        stopping.exited(exited.status()).with(stopping.current().ended(scene.now()));
    if (isAllGone(scene, exited)) {
      return windUp(scene, after, endHooks(stopping));
    }
    if (stopping.isBeingSpawned()) {
      return kill(scene, after);
    }
    return switch (stopping.step()) {
      case DRAIN -> ask(scene, after);
      case BEFORE_KILL -> ask(scene, after, endHooks(stopping));
      // The hook may have to do with others than the process, so it goes on.
      case PRE_STOP -> scene.to(after);
      case COMMAND -> signal(scene, after, stopping.until(), endHooks(stopping));
      case SIGNALLED -> scene.to(after, signalOf(scene, after));
      // Whoever was asked to kill may have died with the daemon before this one.
      case KILLED, KILLED_AGAIN, STUCK -> scene.to(after, killRemains(scene, after));
      // It ended before it was asked to; what it left behind has no dependants.
      case AWAIT_DEPENDANTS -> kill(scene, after);
      case AWAIT_SPAWN, POST_STOP -> throw scene.impossible(exited);
    };
  }

  /** Somebody has looked for it after a kill, and some of it was still there. */
  static Step left(Scene scene, Phase.Stopping stopping, Report.RemainsLeft left) {
    Phase.Stopping seen = stopping.leaving(left.pids());
    // After the first kill it may only not have had the time to end.
    return scene.to(
        stopping.step() == StopStep.KILLED_AGAIN ? seen.at(StopStep.STUCK, Moment.NEVER) : seen);
  }

  /** A hook has ended that this step may be waiting for. */
  static Step hookEnded(Scene scene, Phase.Stopping stopping, Report.HookEnded ended) {
    return switch (stopping.step()) {
      case BEFORE_KILL ->
          ended.kind() == HookKind.BEFORE_KILL ? preStop(scene, stopping) : scene.same();
      case PRE_STOP -> ended.kind() == HookKind.PRE_STOP ? ask(scene, stopping) : scene.same();
      case COMMAND ->
          ended.kind() == HookKind.STOP_COMMAND && !ended.end().isSuccess()
              ? signal(scene, stopping, stopping.until())
              : scene.same();
      case POST_STOP ->
          ended.kind() == HookKind.POST_STOP ? Ending.of(scene, stopping) : scene.same();
      case AWAIT_DEPENDANTS, AWAIT_SPAWN, DRAIN, SIGNALLED, KILLED, KILLED_AGAIN, STUCK ->
          scene.same();
    };
  }

  /** Its time is over. */
  static Step timePassed(Scene scene, Phase.Stopping stopping) {
    return switch (stopping.step()) {
      // What it has done meanwhile may wait to be read.
      case DRAIN ->
          Lateness.isLate(stopping.until(), scene.now())
              ? scene.to(stopping.at(StopStep.DRAIN, scene.now().after(Lateness.LOOK)))
              : afterDrain(scene, stopping);
      case BEFORE_KILL -> preStop(scene, stopping, endHooks(stopping));
      case PRE_STOP -> ask(scene, stopping, lost(scene, HookKind.PRE_STOP), endHooks(stopping)[0]);
      case COMMAND -> kill(scene, stopping, endHooks(stopping));
      case SIGNALLED -> kill(scene, stopping);
      // That nothing was heard of its end says nothing yet: whoever tells it may be held up.
      case KILLED ->
          scene.to(
              stopping.at(
                  StopStep.KILLED_AGAIN, stepEnd(StopStep.KILLED_AGAIN, scene.spec(), scene.now())),
              killRemains(scene, stopping));
      case KILLED_AGAIN ->
          Lateness.isLate(stopping.until(), scene.now())
              ? scene.to(stopping.at(StopStep.KILLED_AGAIN, scene.now().after(Lateness.LOOK)))
              : scene.to(stopping.at(StopStep.STUCK, Moment.NEVER));
      case AWAIT_SPAWN -> scene.to(stopping.at(StopStep.STUCK, Moment.NEVER));
      case AWAIT_DEPENDANTS, STUCK -> throw scene.impossible("time passed");
      case POST_STOP -> {
        Step end = Ending.of(scene, stopping);
        yield new Step(end.after(), and(endHooks(stopping), end.effects()));
      }
    };
  }

  private static Effect lost(Scene scene, HookKind kind) {
    return scene.note("hook", kind.word() + ": it has not ended in time and is given up", true);
  }

  /** Nobody waits any longer. */
  static Step hurry(Scene scene, Phase.Stopping stopping) {
    return switch (stopping.step()) {
      case BEFORE_KILL, PRE_STOP, COMMAND -> kill(scene, stopping, endHooks(stopping));
      case DRAIN, SIGNALLED -> kill(scene, stopping);
      case AWAIT_SPAWN ->
          scene.to(
              stopping.at(
                  StopStep.AWAIT_SPAWN,
                  Math.min(stopping.until(), scene.now().after(STUCK_BOUND))));
      case KILLED, KILLED_AGAIN, STUCK -> scene.same();
      case AWAIT_DEPENDANTS -> throw scene.impossible("hurry before it proceeds");
      // Its hook is ended as soon as time itself comes to it.
      case POST_STOP ->
          scene.to(
              stopping.at(StopStep.POST_STOP, Math.min(stopping.until(), scene.now().nanos())));
    };
  }

  /** It asks for more time. */
  static Phase.Stopping extended(Phase.Stopping stopping, long until) {
    return switch (stopping.step()) {
      case COMMAND, SIGNALLED -> stopping.at(stopping.step(), Math.max(stopping.until(), until));
      case AWAIT_DEPENDANTS,
          AWAIT_SPAWN,
          DRAIN,
          BEFORE_KILL,
          PRE_STOP,
          KILLED,
          KILLED_AGAIN,
          STUCK,
          POST_STOP ->
          stopping;
    };
  }

  // After a crash of the daemon.

  /** A later daemon goes on with the stop. */
  static Step resume(Scene scene, Phase.Stopping stopping) {
    boolean exited = stopping.exit().isPresent();
    // Who kills it now has not killed it before.
    StopStep step = stopping.step() == StopStep.KILLED_AGAIN ? StopStep.KILLED : stopping.step();
    Phase.Stopping anew =
        (stopping.isBeingSpawned() ? stopping.with(stopping.current().taken()) : stopping)
            .at(step, stepEnd(step, scene.spec(), scene.now()));
    Effect adopt =
        new Effect.Adopt(scene.instance().name(), stopping.current(), scene.spec(), exited);
    if (stopping.step() == StopStep.POST_STOP) {
      if (stopping.current().process().isEmpty() && !exited) {
        return windUp(scene, stopping, Hooks.endEarlier(stopping.current(), HookKind.POST_STOP));
      }
      // The hook of the daemon before may still run, and belongs to what must be gone.
      return prepended(
          new Effect.Adopt(scene.instance().name(), stopping.current(), scene.spec(), true),
          kill(scene, stopping));
    }
    return exited ? prepended(adopt, again(scene, anew)) : scene.to(anew, adopt);
  }

  /** Its process is found and watched again: what was done before is done again. */
  static Step adopted(Scene scene, Phase.Stopping stopping) {
    // A stop that was asked for meanwhile has begun with its hooks already; they are ended first.
    return again(scene, stopping.with(stopping.current().taken()));
  }

  private static Step again(Scene scene, Phase.Stopping stopping) {
    return switch (stopping.step()) {
      case AWAIT_DEPENDANTS -> scene.to(stopping);
      case AWAIT_SPAWN, KILLED, STUCK -> scene.to(stopping, killRemains(scene, stopping));
      // What was to be killed meanwhile was waiting for that.
      case KILLED_AGAIN -> kill(scene, stopping);
      case DRAIN -> scene.to(stopping.at(StopStep.DRAIN, drainedAt(scene)), finish(stopping));
      case SIGNALLED -> scene.to(stopping, signalOf(scene, stopping));
      case BEFORE_KILL ->
          prepended(
              Hooks.endEarlier(stopping.current(), HookKind.BEFORE_KILL),
              stopping.exit().isPresent() ? ask(scene, stopping) : beforeKill(scene, stopping));
      case PRE_STOP ->
          prepended(
              Hooks.endEarlier(stopping.current(), HookKind.PRE_STOP), preStop(scene, stopping));
      case COMMAND ->
          prepended(
              Hooks.endEarlier(stopping.current(), HookKind.STOP_COMMAND), ask(scene, stopping));
      case POST_STOP -> throw scene.impossible("doing that again");
    };
  }

  /** Returns when a step that begins now is over. */
  private static long stepEnd(StopStep step, ProgramSpec spec, Moment now) {
    return switch (step) {
      // Drain: until its process is found; what it has done may wait to be read until then.
      case AWAIT_DEPENDANTS, DRAIN, STUCK -> Moment.NEVER;
      // Whoever waits for a stop is told within the same time, whatever holds it up.
      case AWAIT_SPAWN -> Moment.after(now.after(spec.stop().timeout()), STUCK_BOUND);
      case SIGNALLED, COMMAND -> now.after(spec.stop().timeout());
      case KILLED -> now.after(InstanceMachine.KILL_BOUND);
      case KILLED_AGAIN -> now.after(LOOK_BOUND);
      // Until it is found, at the latest.
      case BEFORE_KILL, PRE_STOP, POST_STOP -> now.after(Hooks.GRACE);
    };
  }

  /** Returns what ends the hook of a step, where it has one. */
  static Effect[] endHooks(Phase.Stopping stopping) {
    return switch (stopping.step()) {
      case BEFORE_KILL, PRE_STOP, COMMAND, POST_STOP ->
          new Effect[] {new Effect.EndHooks(stopping.current().invocation())};
      case AWAIT_DEPENDANTS, AWAIT_SPAWN, DRAIN, SIGNALLED, KILLED, KILLED_AGAIN, STUCK ->
          new Effect[0];
    };
  }

  static Step prepended(Effect first, Step step) {
    return new Step(step.after(), and(new Effect[] {first}, step.effects()));
  }

  private static List<Effect> and(Effect[] first, Effect then) {
    return and(first, List.of(then));
  }

  private static List<Effect> and(Effect[] first, List<Effect> then) {
    List<Effect> all = new ArrayList<>(List.of(first));
    all.addAll(then);
    return all;
  }

  /** Returns the end that hooks are told of: that of another hook, if that is why it is over. */
  static Optional<ExitStatus> blamed(Phase.Stopping stopping) {
    return stopping.hookCode().isPresent()
        ? Optional.of(new ExitStatus.Code(stopping.hookCode().getAsInt()))
        : stopping.exit();
  }

  /** Returns how a process has ended, where there was one. */
  static Optional<ExitStatus> status(Phase.Stopping stopping) {
    return stopping
        .exit()
        .or(
            () ->
                stopping.current().process().isPresent()
                    ? Optional.of(new ExitStatus.Unknown())
                    : Optional.empty());
  }
}
