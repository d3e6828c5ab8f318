package pm.daemon.process;

import java.util.Optional;

/**
 * A process as {@code /proc/PID/stat} shows it; proc_pid_stat(5).
 *
 * @param state {@code R}, {@code S}, {@code D}, {@code T}, {@code Z} and so on
 * @param group its process group
 * @param cpuTicks what it and its ended threads have used, in clock ticks
 * @param startTicks when it began, in clock ticks since boot
 * @param threads how many it has
 * @param reapedCpuTicks what its children have used that it has reaped, in clock ticks
 * @param exitCode how it ended, as wait(2) tells it, once it is a zombie; 0 too where we may not
 *     know
 */
record ProcessStat(
    int pid,
    char state,
    int parent,
    int group,
    int session,
    long cpuTicks,
    long startTicks,
    long residentPages,
    int exitCode,
    int threads,
    long reapedCpuTicks) {

  /** Whether it has ended, and only its parent does not know yet. */
  boolean isZombie() {
    return state == 'Z' || state == 'X';
  }

  /**
   * Reads a line of {@code /proc/PID/stat}; empty if it is none. The name in parentheses is the
   * process's own choice and may hold parentheses and spaces itself.
   *
   * @param text holds the line in its first {@code length} bytes
   */
  static Optional<ProcessStat> parse(byte[] text, int length) {
    int close = length - 1;
    while (close >= 0 && text[close] != ')') {
      close--;
    }
    if (close < 0 || close + 2 >= length) {
      return Optional.empty();
    }
    char state = (char) text[close + 2];
    long[] fields = new long[53];
    int number = 4;
    int at = close + 4;
    while (at < length && number < fields.length) {
      boolean negative = text[at] == '-';
      if (negative) {
        at++;
      }
      long value = 0;
      while (at < length && text[at] >= '0' && text[at] <= '9') {
        value = value * 10 + (text[at] - '0');
        at++;
      }
      fields[number] = negative ? -value : value;
      number++;
      at++;
    }
    if (number <= 24) {
      return Optional.empty();
    }
    long pid = 0;
    for (int i = 0; i < length && text[i] != ' '; i++) {
      pid = pid * 10 + (text[i] - '0');
    }
    return Optional.of(
        new ProcessStat(
            (int) pid,
            state,
            (int) fields[4],
            (int) fields[5],
            (int) fields[6],
            fields[14] + fields[15],
            fields[22],
            fields[24],
            (int) fields[52],
            (int) fields[20],
            fields[16] + fields[17]));
  }
}
