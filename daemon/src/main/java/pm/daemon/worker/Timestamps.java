package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * Writes moments as RFC 3339 has them, in UTC with milliseconds. Those of one second cost three
 * digits each. Loop thread only.
 */
final class Timestamps {
  /** The bytes of each. */
  static final int BYTES = "2026-01-02T03:04:05.678Z".length();

  private static final int SECOND_BYTES = "2026-01-02T03:04:05".length();

  /** The last moment with a year of four digits. */
  private static final long LAST_MILLIS = 253_402_300_799_999L;

  private byte[] second = new byte[SECOND_BYTES];

  /** When that second begins, in milliseconds. */
  private long secondBegins = Long.MAX_VALUE;

  /**
   * Writes a moment.
   *
   * @param millis since 1970; one after the year 9999 is written as its end, one before 1970 as its
   *     beginning
   */
  void put(long millis, byte[] into, int at) {
    long bounded = Math.clamp(millis, 0L, LAST_MILLIS);
    if (bounded < secondBegins || bounded - secondBegins >= 1_000) {
      secondBegins = bounded - bounded % 1_000;
      second = Instant.ofEpochMilli(secondBegins).toString().getBytes(StandardCharsets.US_ASCII);
    }
    System.arraycopy(second, 0, into, at, SECOND_BYTES);
    int rest = (int) (bounded - secondBegins);
    int after = at + SECOND_BYTES;
    into[after] = '.';
    into[after + 1] = (byte) ('0' + rest / 100);
    into[after + 2] = (byte) ('0' + rest / 10 % 10);
    into[after + 3] = (byte) ('0' + rest % 10);
    into[after + 4] = 'Z';
  }
}
