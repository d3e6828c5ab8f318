package pm.config;

/** What is done with an UNHEALTHY instance before it is stopped, to see later what was wrong. */
public sealed interface BeforeKill {
  /**
   * A signal to its main process.
   *
   * @param signal name without {@code SIG}, one that {@link SignalName} knows
   */
  record Signal(String signal) implements BeforeKill {
    public Signal {
      if (SignalName.number(signal).isEmpty()) {
        throw new IllegalArgumentException("no such signal: " + signal);
      }
    }
  }

  /** A command. */
  record Run(Hook hook) implements BeforeKill {}
}
