package pm.daemon.core.instance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.config.Hook;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Health;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StartStep;
import pm.daemon.core.model.StopCause;

/**
 * The steps of a start, in their order; hooks are left out where there are none:
 *
 * <pre>
 * PRE_START -> SPAWNING -> READYING -> POST_START -> IDLE
 * </pre>
 */
final class StartSequence {

  private StartSequence() {}

  /** Begins a start; the instance already has what it costs. */
  static Step begin(Scene scene, Run run) {
    long giveUpAt = giveUpAt(scene.spec(), scene.now());
    Optional<Hook> hook = scene.spec().hooks().preStart();
    return hook.isEmpty()
        ? spawn(scene, run, giveUpAt)
        : preStart(scene, run, hook.get(), giveUpAt);
  }

  private static Step preStart(Scene scene, Run run, Hook hook, long giveUpAt, Effect... first) {
    List<Effect> effects = new ArrayList<>(List.of(first));
    effects.add(Hooks.run(scene, run, HookKind.PRE_START, hook, "start"));
    return scene.to(
        new Phase.Starting(
            run, StartStep.PRE_START, "", Hooks.until(hook, scene.now()), giveUpAt, Health.NONE),
        effects);
  }

  private static Step spawn(Scene scene, Run run, long giveUpAt) {
    return scene.to(
        new Phase.Starting(run, StartStep.SPAWNING, "", Moment.NEVER, giveUpAt, Health.NONE),
        new Effect.Spawn(scene.instance().name(), run.invocation(), scene.spec()));
  }

  static long giveUpAt(ProgramSpec spec, Moment now) {
    return spec.type() == ProgramType.ONESHOT ? Moment.NEVER : now.after(spec.startTimeout());
  }

  /** Its process runs, and is waited for until it is ready. */
  static Step spawned(Scene scene, Phase.Starting starting, Run run) {
    Phase.Starting up =
        new Phase.Starting(
            run,
            StartStep.READYING,
            awaits(scene.spec()),
            uptimeOver(scene.spec(), run),
            starting.giveUpAt(),
            Checks.untilReady(scene, run, starting.health()));
    return isReadyAlready(scene.spec(), run) ? ready(scene, up) : look(scene, up);
  }

  private static boolean isReadyAlready(ProgramSpec spec, Run run) {
    return spec.type() == ProgramType.ONESHOT
        || (run.told().ready() && saysSoItself(spec))
        || (spec.readiness() instanceof Readiness.Uptime uptime && uptime.uptime().isZero());
  }

  /** Returns whether it is ready when it says so: what it said may have met a dead daemon. */
  private static boolean saysSoItself(ProgramSpec spec) {
    return switch (spec.readiness()) {
      case Readiness.Notify notify -> true;
      case Readiness.FdLine line -> true;
      case Readiness.LogLine line -> true;
      case Readiness.Ping ping -> true;
      case Readiness.Uptime uptime -> false;
      case Readiness.Probed probed -> false;
    };
  }

  private static String awaits(ProgramSpec spec) {
    return switch (spec.readiness()) {
      case Readiness.Notify notify -> "READY=1";
      case Readiness.FdLine line -> "a newline on descriptor " + line.fd();
      case Readiness.LogLine line -> "a line of output that matches " + line.pattern();
      case Readiness.Ping ping -> "an answer to ping";
      case Readiness.Uptime uptime -> "";
      case Readiness.Probed probed ->
          CheckPlan.ofReadiness(spec).map(CheckPlan::target).orElse("a check");
    };
  }

  private static long uptimeOver(ProgramSpec spec, Run run) {
    return spec.readiness() instanceof Readiness.Uptime uptime
        ? Moment.after(run.spawnedNanos(), uptime.uptime())
        : Moment.NEVER;
  }

  /** Does what is due of its checks. */
  private static Step look(Scene scene, Phase.Starting starting) {
    Checks.Look look =
        Checks.look(
            scene,
            starting.current(),
            starting.health(),
            starting.step() == StartStep.READYING
                ? CheckPlan.ofReadiness(scene.spec())
                : Optional.empty(),
            false);
    return scene.to(starting.with(look.health()), look.effects());
  }

  /** It is ready: the hook runs, then it is up. */
  private static Step ready(Scene scene, Phase.Starting starting) {
    Optional<Hook> hook = scene.spec().hooks().postStart();
    return hook.isEmpty() ? up(scene, starting) : postStart(scene, starting, hook.get());
  }

