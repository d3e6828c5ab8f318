package pm.cli.arguments;

import pm.protocol.ExitCode;

/** Ends a command: what {@code pmctl} says on stderr, and exits with. */
public class CommandFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;
  private final String sentence;

  /**
   * Makes one.
   *
   * @param sentence what: why. What to do. Without {@code pmctl:} in front
   */
  public CommandFailure(ExitCode exitCode, String sentence) {
    // It is told to the user; where it was made is of no interest.
    super(sentence, null, false, false);
    this.exitCode = exitCode;
    this.sentence = sentence;
  }

  public ExitCode exitCode() {
    return exitCode;
  }

  /** The number that the process exits with. */
  public int exitValue() {
    return exitCode.value();
  }

  /** Empty where everything is said already. */
  public String sentence() {
    return sentence;
  }
}
