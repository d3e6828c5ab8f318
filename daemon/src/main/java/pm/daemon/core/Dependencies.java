package pm.daemon.core;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.DependencyCondition;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.daemon.core.instance.Wording;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;

/**
 * Whether what a program depends on meets its conditions.
 *
 * <p>A program meets a condition when each of its instances that are meant to be up does, and at
 * least one is meant to be: those that somebody stopped or disabled hold nobody up as long as
 * another one does the work.
 *
 * <p>A pool meets a condition when as many of its slots do as it has at least ({@code min}), or all
 * that nobody has stopped or disabled, if these are fewer: those beyond that are started when there
 * is work for them. With {@code min: 0} it is there as soon as it is in service, since whoever
 * gives it a task has it started by that.
 */
final class Dependencies {

  private final Scene scene;

  Dependencies(Scene scene) {
    this.scene = scene;
  }

  /**
   * A condition that is not met.
   *
   * @param program what is depended on
   * @param condition how
   * @param instance the first instance that does not meet it; empty where there is none at all
   */
  record Unmet(String program, DependencyCondition condition, Optional<Instance> instance) {

    /** Tells what is waited for: {@code for db@1 to be ready}. */
    String inWords() {
      String who = instance.map(found -> found.name().toString()).orElse(program);
      return "for "
          + who
          + switch (condition) {
            case STARTED -> " to be started";
            case READY -> " to be ready";
            case HEALTHY -> " to be healthy";
            case COMPLETED -> " to complete";
          };
    }
  }

  /** Returns the first condition that keeps {@code program} from being started. */
  Optional<Unmet> unmet(String program) {
    for (Map.Entry<String, DependencyCondition> needed : needs(program).entrySet()) {
      Optional<Unmet> unmet = unmet(needed.getKey(), needed.getValue());
      if (unmet.isPresent()) {
        return unmet;
      }
    }
    return Optional.empty();
  }

  /** Returns what {@code program} depends on. */
  Map<String, DependencyCondition> needs(String program) {
    return scene
        .programOf(program)
        .flatMap(Program::spec)
        .<Map<String, DependencyCondition>>map(spec -> spec.dependsOn())
        .orElse(Map.of());
  }

  /** Returns what of {@code program} does not meet {@code condition}; empty if it does. */
  Optional<Unmet> unmet(String program, DependencyCondition condition) {
    Optional<PoolSpec> pool = Demand.poolOf(scene, program);
    if (pool.isPresent()) {
      return unmetByPool(program, pool.get(), condition);
    }
    Optional<ProgramSpec> rules = scene.programOf(program).map(Program::rules);
    Optional<Instance> first = Optional.empty();
    boolean isMet = false;
    for (Instance instance : scene.instancesOf(program)) {
      if (first.isEmpty()) {
        first = Optional.of(instance);
      }
      if (!isMeant(instance)) {
        continue;
      }
      if (rules.isEmpty() || !meets(instance, rules.get(), condition)) {
        return Optional.of(new Unmet(program, condition, Optional.of(instance)));
      }
      isMet = true;
    }
    return isMet ? Optional.empty() : Optional.of(new Unmet(program, condition, first));
  }

  private Optional<Unmet> unmetByPool(
      String program, PoolSpec pool, DependencyCondition condition) {
    ProgramSpec rules = scene.programOf(program).map(Program::rules).orElseThrow();
    Optional<Instance> missing = Optional.empty();
    int meant = 0;
    int there = 0;
    for (Instance slot : scene.instancesOf(program)) {
      boolean isMeant = isMeant(slot) || Demand.isOnDemand(slot.phase());
      meant += isMeant ? 1 : 0;
      if (isMeant && meets(slot, rules, condition)) {
        there++;
      } else if (missing.isEmpty() || closeness(slot) > closeness(missing.get())) {
        missing = Optional.of(slot);
      }
    }
    int needed = Math.min(meant, pool.min());
    boolean isMet =
        needed == 0
            ? condition != DependencyCondition.COMPLETED && Demand.isInService(scene, program)
            : there >= needed;
    return isMet ? Optional.empty() : Optional.of(new Unmet(program, condition, missing));
  }

  /** Returns how likely it is that a slot is there soon; of equal ones the first is named. */
  private static int closeness(Instance slot) {
    if (Demand.isComing(slot)) {
      return 3;
    }
    return Demand.isOnDemand(slot.phase()) ? 2 : isMeant(slot) ? 1 : 0;
  }

  private static boolean isMeant(Instance instance) {
    return switch (instance.phase()) {
      case Phase.Dead dead ->
          switch (dead.reason()) {
            case STOPPED, DISABLED -> false;
            case NEW, WAITING, SCHEDULED, COMPLETED, BACKOFF, FAILED, INVALID -> true;
          };
      case Phase.Stopping stopping ->
          stopping.after() != AfterStop.FORGET && stopping.after() != AfterStop.STAY;
      case Phase.Starting starting -> true;
      case Phase.Up up -> true;
    };
  }