  private static Step postStart(Scene scene, Phase.Starting starting, Hook hook, Effect... first) {
    List<Effect> effects = new ArrayList<>(List.of(first));
    effects.add(Hooks.run(scene, starting.current(), HookKind.POST_START, hook, "start"));
    Step step =
        look(
            scene,
            new Phase.Starting(
                starting.current(),
                StartStep.POST_START,
                "",
                Hooks.until(hook, scene.now()),
                // It was ready in time; that the daemon saw it late is not the hook's fault.
                starting.giveUpAt() <= scene.now().nanos()
                    ? scene.now().after(Lateness.LOOK)
                    : starting.giveUpAt(),
                starting.health().anew(Moment.NEVER, Moment.NEVER)));
    effects.addAll(step.effects());
    return new Step(step.after(), effects);
  }

  private static Step up(Scene scene, Phase.Starting starting) {
    Phase.Up up =
        new Phase.Up(
            starting.current(),
            InstanceState.IDLE,
            scene.now().nanos(),
            "",
            Checks.whileUp(scene, starting.current(), starting.health()));
    return Upkeep.look(scene, up);
  }

  // What comes in.

  /** A hook has ended that this step may be waiting for. */
  static Step hookEnded(Scene scene, Phase.Starting starting, Report.HookEnded ended) {
    return switch (starting.step()) {
      case PRE_START -> {
        Optional<Hook> hook = scene.spec().hooks().preStart();
        if (ended.kind() != HookKind.PRE_START) {
          yield scene.same();
        }
        yield hook.isEmpty() || Hooks.goesOn(hook.get(), ended.end())
            ? spawn(scene, starting.current(), starting.giveUpAt())
            : failed(scene, starting, ended);
      }
      case POST_START -> {
        Optional<Hook> hook = scene.spec().hooks().postStart();
        if (ended.kind() != HookKind.POST_START) {
          yield scene.same();
        }
        yield hook.isEmpty() || Hooks.goesOn(hook.get(), ended.end())
            ? up(scene, starting)
            : failed(scene, starting, ended);
      }
      case SPAWNING, READYING -> scene.same();
    };
  }

  private static Step failed(Scene scene, Phase.Starting starting, Report.HookEnded ended) {
    return StopSequence.stop(
        scene, starting, StopSequence.Order.because(ended.kind(), ended.end()));
  }

  /** It has said that it is ready; what says so otherwise is not believed. */
  static Step saysReady(Scene scene, Phase.Starting starting) {
    return switch (starting.step()) {
      case READYING -> saysSoItself(scene.spec()) ? ready(scene, starting) : scene.to(starting);
      // It was faster than the report of its spawn, which finds it ready then.
      case SPAWNING, PRE_START, POST_START -> scene.to(starting);
    };
  }

  static Step checked(Scene scene, Phase.Starting starting, Report.Checked checked) {
    Optional<CheckPlan> plan = CheckPlan.ofReadiness(scene.spec());
    if (starting.step() != StartStep.READYING || plan.isEmpty()) {
      return scene.same();
    }
    // However late an answer to a ping is: who answers is up.
    if (checked.passed()
        && (plan.get().probe().isEmpty()
            || starting.health().flight(checked.number()).isPresent())) {
      return ready(scene, starting);
    }
    return Checks.answered(scene, starting.health(), plan.get(), checked)
        .map(health -> look(scene, starting.with(health)))
        .orElseGet(scene::same);
  }

  /** Some deadline of it is over. */
  static Step timePassed(Scene scene, Phase.Starting starting) {
    long now = scene.now().nanos();
    if (starting.until() <= Math.min(now, starting.giveUpAt())) {
      return switch (starting.step()) {
        case READYING -> ready(scene, starting);
        case PRE_START, POST_START -> hookLost(scene, starting);
        case SPAWNING -> throw scene.impossible("time passed");
      };
    }
    if (starting.giveUpAt() <= now) {
      return timeOut(scene, starting);
    }
    return look(scene, starting);
  }

  /** Whoever ran the hook has not told of its end. */
  private static Step hookLost(Scene scene, Phase.Starting starting) {
    if (Lateness.isLate(starting.until(), scene.now())) {
      return goOn(
          scene,
          new Phase.Starting(
              starting.current(),
              starting.step(),
              starting.awaits(),
              scene.now().after(Lateness.LOOK),
              starting.giveUpAt(),
              starting.health()));
    }
    return StopSequence.stop(
        scene,
        starting,
        StopSequence.Order.byPolicy(
            StopCause.HOOK_TIMEOUT,
            (starting.step() == StartStep.PRE_START
                    ? HookKind.PRE_START.word()
                    : HookKind.POST_START.word())
                + " failed: timed out"));
  }

