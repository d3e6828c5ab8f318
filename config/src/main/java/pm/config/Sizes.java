package pm.config;

/**
 * Sizes in bytes as people write them: {@code 64KiB}, {@code 50MiB}, {@code 1GiB}, or {@code 64K},
 * {@code 50M}, {@code 1G} with the same meaning (powers of 1024), and {@code 100B}. A number
 * without a unit is refused, and so are {@code KB}, {@code MB} and {@code GB}, which mean powers of
 * 1000 to some and of 1024 to others.
 */
public final class Sizes {
  private static final String[] LETTERS = {"G", "M", "K"};
  private static final int[] SHIFTS = {30, 20, 10};
  private static final String EXAMPLES = "write for example 64KiB, 50MiB or 1GiB";

  private Sizes() {}

  /**
   * Reads a size.
   *
   * @return bytes, from 0
   * @throws MalformedValueException if it is not one
   */
  public static long parse(String text) throws MalformedValueException {
    int digits = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      digits++;
    }
    if (digits == 0 || digits > 15) {
      throw notASize(text);
    }
    String number = text.substring(0, digits);
    String unit = text.substring(digits);
    if (unit.isEmpty()) {
      throw new MalformedValueException(
          "a size needs a unit", "write " + number + "MiB, or " + number + "B for bytes");
    }
    return shifted(Long.parseLong(number), shiftOf(text, number, unit), text);
  }

  /**
   * Writes a size with the largest unit that loses nothing, so that {@link #parse} reads it again.
   */
  public static String format(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("a size is not negative: " + bytes);
    }
    for (int i = 0; i < SHIFTS.length; i++) {
      long whole = bytes >> SHIFTS[i];
      if (whole > 0 && whole << SHIFTS[i] == bytes) {
        return whole + LETTERS[i] + "iB";
      }
    }
    return bytes + "B";
  }

  private static int shiftOf(String text, String number, String unit)
      throws MalformedValueException {
    if (unit.equals("B")) {
      return 0;
    }
    for (int i = 0; i < LETTERS.length; i++) {
      if (unit.equals(LETTERS[i]) || unit.equals(LETTERS[i] + "iB")) {
        return SHIFTS[i];
      }
      if (unit.equalsIgnoreCase(LETTERS[i])
          || unit.equalsIgnoreCase(LETTERS[i] + "B")
          || unit.equalsIgnoreCase(LETTERS[i] + "iB")) {
        throw new MalformedValueException(
            Quoted.text(text) + " is not a size",
            "write " + number + LETTERS[i] + "iB (a power of 1024)");
      }
    }
    throw notASize(text);
  }

  private static long shifted(long number, int shift, String text) throws MalformedValueException {
    if (number > Long.MAX_VALUE >> shift) {
      throw new MalformedValueException(Quoted.text(text) + " is too large", EXAMPLES);
    }
    return number << shift;
  }

  private static MalformedValueException notASize(String text) {
    return new MalformedValueException(Quoted.text(text) + " is not a size", EXAMPLES);
  }
}
