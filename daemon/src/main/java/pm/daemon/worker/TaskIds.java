package pm.daemon.worker;

import java.nio.charset.StandardCharsets;

/**
 * Reads the ids of tasks and of their attempts: {@code <task>/<attempt>}, where the task is {@code
 * <epoch>-<number>} or a key. Nothing is allocated but for a key. Loop thread only.
 */
final class TaskIds {
  /** The longest id of an attempt. */
  static final int MOST_BYTES = 160;

  private static final int MOST_KEY_BYTES = 128;
  private static final int MOST_ATTEMPT_DIGITS = 9;
  private static final int MOST_NUMBER_DIGITS = 18;

  private byte[] prefix = {'-'};
  private long task;
  private String key = "";
  private int attempt;

  /** Takes what the ids of tasks without a key begin with. */
  void begin(String epoch) {
    prefix = (epoch + "-").getBytes(StandardCharsets.US_ASCII);
  }

  /** Returns what the ids of tasks without a key begin with, up to their number. Not a copy. */
  byte[] prefix() {
    return prefix;
  }

  /**
   * Reads an id.
   *
   * @return false if it cannot be one of a task; without an attempt it can
   */
  boolean read(byte[] id, int length) {
    int slash = length - 1;
    while (slash >= 0 && id[slash] != '/') {
      slash--;
    }
    int end = slash >= 0 ? slash : length;
    attempt = slash >= 0 ? (int) number(id, slash + 1, length, MOST_ATTEMPT_DIGITS) : 0;
    if (attempt < 0 || end == 0 || end > MOST_KEY_BYTES) {
      return false;
    }
    task = isOurs(id, end) ? number(id, prefix.length, end, MOST_NUMBER_DIGITS) : 0;
    if (task > 0) {
      key = "";
      return true;
    }
    task = 0;
    return isKey(id, end);
  }

  private boolean isOurs(byte[] id, int end) {
    if (end <= prefix.length) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if (id[i] != prefix[i]) {
        return false;
      }
    }
    return true;
  }

  /** Reads a number of 1 or more as we write it; negative if it is none. */
  private static long number(byte[] id, int from, int to, int mostDigits) {
    if (to == from || to - from > mostDigits || id[from] == '0') {
      return -1;
    }
    long number = 0;
    for (int i = from; i < to; i++) {
      int digit = id[i] - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }

  private boolean isKey(byte[] id, int end) {
    for (int i = 0; i < end; i++) {
      byte b = id[i];
      boolean isAlphanumeric = isIn(b, 'a', 'z') || isIn(b, 'A', 'Z') || isIn(b, '0', '9');
      boolean isMark = i > 0 && (b == '_' || b == '.' || b == ':' || b == '-');
      if (!isAlphanumeric && !isMark) {
        return false;
      }
    }
    key = new String(id, 0, end, StandardCharsets.US_ASCII);
    return true;
  }

  private static boolean isIn(byte b, char first, char last) {
    return b >= first && b <= last;
  }

  /** Returns the number of the task that was read last; 0 if it has a key. */
  long task() {
    return task;
  }

  /** Returns its key; empty if it has a number. */
  String key() {
    return key;
  }

  /** Returns the attempt; 0 if the id names none. */
  int attempt() {
    return attempt;
  }
}