  /** One deadline has been moved; another may be over as well. */
  private static Step goOn(Scene scene, Phase.Starting anew) {
    return anew.deadline() <= scene.now().nanos() ? timePassed(scene, anew) : scene.to(anew);
  }

  private static Step timeOut(Scene scene, Phase.Starting starting) {
    Run run = starting.current();
    if (Lateness.isLate(starting.giveUpAt(), scene.now())) {
      long fresh =
          Moment.after(
              scene.now().after(Lateness.LOOK),
              CheckPlan.ofReadiness(scene.spec())
                  .map(CheckPlan::timeout)
                  .orElse(java.time.Duration.ZERO));
      return goOn(scene, starting.givenUpAt(fresh));
    }
    if (run.adopted() && starting.step() == StartStep.READYING && isSpoken(scene.spec())) {
      return ready(scene, starting);
    }
    return StopSequence.stop(
        scene,
        starting,
        StopSequence.Order.byPolicy(StopCause.START_TIMEOUT, Wording.unready(starting)));
  }

  /**
   * Returns whether it says only once that it is ready, so that a dead daemon may have missed it.
   */
  private static boolean isSpoken(ProgramSpec spec) {
    return switch (spec.readiness()) {
      case Readiness.Notify notify -> true;
      case Readiness.FdLine line -> true;
      case Readiness.LogLine line -> true;
      case Readiness.Ping ping -> false;
      case Readiness.Uptime uptime -> false;
      case Readiness.Probed probed -> false;
    };
  }

  // After a crash of the daemon, and after a change of its definition.

  static Step resume(Scene scene, Phase.Starting starting) {
    Run run = starting.current();
    Effect adopt = new Effect.Adopt(scene.instance().name(), run, scene.spec(), false);
    return switch (starting.step()) {
      case PRE_START -> {
        Optional<Hook> hook = scene.spec().hooks().preStart();
        long giveUpAt = giveUpAt(scene.spec(), scene.now());
        // What a daemon before us left of it is ended, also where it has no successor.
        Effect end = Hooks.endEarlier(run, HookKind.PRE_START);
        yield hook.isEmpty()
            ? StopSequence.prepended(end, spawn(scene, run, giveUpAt))
            : preStart(scene, run, hook.get(), giveUpAt, end);
      }
      // What is found of it was started by the daemon before.
      case SPAWNING ->
          scene.to(
              starting.with(run.taken()).givenUpAt(giveUpAt(scene.spec(), scene.now())), adopt);
      case READYING -> scene.same(adopt);
      // It is waited for anew when its process has been found.
      case POST_START ->
          scene.to(
              new Phase.Starting(
                  run,
                  StartStep.POST_START,
                  "",
                  Moment.NEVER,
                  giveUpAt(scene.spec(), scene.now()),
                  starting.health()),
              adopt);
    };
  }

  static Step adopted(Scene scene, Phase.Starting starting) {
    Run run = starting.current().taken();
    if (starting.step() == StartStep.POST_START) {
      Optional<Hook> hook = scene.spec().hooks().postStart();
      Phase.Starting taken = starting.with(run);
      Effect end = Hooks.endEarlier(run, HookKind.POST_START);
      return hook.isEmpty()
          ? StopSequence.prepended(end, up(scene, taken))
          : postStart(scene, taken, hook.get(), end);
    }
    return look(scene, starting.with(run).with(Checks.untilReady(scene, run, starting.health())));
  }

  /** Its readiness is defined otherwise now. */
  static Step redefined(Scene scene, Phase.Starting starting) {
    return starting.step() == StartStep.READYING
        ? spawned(scene, starting, starting.current())
        : scene.same();
  }

  /** It uses so much. */
  static Step used(Scene scene, Phase.Starting starting, Report.Used used) {
    if (starting.current().process().isEmpty()) {
      return scene.same();
    }
    Usage usage = Usage.read(scene, starting.current(), starting.health().meter(), used);
    Phase.Starting read = starting.with(starting.health().with(usage.meter()));
    return Upkeep.overMemory(
        scene,
        usage,
        scene.to(read, usage.notes()),
        order -> StopSequence.stop(scene, read, order),
        order -> StopSequence.kill(scene, read.current(), Moment.NEVER, order));
  }
}
