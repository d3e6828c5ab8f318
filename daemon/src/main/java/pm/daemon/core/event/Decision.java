package pm.daemon.core.event;

import java.util.List;

/**
 * The answer to an event.
 *
 * @param entries to be kept first, in this order
 * @param taskEntries to be kept in the store of tasks, in this order, before the effects too
 * @param effects to be run then, in this order
 */
public record Decision(List<Entry> entries, List<TaskEntry> taskEntries, List<Effect> effects) {

  public Decision {
    entries = List.copyOf(entries);
    taskEntries = List.copyOf(taskEntries);
    effects = List.copyOf(effects);
  }

  /** One that is not about tasks. */
  public Decision(List<Entry> entries, List<Effect> effects) {
    this(entries, List.of(), effects);
  }
}
