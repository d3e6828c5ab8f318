package pm.daemon.core.instance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import pm.config.Liveness;
import pm.config.OnMemory;
import pm.config.OnUnhealthy;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Health;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;

/** Looks after a process that is ready: its liveness, and limits that are only watched. */
final class Upkeep {

  private Upkeep() {}

  /** Does what is due. */
  static Step look(Scene scene, Phase.Up up) {
    Health health = up.health();
    Optional<Health> missing = Checks.missing(scene, up.current(), health);
    Checks.Look look =
        Checks.look(
            scene,
            up.current(),
            missing.orElse(health),
            CheckPlan.ofLiveness(scene.spec()),
            isPaused(scene, up.state()));
    return judged(scene, up, look);
  }

  /** Returns whether it is not asked in this state: the limit of its task covers that time. */
  private static boolean isPaused(Scene scene, InstanceState state) {
    return state == InstanceState.BUSY
        && !scene.spec().liveness().map(Liveness::whileBusy).orElse(true);
  }

  /** It has tasks in hand now, or has none any more. */
  static Step busy(Scene scene, Phase.Up up, boolean isBusy) {
    InstanceState state = isBusy ? InstanceState.BUSY : InstanceState.IDLE;
    if (up.state() == InstanceState.UNHEALTHY || up.state() == state) {
      return scene.same();
    }
    Phase.Up turned = up.turned(state, "");
    if (!isPaused(scene, InstanceState.BUSY)) {
      return scene.to(turned);
    }
    return scene.to(
        turned.with(
            isBusy ? Checks.paused(turned.health()) : Checks.resumed(scene, turned.health())));
  }

  private static Step judged(Scene scene, Phase.Up up, Checks.Look look) {
    Health health = look.health();
    Optional<Liveness> liveness = scene.spec().liveness();
    if (liveness.isEmpty()) {
      return scene.to(up.with(health), look.effects());
    }
    boolean isUnhealthy = up.state() == InstanceState.UNHEALTHY;
    if (!isUnhealthy && health.failures() >= liveness.get().failureThreshold()) {
      return lost(scene, up, look, liveness.get(), inARow(health));
    }
    boolean isWell =
        isUnhealthy
            && health.failures() == 0
            && health.successes() >= liveness.get().successThreshold();
    return scene.to(
        isWell ? up.with(health).turned(InstanceState.IDLE, "") : up.with(health), look.effects());
  }

  private static String inARow(Health health) {
    return health.failures() > 1
        ? health.lastFailure() + ", " + health.failures() + " in a row"
        : health.lastFailure();
  }

  /** Its liveness is lost. Whether it is stopped, time itself decides at once. */
  private static Step lost(
      Scene scene, Phase.Up up, Checks.Look look, Liveness liveness, String why) {
    Health after =
        switch (liveness.onFailure()) {
          case RESTART -> look.health().anew(scene.now().nanos(), Moment.NEVER);
          case REPORT -> look.health().watching(Moment.NEVER);
        };
    List<Effect> effects = liveness.onFailure() == OnUnhealthy.RESTART ? List.of() : look.effects();
    return scene.to(up.with(after).turned(InstanceState.UNHEALTHY, why), effects);
  }

  /** Some deadline of it is over. */
  static Step timePassed(Scene scene, Phase.Up up) {
    boolean isToBeStopped =
        up.state() == InstanceState.UNHEALTHY
            && scene
                .spec()
                .liveness()
                .filter(liveness -> liveness.onFailure() == OnUnhealthy.RESTART)
                .isPresent();
    return isToBeStopped
        ? StopSequence.stop(
            scene, up, StopSequence.Order.byPolicy(StopCause.UNHEALTHY, up.detail()), false)
        : look(scene, up);
  }

  static Step checked(Scene scene, Phase.Up up, Report.Checked checked) {
    Optional<CheckPlan> plan = CheckPlan.ofLiveness(scene.spec());
    Optional<Health> health =
        plan.flatMap(asked -> Checks.answered(scene, up.health(), asked, checked));
    return health.isEmpty() ? scene.same() : look(scene, up.with(health.get()));
  }

