package pm.protocol;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/** Times as they are written on the socket and in files. Any thread. */
public final class Times {
  private static final DateTimeFormatter MILLISECONDS =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private Times() {}

  /** Returns RFC 3339 in UTC with milliseconds: {@code 2026-07-03T09:12:00.250Z}. */
  public static String format(Instant time) {
    return MILLISECONDS.format(time);
  }
}
