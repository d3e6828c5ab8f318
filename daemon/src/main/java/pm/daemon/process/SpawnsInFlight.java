package pm.daemon.process;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import pm.daemon.core.model.InvocationId;

/**
 * Spawns that have begun and of whose child the loop does not know yet. Meanwhile a dead child that
 * nobody knows may be theirs, and must not be reaped as a stranger's. Any thread.
 */
final class SpawnsInFlight {
  private final Map<InvocationId, Long> beginTicks = new ConcurrentHashMap<>();

  /** A process of this invocation may come into being from now on. */
  void begin(InvocationId invocation, long nowTicks) {
    beginTicks.put(invocation, nowTicks);
  }

  /** The loop knows its process, or that there is none. */
  void end(InvocationId invocation) {
    beginTicks.remove(invocation);
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
