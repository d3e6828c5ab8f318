package pm.daemon;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.event.Event;

/**
 * What has happened or is asked for in this turn and is not decided yet. Those who report need not
 * know who decides. Loop thread only; empty at the end of each turn, so a turn's bound is its
 * bound.
 */
final class EventQueue {

  private final ArrayDeque<Event> events = new ArrayDeque<>();

  void add(Event event) {
    events.add(event);
  }

  /** Returns the next one and takes it out; null if there is none. */
  @Nullable Event poll() {
    return events.poll();
  }
}
