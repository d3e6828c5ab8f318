package pm.daemon.process;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Spawns that have begun and of whose child the loop does not know yet. Meanwhile a dead child that
 * nobody knows may be theirs, and must not be reaped as a stranger's. Any thread.
 */
final class SpawnsInFlight {
  private final Map<Object, Long> beginTicks = new ConcurrentHashMap<>();

  /** A process of this invocation, or of this start by others, may come into being from now on. */
  void begin(Object whose, long nowTicks) {
    beginTicks.put(whose, nowTicks);
  }

  /** The loop knows its process, or that there is none. */
  void end(Object whose) {
    beginTicks.remove(whose);
  }

  boolean isEmpty() {
    return beginTicks.isEmpty();
  }

  /** Whether a child that began at {@code startTicks} may be one of them. */
  boolean mayHaveStarted(long startTicks) {
    for (long begin : beginTicks.values()) {
      // Both clocks are cut to whole ticks, perhaps at different places.
      if (startTicks >= begin - 1) {
        return true;
      }
    }
    return false;
  }
}
