package pm.config;

import java.util.List;

/**
 * What an instance runs. Words may hold {@link Template} references.
 *
 * @param argv the program and its arguments; with {@code shell} exactly one line for {@code /bin/sh
 *     -c}
 * @param shell whether the line goes to a shell
 */
public record Command(List<String> argv, boolean shell) {
  public Command {
    argv = List.copyOf(argv);
    if (argv.isEmpty() || argv.getFirst().isEmpty()) {
      throw new IllegalArgumentException("a command has at least one word");
    }
    if (shell && argv.size() != 1) {
      throw new IllegalArgumentException(
          "a command for the shell is one line, not " + argv.size() + " words");
    }
  }
}
