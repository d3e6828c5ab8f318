package pm.daemon.worker;

/**
 * Writes numbers of 0 or more in decimal digits. Only ints are divided, by a multiplication: under
 * C1 a division of longs is a call. Any thread.
 */
final class Digits {
  private static final int BILLION = 1_000_000_000;
  private static final int DIGITS_OF_BILLION = 9;

  /** 2 to the power of 35, divided by 10: exact for all ints of 0 or more. */
  private static final long TENTH = 3_435_973_837L;

  private static final int TENTH_SHIFT = 35;

  private Digits() {}

  /** Returns how many digits a number has. */
  static int count(int number) {
    int digits = 1;
    for (long most = 10; number >= most; most *= 10) {
      digits++;
    }
    return digits;
  }

  /** Writes a number; returns where it ends. */
  static int put(long number, byte[] into, int at) {
    if (number <= Integer.MAX_VALUE) {
      int end = at + count((int) number);
      fill((int) number, into, at, end);
      return end;
    }
    int middle = put(number / BILLION, into, at);
    int end = middle + DIGITS_OF_BILLION;
    fill((int) (number % BILLION), into, middle, end);
    return end;
  }

  /** Fills all bytes between two positions, with zeros before the digits. */
  private static void fill(int number, byte[] into, int at, int end) {
    int rest = number;
    for (int i = end - 1; i >= at; i--) {
      int tenth = (int) ((rest * TENTH) >>> TENTH_SHIFT);
      into[i] = (byte) ('0' + rest - tenth * 10);
      rest = tenth;
    }
  }
}
