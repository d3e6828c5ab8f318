package pm.cli.render;

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

  private static String oneDigit(double value) {
    long tenths = Math.round(value * 10);
    return tenths / 10 + "." + Math.abs(tenths % 10);
  }
}