  /** It has said something of itself. */
  static Step notified(
      Scene scene, Phase.Up up, Run run, Report.Notified notified, Effect... first) {
    Phase.Up told = up.with(run);
    if (notified.notification().stopping()) {
      return StopSequence.byItself(scene, run, up.readyNanos(), first);
    }
    Optional<Liveness> liveness = scene.spec().liveness();
    if (notified.notification().watchdogTrigger()
        && liveness.isPresent()
        && up.state() != InstanceState.UNHEALTHY) {
      return withFirst(
          first,
          lost(
              scene,
              told,
              new Checks.Look(told.health(), List.of()),
              liveness.get(),
              "watchdog: it has said WATCHDOG=trigger"));
    }
    Health health = told.health();
    long due = Checks.beatDue(scene.spec(), run, scene.now().nanos());
    if (notified.notification().watchdog() && due != Moment.NEVER) {
      health = health.better().watching(due);
    } else if (notified.notification().watchdogNanos().isPresent()) {
      health = health.watching(due);
    }
    return withFirst(first, judged(scene, told, new Checks.Look(health, List.of())));
  }

  private static Step withFirst(Effect[] first, Step step) {
    List<Effect> effects = new ArrayList<>(List.of(first));
    effects.addAll(step.effects());
    return new Step(step.after(), effects);
  }

  /** A later daemon has found its process: its health is looked at anew. */
  static Step adopted(Scene scene, Phase.Up up) {
    Run run = up.current().taken();
    return begun(scene, up.with(run));
  }

  /** It is looked at otherwise now. What it was found guilty of by other rules is forgotten. */
  static Step redefined(Scene scene, Phase.Up up) {
    return begun(
        scene, up.state() == InstanceState.UNHEALTHY ? up.turned(InstanceState.IDLE, "") : up);
  }

  private static Step begun(Scene scene, Phase.Up up) {
    Health health = Checks.whileUp(scene, up.current(), up.health());
    // What was to be stopped still is.
    return up.state() == InstanceState.UNHEALTHY
            && scene.spec().liveness().map(Liveness::onFailure).orElse(OnUnhealthy.REPORT)
                == OnUnhealthy.RESTART
        ? scene.to(up.with(health.anew(scene.now().nanos(), Moment.NEVER)))
        : look(scene, up.with(health));
  }

  /** It uses so much. */
  static Step used(Scene scene, Phase.Up up, Report.Used used) {
    Usage usage = Usage.read(scene, up.current(), up.health().meter(), used);
    Phase.Up read = up.with(up.health().with(usage.meter()));
    Step goesOn = scene.to(read, usage.notes());
    boolean isBusy = up.state() == InstanceState.BUSY;
    // What has a task in hand finishes that first. Where a stop does not wait for it, it is left to
    // itself until then, and the next reading finds it again.
    if (isBusy
        && scene.spec().limits().onMemory() == OnMemory.RESTART
        && !scene.spec().drain().isPositive()) {
      return goesOn;
    }
    return overMemory(
        scene,
        usage,
        goesOn,
        order -> StopSequence.stop(scene, read, order, isBusy),
        order -> StopSequence.kill(scene, read.current(), read.readyNanos(), order));
  }

  /** Does what is to be done about too much memory. */
  static Step overMemory(
      Scene scene,
      Usage usage,
      Step goesOn,
      Function<StopSequence.Order, Step> stop,
      Function<StopSequence.Order, Step> kill) {
    if (usage.overMemory().isEmpty()) {
      return goesOn;
    }
    StopSequence.Order order =
        StopSequence.Order.byPolicy(StopCause.MEMORY, usage.overMemory().get());
    return switch (scene.spec().limits().onMemory()) {
      case REPORT -> goesOn;
      case RESTART -> withFirst(usage.notes().toArray(Effect[]::new), stop.apply(order));
      case KILL -> withFirst(usage.notes().toArray(Effect[]::new), kill.apply(order));
    };
  }
}
