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

  /** It ended while no daemon ran, and the kernel can no longer tell how. */
  record Unknown() implements ExitStatus {
    @Override
    public String toString() {
      return "ended while no daemon ran, how is unknown";
    }
  }
}
