package pm.daemon.core.model;

import java.time.Duration;
import java.time.Instant;

/**
 * A point in time as the core sees it.
 *
 * @param nanos nanoseconds of the kernel's {@code CLOCK_MONOTONIC}; only they decide, and a later
 *     daemon of the same boot can compare them
 * @param wall the wall clock at the same time; it is shown, never compared
 */
public record Moment(long nanos, Instant wall) {

  /** A deadline that never comes. */
  public static final long NEVER = Long.MAX_VALUE;

  /** Returns {@code nanos + duration}, or {@link #NEVER} where that is beyond the clock. */
  public long after(Duration duration) {
    return after(nanos, duration);
  }

  /** Returns {@code from + duration}, or {@link #NEVER} where that is beyond the clock. */
  public static long after(long from, Duration duration) {
    try {
      long length = duration.toNanos();
      long sum = from + length;
      return sum < from ? NEVER : sum;
    } catch (ArithmeticException tooLong) {
      return NEVER;
    }
  }

  /** Returns the wall clock time at which the monotonic clock shows {@code deadline}. */
  public Instant wallAt(long deadline) {
    return wall.plusNanos(deadline - nanos);
  }
}
