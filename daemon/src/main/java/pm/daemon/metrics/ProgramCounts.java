package pm.daemon.metrics;

import java.util.SortedMap;
import java.util.TreeMap;

/** What has happened to the instances of one program since the daemon began. Loop thread only. */
final class ProgramCounts {
  private long starts;
  private final SortedMap<String, Long> restarts = new TreeMap<>();
  private final SortedMap<String, Long> exits = new TreeMap<>();

  void started() {
    starts++;
  }

  /** The restart policy has started it again after an end of this cause. */
  void restarted(String reason) {
    restarts.merge(reason, 1L, Long::sum);
  }

  void exited(String kind) {
    exits.merge(kind, 1L, Long::sum);
  }

  /** Returns these counts as they are now. */
  Snapshot snapshot() {
    return new Snapshot(starts, new TreeMap<>(restarts), new TreeMap<>(exits));
  }

  /**
   * Counts.
   *
   * @param restarts by reason
   * @param exits by kind
   */
  record Snapshot(long starts, SortedMap<String, Long> restarts, SortedMap<String, Long> exits) {
    static final Snapshot NONE = new Snapshot(0, new TreeMap<>(), new TreeMap<>());
  }
}
