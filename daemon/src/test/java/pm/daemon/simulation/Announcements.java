package pm.daemon.simulation;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.Phase;

/** Follows what is published of each instance, and what is kept of it. */
final class Announcements {

  /** What the world was told last. */
  private record Told(InstanceState state, Optional<DeadReason> reason) {
    static Told of(Phase phase) {
      return new Told(
          phase.state(),
          phase instanceof Phase.Dead dead ? Optional.of(dead.reason()) : Optional.empty());
    }
  }

  private final Map<InstanceName, Told> last = new HashMap<>();

  Announcements copy() {
    Announcements copy = new Announcements();
    copy.last.putAll(last);
    return copy;
  }

  void forget() {
    last.clear();
  }

  void replayed(Collection<Instance> instances) {
    last.clear();
    instances.forEach(instance -> last.put(instance.name(), Told.of(instance.phase())));
  }

  void decided(Turn turn) {
    turn.changes().forEach(this::changed);
    last.keySet().retainAll(turn.after().keySet());
    turn.after()
        .forEach(
            (name, instance) -> {
              Told is = Told.of(instance.phase());
              Told told = last.computeIfAbsent(name, key -> is);
              Violation.unless(
                  told.equals(is),
                  Invariant.LEGAL_TRANSITIONS,
                  name,
                  " is ",
                  instance.phase(),
                  " but the world was told ",
                  told);
            });
    kept(turn);
  }

  private void changed(Happening.StateChanged change) {
    Told from = new Told(change.from(), change.fromReason());
    Told to = new Told(change.to(), change.reason());
    Violation.unless(
        last.getOrDefault(change.instance(), from).equals(from),
        Invariant.LEGAL_TRANSITIONS,
        "it was ",
        last.get(change.instance()),
        " but ",
        change);
    Violation.unless(
        isComplete(from) && isComplete(to) && isLegal(from, to),
        Invariant.LEGAL_TRANSITIONS,
        "there is no such transition: ",
        change);
    last.put(change.instance(), to);
  }

  private static boolean isComplete(Told told) {
    return told.reason().isPresent() == (told.state() == InstanceState.DEAD);
  }

  private static boolean isLegal(Told from, Told to) {
    return switch (from.state()) {
      case DEAD ->
          switch (to.state()) {
            case DEAD -> !from.equals(to);
            case STARTING -> true;
            case IDLE, BUSY, UNHEALTHY, STOPPING -> false;
          };
      case STARTING ->
          switch (to.state()) {
            case DEAD, IDLE, STOPPING -> true;
            case STARTING, BUSY, UNHEALTHY -> false;
          };
      case IDLE, BUSY, UNHEALTHY ->
          switch (to.state()) {
            case DEAD, STOPPING -> true;
            case IDLE, BUSY, UNHEALTHY -> !from.equals(to);
            case STARTING -> false;
          };
      case STOPPING ->
          switch (to.state()) {
            case DEAD -> true;
            case STARTING, IDLE, BUSY, UNHEALTHY, STOPPING -> false;
          };
    };
  }

  /** Without what a later daemon has to find out anew. */
  private static Map<InstanceName, Instance> keptOnly(Map<InstanceName, Instance> instances) {
    Map<InstanceName, Instance> kept = new TreeMap<>();
    instances.forEach((name, instance) -> kept.put(name, instance.kept()));
    return kept;
  }

  private static void kept(Turn turn) {
    Map<InstanceName, Instance> shadow = new TreeMap<>(turn.before());
    for (Entry entry : turn.decision().entries()) {
      switch (entry) {
        case Entry.InstanceKept kept -> shadow.put(kept.instance().name(), kept.instance());
        case Entry.InstanceForgotten forgotten -> shadow.remove(forgotten.name());
        case Entry.ConfigurationKept kept -> {}
        case Entry.DecisionsKept kept -> {}
        case Entry.CleanEnd end -> {}
      }
    }
    Violation.unless(
        keptOnly(shadow).equals(keptOnly(turn.after())),
        Invariant.KEPT_BEFORE_VISIBLE,
        "kept is ",
        shadow,
        " but it is ",
        turn.after());
  }
}
