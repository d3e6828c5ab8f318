package pm.protocol;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/** Times as they are written on the socket and in files. Any thread. */
public final class Times {
  private static final DateTimeFormatter MILLISECONDS =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private static final int DAY_SECONDS = 86_400;

  /** From the beginning of the year 0 to before that of 10000, where years have four digits. */
  private static final long FIRST_DAY = LocalDate.of(0, 1, 1).toEpochDay();

  private static final long LAST_DAY = LocalDate.of(9999, 12, 31).toEpochDay();

  private Times() {}

  /** Returns RFC 3339 in UTC with milliseconds: {@code 2026-07-03T09:12:00.250Z}. */
  public static String format(Instant time) {
    return hasFourDigits(time) ? text(time, 3, 1_000_000) : MILLISECONDS.format(time);
  }

  /** Returns all of it, for {@link Instant#parse}: {@code 2026-07-03T09:12:00.250000000Z}. */
  public static String formatWhole(Instant time) {
    return hasFourDigits(time) ? text(time, 9, 1) : time.toString();
  }

  private static boolean hasFourDigits(Instant time) {
    long day = Math.floorDiv(time.getEpochSecond(), DAY_SECONDS);
    return day >= FIRST_DAY && day <= LAST_DAY;
  }

  /**
   * Digit by digit: every event and record has some times, and a formatter takes ten times as long.
   */
  private static String text(Instant time, int places, int nanosOfLast) {
    long epochSecond = time.getEpochSecond();
    LocalDate date = LocalDate.ofEpochDay(Math.floorDiv(epochSecond, DAY_SECONDS));
    int second = Math.floorMod(epochSecond, DAY_SECONDS);
    byte[] text = new byte[21 + places];
    digits(text, 0, 4, date.getYear(), '-');
    digits(text, 5, 2, date.getMonthValue(), '-');
    digits(text, 8, 2, date.getDayOfMonth(), 'T');
    digits(text, 11, 2, second / 3600, ':');
    digits(text, 14, 2, second / 60 % 60, ':');
    digits(text, 17, 2, second % 60, '.');
    digits(text, 20, places, time.getNano() / nanosOfLast, 'Z');
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private static void digits(byte[] text, int at, int count, int value, char then) {
    int rest = value;
    for (int i = at + count - 1; i >= at; i--) {
      text[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    text[at + count] = (byte) then;
  }
}
