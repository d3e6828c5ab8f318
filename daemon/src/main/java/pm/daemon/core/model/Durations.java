package pm.daemon.core.model;

import java.time.Duration;

/** Lengths of time, as they are counted and told to people. */
public final class Durations {

  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000 * MILLI;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;

  private Durations() {}

  /** Counts nanoseconds; as many as there can be where it is longer than that. */
  public static long nanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException tooLong) {
      return Long.MAX_VALUE;
    }
  }

  /** Returns {@code from + nanos}, or {@link Moment#NEVER} where that is beyond the clock. */
  public static long after(long from, long nanos) {
    long sum = from + nanos;
    return nanos > 0 && sum < from ? Moment.NEVER : sum;
  }

  /** Tells a length of time in at most two units: {@code 8ms}, {@code 0.3s}, {@code 3h12m}. */
  public static String told(long nanos) {
    if (nanos < 100 * MILLI) {
      return Math.max(0, nanos) / MILLI + "ms";
    }
    if (nanos < 10 * SECOND) {
      long tenths = (Math.max(0, nanos) + 50 * MILLI) / (100 * MILLI);
      return tenths % 10 == 0 ? tenths / 10 + "s" : tenths / 10 + "." + tenths % 10 + "s";
    }
    if (nanos < MINUTE) {
      return nanos / SECOND + "s";
    }
    if (nanos < HOUR) {
      return two(nanos / MINUTE, "m", nanos % MINUTE / SECOND, "s");
    }
    return nanos < DAY
        ? two(nanos / HOUR, "h", nanos % HOUR / MINUTE, "m")
        : two(nanos / DAY, "d", nanos % DAY / HOUR, "h");
  }

  private static String two(long large, String largeUnit, long small, String smallUnit) {
    return small == 0 ? large + largeUnit : large + largeUnit + small + smallUnit;
  }
}
