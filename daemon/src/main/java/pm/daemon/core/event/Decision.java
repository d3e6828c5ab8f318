package pm.daemon.core.event;

import java.util.List;

/**
 * The answer to an event.
 *
 * @param entries to be kept first, in this order
 * @param effects to be run then, in this order
 */
public record Decision(List<Entry> entries, List<Effect> effects) {

  public Decision {
    entries = List.copyOf(entries);
    effects = List.copyOf(effects);
  }
}
