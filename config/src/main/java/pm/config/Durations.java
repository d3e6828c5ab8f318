package pm.config;

import java.time.Duration;

/**
 * Durations as people write them: {@code 250ms}, {@code 5s}, {@code 1m30s}, {@code 2h}, {@code 7d}.
 * Whole numbers, each with a unit, larger units first. A number without a unit is refused, because
 * the field's tools do not agree whether it means seconds or milliseconds.
 */
public final class Durations {
  /** Far beyond any use, and far from overflow in nanoseconds (292 years). */
  public static final Duration LONGEST = Duration.ofDays(36_500);

  private static final String[] UNITS = {"d", "h", "m", "s", "ms"};
  private static final long[] MILLIS = {86_400_000, 3_600_000, 60_000, 1_000, 1};
  private static final String EXAMPLES = "write for example 250ms, 5s, 1m30s, 2h or 7d";

  private Durations() {}

  /**
   * Reads a duration.
   *
   * @return zero to {@link #LONGEST}, in whole milliseconds
   * @throws MalformedValueException if it is not one
   */
  public static Duration parse(String text) throws MalformedValueException {
    if (text.isEmpty()) {
      throw new MalformedValueException("a duration is missing", EXAMPLES);
    }
    if (isDigits(text)) {
      throw new MalformedValueException("a duration needs a unit", "write " + text + "s");
    }
    long millis = 0;
    int smallestSoFar = -1;
    int at = 0;
    while (at < text.length()) {
      int digits = at;
      while (at < text.length() && isDigit(text.charAt(at))) {
        at++;
      }
      int letters = at;
      while (at < text.length() && isLetter(text.charAt(at))) {
        at++;
      }
      int unit = unitOf(text, letters, at);
      // Ten digits of days are 27 million years; more than that would overflow.
      if (digits == letters || unit < 0 || letters - digits > 10) {
        throw notADuration(text, letters, at);
      }
      if (unit <= smallestSoFar) {
        throw new MalformedValueException(
            quoted(text) + " is not a duration",
            "write each unit once, larger units first, as in 1h30m");
      }
      smallestSoFar = unit;
      millis += Long.parseLong(text, digits, letters, 10) * MILLIS[unit];
      if (millis > LONGEST.toMillis()) {
        throw new MalformedValueException(
            quoted(text) + " is too long", "the longest duration is " + format(LONGEST));
      }
    }
    return Duration.ofMillis(millis);
  }

  /**
   * Writes a duration so that {@link #parse} reads it again; what is less than a millisecond is
   * left out.
   */
  public static String format(Duration duration) {
    long rest = duration.toMillis();
    if (rest < 0) {
      throw new IllegalArgumentException("a duration is not negative: " + duration);
    }
    if (rest == 0) {
      return "0s";
    }
    var text = new StringBuilder();
    for (int unit = 0; unit < UNITS.length; unit++) {
      long count = rest / MILLIS[unit];
      if (count > 0) {
        text.append(count).append(UNITS[unit]);
        rest -= count * MILLIS[unit];
      }
    }
    return text.toString();
  }

  private static MalformedValueException notADuration(String text, int unitStart, int unitEnd) {
    String what = quoted(text) + " is not a duration";
    if (unitStart < text.length() && text.charAt(unitStart) == '.') {
      return new MalformedValueException(what, "write whole numbers, as in 1s500ms for 1.5s");
    }
    if (unitStart == unitEnd && unitEnd == text.length() && unitStart > 0) {
      return new MalformedValueException(what, "its last number has no unit; " + EXAMPLES);
    }
    return new MalformedValueException(what, EXAMPLES);
  }

  private static int unitOf(String text, int start, int end) {
    for (int unit = 0; unit < UNITS.length; unit++) {
      if (UNITS[unit].length() == end - start && text.startsWith(UNITS[unit], start)) {
        return unit;
      }
    }
    return -1;
  }

  private static boolean isDigits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!isDigit(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static String quoted(String text) {
    return Quoted.text(text);
  }
}
