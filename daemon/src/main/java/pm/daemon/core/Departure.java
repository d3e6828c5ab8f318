package pm.daemon.core;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import pm.config.DependencyCondition;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopCause;

/**
 * Takes those along that depend on what a command stops for good. They wait then, and are started
 * again when what they depend on is back.
 */
final class Departure {

  private final Draft draft;
  private final Ask ask;

  Departure(Draft draft, Ask ask) {
    this.draft = draft;
    this.ask = ask;
  }

  /** Stops what depends on those that {@code leaving} takes the last instance of. */
  void withDependants(Collection<InstanceName> leaving) {
    Set<InstanceName> own = new HashSet<>(leaving);
    Set<String> programs = new TreeSet<>();
    leaving.forEach(name -> programs.add(name.program()));
    // What is taken along changes nothing yet, so that all are judged by the same.
    programs.removeIf(
        program -> draft.order().dependants(program).isEmpty() || !goesAway(program, own));
    for (String program : programs) {
      Actor actor = new Actor("dependency " + program, -1, 0);
      for (String dependant : dependants(program)) {
        for (Instance instance : draft.instancesOf(dependant)) {
          if (!own.contains(instance.name())) {
            take(instance, actor);
          }
        }
      }
    }
  }

  /** Whether none of its instances is up or comes up by itself, apart from {@code leaving}. */
  private boolean goesAway(String program, Set<InstanceName> leaving) {
    boolean wasThere = false;
    for (Instance instance : draft.instancesOf(program)) {
      boolean isThere =
          switch (instance.phase()) {
            case Phase.Starting starting -> true;
            case Phase.Up up -> true;
            case Phase.Stopping stopping ->
                switch (stopping.after()) {
                  case START, POLICY -> true;
                  case STAY, FORGET -> false;
                };
            case Phase.Dead dead ->
                switch (dead.reason()) {
                  case WAITING, BACKOFF, SCHEDULED -> true;
                  case NEW, STOPPED -> Demand.isOnDemand(dead);
                  case DISABLED, COMPLETED, FAILED, INVALID -> false;
                };
          };
      if (isThere && !leaving.contains(instance.name())) {
        return false;
      }
      wasThere |= isThere;
    }
    return wasThere;
  }

  /** Those that need it to be there, not only that it once was. */
  private Set<String> dependants(String program) {
    Set<String> found = new LinkedHashSet<>();
    java.util.ArrayDeque<String> open = new java.util.ArrayDeque<>();
    open.add(program);
    while (!open.isEmpty()) {
      String needed = open.remove();
      for (String dependant : draft.order().dependants(needed)) {
        boolean needsIt =
            !Optional.of(DependencyCondition.COMPLETED)
                .equals(Optional.ofNullable(draft.dependencies.needs(dependant).get(needed)));
        if (needsIt && found.add(dependant)) {
          open.add(dependant);
        }
      }
    }
    return found;
  }

  private void take(Instance instance, Actor actor) {
    boolean isLive =
        switch (instance.phase()) {
          case Phase.Starting starting -> true;
          case Phase.Up up -> true;
          case Phase.Stopping stopping -> false;
          case Phase.Dead dead -> false;
        };
    if (!isLive || ask.wishes.containsKey(instance.name())) {
      return;
    }
    ask.wish(instance, Request.Wish.DOWN);
    ask.before(
        () -> {
          Instance found = draft.get(instance.name());
          if (!(found.phase() instanceof Phase.Dead)) {
            draft.stop(found, StopCause.DEPENDENCY, AfterStop.START, actor);
          }
        });
  }
}