  /** Returns whether an instance of a program with these rules meets a condition. */
  static boolean meets(Instance instance, ProgramSpec rules, DependencyCondition condition) {
    return switch (instance.phase()) {
      case Phase.Starting starting ->
          condition == DependencyCondition.STARTED && starting.current().process().isPresent();
      case Phase.Up up ->
          switch (condition) {
            case STARTED -> true;
            case READY -> up.state() != InstanceState.UNHEALTHY;
            case HEALTHY ->
                up.state() != InstanceState.UNHEALTHY
                    && (rules.liveness().isEmpty() || up.health().passed());
            case COMPLETED -> false;
          };
      case Phase.Stopping stopping -> false;
      case Phase.Dead dead ->
          dead.reason() == DeadReason.COMPLETED
              && (condition == DependencyCondition.COMPLETED
                  || rules.type() == ProgramType.ONESHOT);
    };
  }

  /** Returns whether the instance waits for something that it depends on. */
  boolean isWaiting(Instance instance) {
    return instance.phase() instanceof Phase.Dead dead
        && dead.reason() == DeadReason.WAITING
        && dead.startAt() == Moment.NEVER
        && unmet(instance.name().program()).isPresent();
  }

  /**
   * Returns the chain of what an instance waits for, a clause each: {@code web@1 waits for api@1 to
   * be ready}, {@code api@1 waits for db@1 to be ready}, {@code db@1 failed: exit 1 after 0.3s}.
   * Empty if it does not wait.
   */
  List<String> chain(Instance instance, Moment now) {
    List<String> clauses = new ArrayList<>();
    Set<InstanceName> seen = new HashSet<>();
    Instance at = instance;
    while (isWaiting(at) && seen.add(at.name())) {
      Optional<Unmet> unmet = unmet(at.name().program());
      if (unmet.isEmpty()) {
        break;
      }
      clauses.add(at.name() + " waits " + unmet.get().inWords());
      if (unmet.get().instance().isEmpty()) {
        clauses.add(nothingOf(unmet.get().program()));
        return clauses;
      }
      at = unmet.get().instance().get();
      if (!isWaiting(at)) {
        clauses.add(state(at, now));
      }
    }
    return clauses;
  }

  private String nothingOf(String program) {
    return scene.programOf(program).isPresent()
        ? program + " has no instances"
        : program + " is not configured";
  }

  private static String state(Instance instance, Moment now) {
    String detail = Wording.detail(instance.phase(), now);
    String rest = detail.isEmpty() ? "" : ": " + detail;
    String name = instance.name().toString();
    return switch (instance.phase()) {
      case Phase.Starting starting -> name + " is STARTING" + rest;
      case Phase.Up up -> name + " is " + up.state() + rest;
      case Phase.Stopping stopping -> name + " is STOPPING" + rest;
      case Phase.Dead dead ->
          switch (dead.reason()) {
            case FAILED -> name + " failed" + rest;
            case BACKOFF -> name + " is down" + rest;
            case STOPPED -> name + " is stopped" + rest;
            case DISABLED -> name + " is disabled" + rest;
            case COMPLETED -> name + " has ended" + rest;
            case INVALID -> name + " has an error in its definition" + rest;
            case NEW -> name + " was not started" + rest;
            case SCHEDULED -> name + " is scheduled" + rest;
            case WAITING -> name + " waits " + detail;
          };
    };
  }

  /**
   * Returns whether what waits in a program waits for something that does not come by itself:
   * somebody must do something. False if it has nothing to wait for.
   */
  boolean isHopeless(String program) {
    Set<String> seen = new HashSet<>();
    String waiting = program;
    while (true) {
      if (!seen.add(waiting)) {
        return true;
      }
      Optional<Unmet> unmet = unmet(waiting);
      if (unmet.isEmpty()) {
        return false;
      }
      if (unmet.get().instance().isEmpty()) {
        return true;
      }
      Instance at = unmet.get().instance().get();
      if (!isWaiting(at)) {
        return comesNotByItself(at);
      }
      waiting = at.name().program();
    }
  }

  private static boolean comesNotByItself(Instance at) {
    return at.phase() instanceof Phase.Dead dead
        && !Demand.isOnDemand(dead)
        && switch (dead.reason()) {
          case NEW, STOPPED, DISABLED, INVALID, COMPLETED -> true;
          case FAILED -> dead.startAt() == Moment.NEVER;
          case WAITING, SCHEDULED, BACKOFF -> false;
        };
  }
}
