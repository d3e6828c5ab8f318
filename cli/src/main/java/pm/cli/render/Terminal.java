package pm.cli.render;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * How large the terminal is that stdout goes to. {@code stty} tells, for asking the terminal itself
 * takes a library that takes longer to load; so this is only asked when it matters.
 *
 * @param rows how many lines fit
 * @param columns how many characters fit into one
 */
public record Terminal(int rows, int columns) {
  /** What is shown on a terminal of unknown size. */
  public static final Terminal UNKNOWN = new Terminal(24, 80);

  /** The size, as the variables COLUMNS and LINES or the terminal say it. */
  public static Optional<Terminal> of(Map<String, String> environment) {
    int columns = number(environment.getOrDefault("COLUMNS", ""));
    int rows = number(environment.getOrDefault("LINES", ""));
    if (columns > 0 && rows > 0) {
      return Optional.of(new Terminal(rows, columns));
    }
    Optional<Terminal> asked = ask();
    if (columns > 0) {
      return Optional.of(new Terminal(asked.orElse(UNKNOWN).rows(), columns));
    }
    return asked;
  }

  /** What the terminal itself says; empty if there is none, or it does not know. */
  public static Optional<Terminal> ask() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(new File("/proc/self/fd/1"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String size = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      String[] words = size.strip().split(" ", -1);
      int rows = number(words[0]);
      int columns = words.length == 2 ? number(words[1]) : 0;
      return rows > 0 && columns > 0 ? Optional.of(new Terminal(rows, columns)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // No stty, or a terminal of somebody else.
    }
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
