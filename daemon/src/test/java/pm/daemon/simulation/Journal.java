package pm.daemon.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import pm.daemon.core.event.Entry;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.InstanceName;

/** What is kept, in its order. */
final class Journal {

  private final List<Entry> entries = new ArrayList<>();

  void keep(List<Entry> more) {
    entries.addAll(more);
  }

  List<Entry> entries() {
    return List.copyOf(entries);
  }

  boolean endsClean() {
    return entries.getLast() instanceof Entry.CleanEnd;
  }

  Decisions decisions() {
    return lastDecisions().map(Entry.DecisionsKept::decisions).orElse(Decisions.NONE);
  }

  long decisionNumber() {
    return lastDecisions().map(Entry.DecisionsKept::number).orElse(0L);
  }

  private Optional<Entry.DecisionsKept> lastDecisions() {
    return entries.reversed().stream()
        .filter(Entry.DecisionsKept.class::isInstance)
        .map(Entry.DecisionsKept.class::cast)
        .findFirst();
  }

  /** Only the last word about each thing, which must say the same. */
  List<Entry> compacted() {
    Map<InstanceName, Entry> instances = new TreeMap<>();
    Optional<Entry> configuration = Optional.empty();
    for (Entry entry : entries) {
      switch (entry) {
        case Entry.InstanceKept kept -> instances.put(kept.instance().name(), kept);
        case Entry.InstanceForgotten forgotten -> instances.remove(forgotten.name());
        case Entry.ConfigurationKept kept -> configuration = Optional.of(kept);
        case Entry.DecisionsKept kept -> {}
        case Entry.CleanEnd end -> {
          instances.clear();
          configuration = Optional.empty();
        }
      }
    }
    List<Entry> all = new ArrayList<>(configuration.stream().toList());
    all.addAll(instances.values());
    lastDecisions().ifPresent(all::add);
    return all;
  }
}
