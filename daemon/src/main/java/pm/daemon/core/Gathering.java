package pm.daemon.core;

import java.util.ArrayList;
import java.util.List;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.TaskEntry;

/** Gathers what is decided until it is a decision. */
final class Gathering implements Gatherer {

  static final Decision NOTHING = new Decision(List.of(), List.of());

  private final List<Entry> entries = new ArrayList<>(0);
  private final List<TaskEntry> taskEntries = new ArrayList<>(0);
  private final List<Effect> effects = new ArrayList<>(0);

  @Override
  public void keep(TaskEntry entry) {
    taskEntries.add(entry);
  }

  @Override
  public void run(Effect effect) {
    effects.add(effect);
  }

  @Override
  public void add(Decision decision) {
    entries.addAll(decision.entries());
    taskEntries.addAll(decision.taskEntries());
    effects.addAll(decision.effects());
  }

  List<TaskEntry> taskEntries() {
    return taskEntries;
  }

  List<Effect> effects() {
    return effects;
  }

  boolean isEmpty() {
    return entries.isEmpty() && taskEntries.isEmpty() && effects.isEmpty();
  }

  Decision decision() {
    return isEmpty() ? NOTHING : new Decision(entries, taskEntries, effects);
  }
}
