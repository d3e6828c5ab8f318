package pm.daemon.posix;

import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import sun.misc.Signal;

/** Names and numbers of signals; sending to a group; receiving through the JVM; signal(7). */
public final class Signals {
  public static final int HUP = 1;
  public static final int INT = 2;
  public static final int QUIT = 3;
  public static final int KILL = 9;
  public static final int USR1 = 10;
  public static final int PIPE = 13;
  public static final int TERM = 15;
  public static final int CHLD = 17;
  public static final int CONT = 18;
  public static final int STOP = 19;

  /** The last signal of Linux, {@code RTMAX}. */
  public static final int MAX = 64;

  /** The first real-time signal; the C library keeps 32 and 33 for itself. */
  private static final int RTMIN = 34;

  private static final String[] NAMES = {
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
  };

  private static final Map<String, Integer> BY_NAME = byName();

  private static final long KILL_FUNCTION = Libc.function("kill");

  private Signals() {}

  private static Map<String, Integer> byName() {
    Map<String, Integer> numbers = new TreeMap<>();
    for (int i = 0; i < NAMES.length; i++) {
      numbers.put(NAMES[i], i + 1);
    }
    numbers.put("POLL", 29);
    numbers.put("CLD", CHLD);
    numbers.put("IOT", 6);
    return Map.copyOf(numbers);
  }

  /**
   * Returns the number of {@code TERM}, {@code SIGTERM}, {@code term}, {@code 15}, {@code RTMIN+3}
   * or {@code RTMAX-1}; empty if there is no such signal.
   */
  public static OptionalInt byName(String name) {
    Integer canonical = BY_NAME.get(name);
    if (canonical != null) {
      return OptionalInt.of(canonical);
    }
    String bare = name.strip().toUpperCase(Locale.ROOT);
    if (bare.startsWith("SIG")) {
      bare = bare.substring(3);
    }
    Integer known = BY_NAME.get(bare);
    if (known != null) {
      return OptionalInt.of(known);
    }
    if (bare.startsWith("RTMIN") || bare.startsWith("RTMAX")) {
      return realTime(bare);
    }
    OptionalInt number = number(bare);
    return number.isPresent() && isSignal(number.getAsInt()) ? number : OptionalInt.empty();
  }

  private static OptionalInt realTime(String bare) {
    boolean fromMin = bare.startsWith("RTMIN");
    String rest = bare.substring("RTMIN".length());
    if (rest.isEmpty()) {
      return OptionalInt.of(fromMin ? RTMIN : MAX);
    }
    OptionalInt offset = number(rest.substring(1));
    if (rest.charAt(0) != (fromMin ? '+' : '-')
        || offset.isEmpty()
        || offset.getAsInt() > MAX - RTMIN) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(fromMin ? RTMIN + offset.getAsInt() : MAX - offset.getAsInt());
  }

  private static OptionalInt number(String digits) {
    boolean isNumber = !digits.isEmpty() && digits.length() <= 2;
    for (int i = 0; i < digits.length(); i++) {
      isNumber &= digits.charAt(i) >= '0' && digits.charAt(i) <= '9';
    }
    return isNumber ? OptionalInt.of(Integer.parseInt(digits)) : OptionalInt.empty();
  }

  /** Returns the name without {@code SIG}, such as {@code TERM} or {@code RTMIN+3}. */
  public static String nameOf(int signal) {
    if (signal >= 1 && signal <= NAMES.length) {
      return NAMES[signal - 1];
    }
    if (signal == RTMIN) {
      return "RTMIN";
    }
    return signal > RTMIN && signal <= MAX ? "RTMIN+" + (signal - RTMIN) : String.valueOf(signal);
  }

  private static boolean isSignal(int signal) {
    return (signal >= 1 && signal <= NAMES.length) || (signal >= RTMIN && signal <= MAX);
  }

  static void check(int signal) {
    if (signal != 0 && !isSignal(signal)) {
      throw new IllegalArgumentException("no signal " + signal);
    }
  }

  /**
   * Sends a signal to every process of a group; kill(2). Only while its leader is our own child and
   * not reaped: then the number cannot have become another group's. ESRCH if the group is empty.
   */
  public static void killGroup(int group, int signal) throws ErrnoException {
    check(signal);
    if (group <= 1) {
      throw new IllegalArgumentException("not the group of a child: " + group);
    }
    if ((int) Libc.call(KILL_FUNCTION, -(long) group, signal) != 0) {
      throw ErrnoException.about("kill", "group", group, Libc.errno());
    }
  }

  /**
   * Has a signal to this process call {@code receiver} with its number instead of doing what it
   * does by itself. The JVM calls it on a thread of its own, one for each signal that arrives; it
   * should hand over and return. Signals that the JVM keeps (QUIT, SEGV, KILL, …) are an
   * IllegalArgumentException.
   */
  public static void receive(int signal, IntConsumer receiver) {
    Signal.handle(new Signal(nameOf(signal)), received -> receiver.accept(received.getNumber()));
  }

  /**
   * Tells whether a write to a broken pipe is an error rather than our death, as the JVM arranges
   * it: SIGPIPE is ignored or caught.
   */
  public static boolean survivesBrokenPipe() throws ErrnoException {
    long handled = SelfStatus.mask("SigIgn") | SelfStatus.mask("SigCgt");
    return (handled & (1L << (PIPE - 1))) != 0;
  }
}
