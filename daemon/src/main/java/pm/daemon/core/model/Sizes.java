package pm.daemon.core.model;

/** How amounts of memory are told to people. */
public final class Sizes {

  private Sizes() {}

  /** Tells an amount: {@code 130MiB}, {@code 1.5GiB}. */
  public static String told(long bytes) {
    if (bytes < 1L << 20) {
      return tenths(bytes, 10) + "KiB";
    }
    return bytes < 1L << 30 ? tenths(bytes, 20) + "MiB" : tenths(bytes, 30) + "GiB";
  }

  private static String tenths(long bytes, int shift) {
    long tenths = Math.round(bytes * 10.0 / (1L << shift));
    return tenths % 10 == 0 ? Long.toString(tenths / 10) : tenths / 10 + "." + tenths % 10;
  }
}
