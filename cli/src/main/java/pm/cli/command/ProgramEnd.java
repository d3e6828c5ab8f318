package pm.cli.command;

import pm.cli.arguments.CommandFailure;
import pm.protocol.ExitCode;

/** A program that we waited for has not ended with success: we exit as it did. */
final class ProgramEnd extends CommandFailure {
  private static final long serialVersionUID = 1L;

  private final int value;

  /**
   * @param value from 1 to 255; as in a shell, a signal is 128 and its number
   */
  ProgramEnd(int value) {
    super(ExitCode.FAILED, "");
    this.value = value;
  }

  @Override
  public int exitValue() {
    return value;
  }
}
