package pm.config;

import java.util.Locale;
import java.util.OptionalInt;

/** Signals by name, with their numbers on Linux (the same on x86-64 and aarch64), signal(7). */
public final class SignalName {
  private static final String[] NAMES = {
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
  };

  /** As glibc counts: the kernel's first two are its own. */
  private static final int RTMIN = 34;

  private static final int RTMAX = 64;

  private SignalName() {}

  /**
   * Reads a name with or without {@code SIG}, or one like {@code RTMIN+3}.
   *
   * @return the name without {@code SIG}
   * @throws MalformedValueException if there is no such signal
   */
  public static String parse(String text) throws MalformedValueException {
    String name = text.startsWith("SIG") ? text.substring(3) : text;
    if (number(name).isPresent()) {
      return name;
    }
    throw new MalformedValueException(Quoted.text(text) + " is not a signal", remedy(text));
  }

  /** The number of a name without {@code SIG}; empty if there is no such signal. */
  public static OptionalInt number(String name) {
    for (int i = 0; i < NAMES.length; i++) {
      if (NAMES[i].equals(name)) {
        return OptionalInt.of(i + 1);
      }
    }
    if (name.startsWith("RTMIN")) {
      return realTime(RTMIN, name.substring(5), '+');
    }
    if (name.startsWith("RTMAX")) {
      return realTime(RTMAX, name.substring(5), '-');
    }
    return OptionalInt.empty();
  }

  /** The name of a number without {@code SIG}; the number itself as text if it has no name. */
  public static String of(int number) {
    if (number >= 1 && number <= NAMES.length) {
      return NAMES[number - 1];
    }
    if (number >= RTMIN && number <= RTMAX) {
      return number == RTMIN ? "RTMIN" : "RTMIN+" + (number - RTMIN);
    }
    return Integer.toString(number);
  }

  private static OptionalInt realTime(int base, String offset, char sign) {
    if (offset.isEmpty()) {
      return OptionalInt.of(base);
    }
    if (offset.length() < 2 || offset.length() > 3 || offset.charAt(0) != sign) {
      return OptionalInt.empty();
    }
    int value = 0;
    for (int i = 1; i < offset.length(); i++) {
      int digit = offset.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return OptionalInt.empty();
      }
      value = value * 10 + digit;
    }
    int number = sign == '+' ? base + value : base - value;
    return number >= RTMIN && number <= RTMAX ? OptionalInt.of(number) : OptionalInt.empty();
  }

  private static String remedy(String text) {
    if (!text.isEmpty() && text.length() <= 2 && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= NAMES.length) {
        return "write " + of(number);
      }
    }
    String upper = text.toUpperCase(Locale.ROOT);
    String name = upper.startsWith("SIG") ? upper.substring(3) : upper;
    return number(name).isPresent()
        ? "write " + name
        : "write a name such as TERM, INT, QUIT, HUP, USR1 or KILL";
  }
}
