package pm.daemon.core;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopCause;

/**
 * Which slots of a pool are started because somebody wants the pool, and which are left to its
 * demand.
 *
 * <p>All slots of a pool exist always. Whoever wants the pool gets its minimum; the other slots are
 * DEAD by the pool itself, which starts them when its tasks need them. A slot that an operator has
 * stopped or disabled, that has failed for good, or that was never taken into service since
 * autostart is off, is not the pool's to start.
 */
final class Demand {

  private Demand() {}

  static Optional<PoolSpec> poolOf(Scene scene, String program) {
    return scene.programOf(program).flatMap(Program::spec).flatMap(ProgramSpec::pool);
  }

  static boolean isPool(Scene scene, String program) {
    return poolOf(scene, program).isPresent();
  }

  /** Returns where a slot is that the pool starts when it needs it. */
  static Phase.Dead onDemand() {
    return Phase.Dead.lasting(DeadReason.NEW, "started on demand", Actor.POOL);
  }

  /** Returns whether the pool starts it when it needs it. */
  static boolean isOnDemand(Phase phase) {
    return phase instanceof Phase.Dead dead
        && dead.actor().equals(Actor.POOL)
        && dead.startAt() == Moment.NEVER
        && switch (dead.reason()) {
          case NEW, STOPPED -> true;
          case DISABLED, WAITING, SCHEDULED, COMPLETED, BACKOFF, FAILED, INVALID -> false;
        };
  }

  /** Returns whether it is up, or comes up without anybody's doing. */
  static boolean isComing(Instance instance) {
    return switch (instance.phase()) {
      case Phase.Starting starting -> true;
      case Phase.Up up -> true;
      case Phase.Stopping stopping -> goesOn(stopping);
      case Phase.Dead dead ->
          switch (dead.reason()) {
            case WAITING, SCHEDULED, BACKOFF -> true;
            case NEW, DISABLED, STOPPED, COMPLETED, FAILED, INVALID -> false;
          };
    };
  }

  private static boolean goesOn(Phase.Stopping stopping) {
    return stopping.after() == AfterStop.START || stopping.after() == AfterStop.POLICY;
  }

  /** Returns whether the pool is in service: it has workers, or starts them on demand. */
  static boolean isInService(Scene scene, String program) {
    for (Instance instance : scene.instancesOf(program)) {
      if (isComing(instance) || isOnDemand(instance.phase())) {
        return true;
      }
    }
    return false;
  }

  /** Returns how many slots must be started so that the pool has its minimum; 0 for none. */
  static int lacking(Scene scene, String program) {
    Optional<PoolSpec> pool = poolOf(scene, program);
    if (pool.isEmpty()) {
      return 0;
    }
    int coming = 0;
    for (Instance instance : scene.instancesOf(program)) {
      boolean stays = instance.name().number() <= pool.get().slots();
      coming += stays && isComing(instance) ? 1 : 0;
    }
    return Math.max(0, pool.get().min() - coming);
  }

  /**
   * Returns which of these slots of one pool are started when somebody wants them as a whole: those
   * that come anyway, and of the others as many as its minimum needs, the first ones first.
   *
   * @param further how many slots beside them are started as well
   */
  static Set<InstanceName> chosen(
      Scene scene, String program, Collection<InstanceName> named, int further) {
    Set<InstanceName> chosen = new LinkedHashSet<>();
    int lacking = lacking(scene, program) - further;
    for (Instance instance : scene.instancesOf(program)) {
      if (!named.contains(instance.name()) || scene.switchedOff(instance).isPresent()) {
        continue;
      }
      if (isComing(instance)) {
        chosen.add(instance.name());
      } else if (lacking > 0 && !Supervisor.isLeaving(instance)) {
        lacking--;
        chosen.add(instance.name());
      }
    }
    return chosen;
  }

  /** Returns the slot as one that the pool starts when it needs it; the same if it lives. */
  static Instance left(Instance slot) {
    return switch (slot.phase()) {
      case Phase.Dead dead ->
          switch (dead.reason()) {
            case NEW, STOPPED, COMPLETED, FAILED ->
                isOnDemand(dead) ? slot : slot.forgiven().in(onDemand());
            case DISABLED, WAITING, SCHEDULED, BACKOFF, INVALID -> slot;
          };
      case Phase.Stopping stopping ->
          !goesOn(stopping) && !stopping.actor().equals(Actor.POOL)
              ? slot.in(stopping.then(AfterStop.STAY, StopCause.SCALED_DOWN, Actor.POOL))
              : slot;
      case Phase.Starting starting -> slot;
      case Phase.Up up -> slot;
    };
  }

  /**
   * Returns whether the pool may start it if it is down: nobody has stopped or disabled it, it has
   * not failed for good, and the daemon does not shut down.
   */
  static boolean mayStart(Supervisor core, Instance slot) {
    Program program = core.program(slot.name());
    if (core.isShuttingDown()
        || program.leaving()
        || program.spec().isEmpty()
        || core.decided().stopped().containsKey(slot.name())
        || core.switchedOff(slot).isPresent()) {
      return false;
    }
    return switch (slot.phase()) {
      case Phase.Dead dead -> isOnDemand(dead);
      case Phase.Starting starting -> true;
      case Phase.Up up -> true;
      case Phase.Stopping stopping ->
          goesOn(stopping)
              || (stopping.after() == AfterStop.STAY && stopping.actor().equals(Actor.POOL));
    };
  }
}
