package pm.daemon.simulation;

import java.util.List;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.model.Moment;

/** Stands between the daemon and its core, to show that each invariant can fail. */
interface Sabotage {

  /** Leaves everything as it is. */
  Sabotage NONE = new Sabotage() {};

  /** What the core is told instead of {@code event}. */
  default Event told(Event event) {
    return event;
  }

  /** What the daemon is told instead of {@code decision}. */
  default Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
    return decision;
  }

  /** What is replayed instead of {@code entries}. */
  default List<Entry> replayed(List<Entry> entries) {
    return entries;
  }
}
