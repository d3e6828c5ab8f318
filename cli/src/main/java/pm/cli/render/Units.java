package pm.cli.render;

import java.time.DateTimeException;
import java.time.LocalDate;

/** Numbers as people read them. */
public final class Units {
  private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final String[] TIME = {"d", "h", "m", "s"};
  private static final long[] SECONDS = {86_400, 3_600, 60, 1};

  private Units() {}

  /**
   * Seconds in the two largest units that are not nothing: {@code 45s}, {@code 3h12m}, {@code 2d}.
   */
  public static String duration(double seconds) {
    long rest = (long) seconds;
    for (int unit = 0; unit < TIME.length - 1; unit++) {
      if (rest >= SECONDS[unit]) {
        long next = rest % SECONDS[unit] / SECONDS[unit + 1];
        return rest / SECONDS[unit] + TIME[unit] + (next == 0 ? "" : next + TIME[unit + 1]);
      }
    }
    return rest + "s";
  }

  /** As {@link #duration}, but with the tenths of what is less than ten seconds: {@code 0.5s}. */
  public static String seconds(double seconds) {
    return seconds >= 10 || seconds == Math.rint(seconds)
        ? duration(seconds)
        : oneDigit(seconds) + "s";
  }

  /** Bytes with one digit after the point: {@code 48.1MiB}, {@code 512B}. */
  public static String bytes(double bytes) {
    double value = bytes;
    int unit = 0;
    // What would be rounded to 1024.0 is written in the next unit.
    while (value >= 1023.95 && unit < BYTES.length - 1) {
      value /= 1024;
      unit++;
    }
    return (unit == 0 ? Long.toString((long) value) : oneDigit(value)) + BYTES[unit];
  }

  /** A percentage with one digit after the point: {@code 0.3%}. */
  public static String percent(double percent) {
    return oneDigit(percent) + "%";
  }

  /**
   * The seconds between two times as they come from the daemon, {@code 2026-07-03T09:12:00.250Z}.
   */
  public static double between(String from, String to) {
    return (millis(to) - millis(from)) / 1000.0;
  }

  /** The seconds since a time as it comes from the daemon, by our own clock; not less than 0. */
  public static double since(String time) {
    return Math.max(0, (System.currentTimeMillis() - millis(time)) / 1000.0);
  }

  /** The seconds up to a time as it comes from the daemon, by our own clock; not less than 0. */
  public static double until(String time) {
    return Math.max(0, (millis(time) - System.currentTimeMillis()) / 1000.0);
  }

  /** Milliseconds since 1970; read by hand, for a formatter takes longer to load than all else. */
  private static long millis(String time) {
    try {
      long day =
          LocalDate.of(digits(time, 0, 4), digits(time, 5, 7), digits(time, 8, 10)).toEpochDay();
      int seconds = digits(time, 11, 13) * 3_600 + digits(time, 14, 16) * 60 + digits(time, 17, 19);
      int millis = time.length() >= 24 ? digits(time, 20, 23) : 0;
      return (day * 86_400 + seconds) * 1000 + millis;
    } catch (NumberFormatException | IndexOutOfBoundsException | DateTimeException e) {
      return 0; // What it is not is shown as it is elsewhere.
    }
  }

  private static int digits(String time, int from, int to) {
    return Integer.parseInt(time, from, to, 10);
  }

  private static String oneDigit(double value) {
    long tenths = Math.round(value * 10);
    return tenths / 10 + "." + Math.abs(tenths % 10);
  }
}
