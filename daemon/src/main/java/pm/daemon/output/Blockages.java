package pm.daemon.output;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import pm.daemon.core.model.InstanceName;

/**
 * The files that cannot be written now, why, and when each is tried again: after 50 ms, then after
 * twice as long each time up to 1 s. Writer thread only.
 */
final class Blockages {
  private static final long FIRST_RETRY_NANOS = 50_000_000;
  private static final long LONGEST_RETRY_NANOS = 1_000_000_000;

  private final Map<Destination, Blockage> byFile = new HashMap<>();
  private final OutputListener listener;
  private final OutputMeters meters;

  private static final class Blockage {
    private final String reason;
    private final Set<InstanceName> told = new LinkedHashSet<>();
    private long delayNanos = FIRST_RETRY_NANOS;
    private long retryNanos;

    private Blockage(String reason, long nowNanos) {
      this.reason = reason;
      retryNanos = nowNanos + delayNanos;
    }
  }

  Blockages(OutputListener listener, OutputMeters meters) {
    this.listener = listener;
    this.meters = meters;
  }

  boolean isBlocked(Destination file) {
    return !byFile.isEmpty() && byFile.containsKey(file);
  }

  boolean isEmpty() {
    return byFile.isEmpty();
  }

  /** The file could not be written, for the first time or again. */
  void failed(Destination file, String reason, long nowNanos) {
    Blockage known = byFile.get(file);
    if (known != null) {
      known.delayNanos = Math.min(2 * known.delayNanos, LONGEST_RETRY_NANOS);
      known.retryNanos = nowNanos + known.delayNanos;
      return;
    }
    meters.blocked();
    byFile.put(file, new Blockage(reason, nowNanos));
    file.sources().forEach(this::tell);
  }

  /** A pipe leads to a file that cannot be written: its instance is told, once. */
  void tell(Source source) {
    Blockage blockage = byFile.get(source.file());
    if (blockage != null && blockage.told.add(source.instance())) {
      listener.blocked(source.instance(), source.file().path(), blockage.reason);
    }
  }

  /** The file has been written, or no pipe leads there any more. */
  void over(Destination file) {
    Blockage blockage = byFile.remove(file);
    if (blockage != null) {
      meters.unblocked();
      blockage.told.forEach(instance -> listener.flows(instance, file.path()));
    }
  }

  /** Returns the files that are to be tried now. */
  List<Destination> due(long nowNanos) {
    if (byFile.isEmpty()) {
      return List.of();
    }
    List<Destination> due = new ArrayList<>();
    byFile.forEach(
        (file, blockage) -> {
          // What is being written tells its end itself.
          if (blockage.retryNanos - nowNanos <= 0 && !file.isBusy()) {
            due.add(file);
          }
        });
    return due;
  }

  /** Returns how long until one is to be tried, or {@code most} if that is sooner. */
  long untilNextNanos(long nowNanos, long most) {
    long wait = most;
    for (Map.Entry<Destination, Blockage> each : byFile.entrySet()) {
      if (!each.getKey().isBusy()) {
        wait = Math.min(wait, Math.max(0, each.getValue().retryNanos - nowNanos));
      }
    }
    return wait;
  }
}
