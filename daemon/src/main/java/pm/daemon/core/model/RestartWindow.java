package pm.daemon.core.model;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The times of an instance's automatic restarts: a true sliding log.
 *
 * <p>A fixed window that its first event opens lets up to twice the limit through; a log does not.
 * Where restarts are unlimited only the youngest {@link #UNLIMITED_BOUND} are remembered.
 *
 * @param restarts monotonic nanoseconds, ascending
 */
public record RestartWindow(List<Long> restarts) {

  /** The most restarts that are remembered where their number has no limit. */
  public static final int UNLIMITED_BOUND = 100;

  /** No restart yet. */
  public static final RestartWindow EMPTY = new RestartWindow(List.of());

  public RestartWindow {
    restarts = List.copyOf(restarts);
  }

  /** Returns how many restarts are younger than {@code window} at {@code nanos}. */
  public int within(Duration window, long nanos) {
    int count = 0;
    for (int i = restarts.size() - 1; i >= 0 && isYoung(restarts.get(i), window, nanos); i--) {
      count++;
    }
    return count;
  }

  /** Returns whether another restart at {@code nanos} would exceed {@code limit}. */
  public boolean isFull(int limit, Duration window, long nanos) {
    return within(window, nanos) >= limit;
  }

  /** Returns the first time from {@code nanos} on at which a restart is within {@code limit}. */
  public long roomAt(int limit, Duration window, long nanos) {
    if (limit == 0) {
      return Moment.NEVER;
    }
    if (!isFull(limit, window, nanos)) {
      return nanos;
    }
    return Moment.after(restarts.get(restarts.size() - limit), window);
  }

  /**
   * Returns this log with a restart at {@code nanos}; those older than {@code window} go, and so do
   * the oldest beyond {@code most}.
   */
  public RestartWindow with(long nanos, Duration window, int most) {
    List<Long> kept = new ArrayList<>();
    for (long restart : restarts) {
      if (isYoung(restart, window, nanos)) {
        kept.add(restart);
      }
    }
    kept.add(nanos);
    return new RestartWindow(
        kept.size() <= most ? kept : kept.subList(kept.size() - most, kept.size()));
  }

  private static boolean isYoung(long restart, Duration window, long nanos) {
    return Moment.after(restart, window) > nanos;
  }
}
