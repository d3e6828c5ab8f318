package pm.daemon.core.model;

/** How a process ended, as its parent learns from the kernel. */
public sealed interface ExitStatus {

  /** It called exit with {@code code}, 0 to 255. */
  record Code(int code) implements ExitStatus {
    @Override
    public String toString() {
      return "exit " + code;
    }
  }

  /**
   * A signal ended it.
   *
   * @param signal its name without SIG, such as {@code KILL}
   * @param number its number
   * @param core whether a core was dumped
   */
  record Signalled(String signal, int number, boolean core) implements ExitStatus {
    @Override
    public String toString() {
      return "killed by SIG" + signal + (core ? " (core dumped)" : "");
    }
  }

  /**
   * A daemon before had started it, and the kernel no longer tells how it ended: Linux before 6.15
   * tells only its parent, later ones as long as somebody holds on to it.
   */
  record Unknown() implements ExitStatus {
    @Override
    public String toString() {
      return "ended, how is unknown: a daemon before had started it";
    }
  }
}
