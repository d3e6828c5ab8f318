package pm.daemon.core;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.DependencyCondition;
import pm.config.ProgramSpec;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.StopCause;

/** What a command must start as well, since what it starts depends on it. */
final class Needed {

  private final Draft draft;
  private final Ask ask;
  private final Set<InstanceName> named;
  private final Set<String> begun = new HashSet<>();
  private final Map<String, Optional<String>> obstacles = new HashMap<>();

  /**
   * Nothing is started yet.
   *
   * @param named what the command itself names
   */
  Needed(Draft draft, Ask ask, Collection<InstanceName> named) {
    this.draft = draft;
    this.ask = ask;
    this.named = new HashSet<>(named);
  }

  /** Returns why no start can help the instance, with the way to what is in its way. */
  Optional<String> obstacle(InstanceName name) {
    return obstacle(name.program()).map(path -> "it depends on " + path);
  }

  private Optional<String> obstacle(String program) {
    Optional<String> known = obstacles.get(program);
    if (known != null) {
      return known;
    }
    // For the case that it comes back to itself, which a checked configuration does not.
    obstacles.put(program, Optional.empty());
    Optional<String> found = Optional.empty();
    for (Map.Entry<String, DependencyCondition> each :
        draft.dependencies.needs(program).entrySet()) {
      if (found.isEmpty()) {
        found = obstacle(each.getKey(), each.getValue());
      }
    }
    obstacles.put(program, found);
    return found;
  }

  private Optional<String> obstacle(String needed, DependencyCondition condition) {
    Optional<Dependencies.Unmet> unmet = draft.dependencies.unmet(needed, condition);
    if (unmet.isEmpty()) {
      return Optional.empty();
    }
    if (unmet.get().instance().isEmpty()) {
      return Optional.of(
          needed
              + (draft.programOf(needed).isPresent()
                  ? ", which has no instances"
                  : ", which is not configured"));
    }
    Instance instance = unmet.get().instance().get();
    Optional<String> off = draft.switchedOff(instance);
    if (off.isPresent()) {
      return Optional.of(
          instance.name()
              + ", which is disabled: "
              + off.get()
              + "; run: pmctl enable "
              + instance.name());
    }
    if (instance.phase() instanceof Phase.Dead dead && dead.reason() == DeadReason.INVALID) {
      return Optional.of(instance.name() + ", whose definition has an error");
    }
    return obstacle(needed).map(path -> instance.name() + ", which depends on " + path);
  }

  /** Starts what {@code program} depends on and what that depends on, unless it is there. */
  void start(String program) {
    if (!begun.add(program)) {
      return;
    }
    draft
        .dependencies
        .needs(program)
        .forEach(
            (needed, condition) -> {
              if (draft.dependencies.unmet(needed, condition).isPresent()) {
                start(needed);
                begin(needed, condition);
              }
            });
  }

  /** Of a pool, those slots are not started that it does not need. */
  private Set<InstanceName> spared(String needed) {
    Set<InstanceName> spared = new HashSet<>();
    if (Demand.isPool(draft, needed)) {
      draft.instancesOf(needed).forEach(slot -> spared.add(slot.name()));
      spared.removeAll(Demand.chosen(draft, needed, Set.copyOf(spared), 0));
      spared.removeAll(named);
    }
    return spared;
  }

  private void leaveToDemand(Instance slot) {
    if (draft.switchedOff(slot).isEmpty() && !Supervisor.isLeaving(slot)) {
      draft.decide().start(slot.name());
      ask.inTurn(
          slot.name(),
          () -> {
            Instance found = draft.get(slot.name());
            Instance left = Demand.left(found);
            if (!left.equals(found)) {
              draft.put(found, left);
            }
          });
    }
  }

  private void begin(String needed, DependencyCondition condition) {
    ProgramSpec rules = draft.programOf(needed).orElseThrow().rules();
    Set<InstanceName> spared = spared(needed);
    for (Instance instance : draft.instancesOf(needed)) {
      if (spared.contains(instance.name())) {
        leaveToDemand(instance);
        continue;
      }
      if (named.contains(instance.name())
          || Dependencies.meets(instance, rules, condition)
          || draft.switchedOff(instance).isPresent()) {
        continue;
      }
      switch (instance.phase()) {
        case Phase.Dead dead -> {
          draft.decide().start(instance.name());
          ask.inTurn(instance.name(), () -> draft.starts.now(instance.name(), ask.actor));
        }
        case Phase.Stopping stopping -> {
          if (stopping.after() == AfterStop.STAY) {
            draft.decide().start(instance.name());
            ask.inTurn(
                instance.name(),
                () -> ask.stopNow(instance.name(), StopCause.REQUESTED, AfterStop.START));
          }
        }
        case Phase.Starting starting -> {}
        case Phase.Up up -> {}
      }
    }
  }
}
