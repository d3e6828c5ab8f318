package pm.cli.arguments;

import java.util.List;
import pm.protocol.ExitCode;

/**
 * What one command takes, and what its help says.
 *
 * @param name as it is typed: {@code status}, {@code config check}
 * @param aliases other names for it
 * @param summary one line for the list of commands, without a full stop
 * @param description sentences for its own help
 * @param operands what stands beside options
 * @param options its own; the global ones come on top
 * @param examples lines as they are typed, each followed by what it does as a comment
 * @param exits the exit codes that it has a meaning for, beside 2 and those of every command
 */
public record Syntax(
    String name,
    List<String> aliases,
    String summary,
    String description,
    Operands operands,
    List<Option> options,
    List<String> examples,
    List<Exit> exits) {

  /**
   * An exit code and what it means here.
   *
   * @param code the number
   * @param meaning in a few words
   */
  public record Exit(ExitCode code, String meaning) {
    /** A code with its general meaning. */
    public static Exit of(ExitCode code) {
      return new Exit(code, code.meaning());
    }
  }
}
