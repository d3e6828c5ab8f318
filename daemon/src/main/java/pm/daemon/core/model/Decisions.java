package pm.daemon.core.model;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What operators decided and what must therefore survive the daemon.
 *
 * @param stopped instances that were stopped and by whom; holds until somebody starts them, or
 *     until the machine is booted anew
 */
public record Decisions(SortedMap<InstanceName, String> stopped) {

  /** Nothing was decided. */
  public static final Decisions NONE = new Decisions(new TreeMap<>());

  public Decisions {
    stopped = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(stopped));
  }

  /** Returns these decisions with {@code instance} stopped by {@code who}. */
  public Decisions stop(InstanceName instance, String who) {
    TreeMap<InstanceName, String> next = new TreeMap<>(stopped);
    next.put(instance, who);
    return new Decisions(next);
  }

  /** Returns these decisions without the one to stop {@code instance}. */
  public Decisions start(InstanceName instance) {
    if (!stopped.containsKey(instance)) {
      return this;
    }
    TreeMap<InstanceName, String> next = new TreeMap<>(stopped);
    next.remove(instance);
    return new Decisions(next);
  }
}
