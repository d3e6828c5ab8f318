package pm.cli.command;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonCursor;
import pm.protocol.JsonException;
import pm.protocol.MalformedJsonException;

/**
 * The data of tasks as users give it: JSON, which goes to the worker as it is. What is no JSON is
 * refused and never made a string of: who forgets quotes would find out in the worker.
 */
final class TaskData {
  /** What the daemon takes of one task. */
  static final int MOST_BYTES = 1_000_000;

  /** What stands for stdin. */
  static final String STDIN = "-";

  private static final byte[] NONE = {'n', 'u', 'l', 'l'};
  private static final int MOST_SHOWN = 40;

  private TaskData() {}

  /** The data of one task that an operand names, in one line. */
  static byte[] one(Session session, Optional<String> operand) throws CommandFailure {
    if (operand.isEmpty()) {
      return NONE;
    }
    String given = operand.get();
    byte[] data;
    try (InputStream in = open(session, given)) {
      data = in.readNBytes(MOST_BYTES + 1);
    } catch (IOException e) {
      throw unreadable(given, e);
    }
    if (data.length > MOST_BYTES) {
      throw wrong(name(given) + ": it is longer than " + MOST_BYTES + " bytes" + LONG_REMEDY);
    }
    Optional<String> problem = problem(new JsonCursor(), data);
    if (problem.isPresent()) {
      throw wrong(explained(given, data, problem.get()));
    }
    // Between values a line feed is a space, and elsewhere JSON has none.
    for (int i = 0; i < data.length; i++) {
      if (data[i] == '\n' || data[i] == '\r') {
        data[i] = ' ';
      }
    }
    return data;
  }

  /** What to do with data that is too long. */
  static final String LONG_REMEDY = ". Put it into a file, and submit the name of that.";

  /** What an operand means: {@code -}, {@code @FILE} or the data itself. */
  static InputStream open(Session session, String given) throws CommandFailure {
    if (given.equals(STDIN)) {
      return session.in();
    }
    if (given.startsWith("@")) {
      try {
        return Files.newInputStream(Path.of(given.substring(1)));
      } catch (IOException e) {
        throw unreadable(given, e);
      }
    }
    return new java.io.ByteArrayInputStream(given.getBytes(StandardCharsets.UTF_8));
  }

  /** How an operand is called in an error. */
  static String name(String given) {
    return given.equals(STDIN) ? "stdin" : given.startsWith("@") ? given.substring(1) : "DATA";
  }

  static CommandFailure unreadable(String given, IOException e) {
    String reason =
        e instanceof java.nio.file.NoSuchFileException || e instanceof FileNotFoundException
            ? "there is no such file"
            : e instanceof java.nio.file.AccessDeniedException
                ? "permission denied"
                : e.getMessage() == null ? e.toString() : e.getMessage();
    return wrong("cannot read " + name(given) + ": " + reason + ".");
  }

  /** What is wrong with data, in words, with the character where; empty if it is JSON. */
  static Optional<String> problem(JsonCursor cursor, byte[] data) {
    try {
      // As the daemon does it: nothing is built, so that a gigabyte is soon checked.
      cursor.begin(data);
      cursor.value();
      cursor.end();
      return Optional.empty();
    } catch (MalformedJsonException malformed) {
      return Optional.of(sentence(data));
    }
  }

  private static String sentence(byte[] data) {
    try {
      Json.parse(data);
      return "a name, a number or an exponent is longer than any that is taken";
    } catch (JsonException e) {
      return e.sentence();
    }
  }

  private static String explained(String given, byte[] data, String problem) {
    String text = new String(data, StandardCharsets.UTF_8);
    if (text.isBlank()) {
      return name(given) + " is empty. A task without data needs no DATA.";
    }
    boolean isOperand = !given.equals(STDIN) && !given.startsWith("@");
    String what = name(given) + (isOperand ? " '" + shortened(text) + "'" : "");
    return what + " is not JSON: " + placed(problem, text) + "." + (isOperand ? hint(text) : "");
  }

  /** How the shell is brought to hand on what was meant. */
  private static String hint(String text) {
    char first = text.strip().charAt(0);
    if (text.length() > MOST_SHOWN) {
      return "";
    }
    if (first == '{' || first == '[' || first == '"') {
      return " The shell leaves double quotes alone only within single ones: '{\"key\": \"text\"}'.";
    }
    StringBuilder json = new StringBuilder();
    Json.quote(text, json);
    return " A string needs its quotes, and these the shell's: '"
        + json.toString().replace("'", "'\\''")
        + "'.";
  }

  /** With line and character in place of the character in all, where there are several lines. */
  private static String placed(String problem, String text) {
    String mark = "at character ";
    int at = problem.lastIndexOf(mark);
    if (at < 0 || text.strip().indexOf('\n') < 0) {
      return problem;
    }
    int character = Integer.parseInt(problem, at + mark.length(), problem.length(), 10);
    int line = 1;
    int begin = 0;
    for (int i = 0; i < Math.min(character - 1, text.length()); i++) {
      if (text.charAt(i) == '\n') {
        line++;
        begin = i + 1;
      }
    }
    return problem.substring(0, at) + "at line " + line + ", character " + (character - begin);
  }

  private static String shortened(String text) {
    return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN - 1) + "\u2026";
  }

  static CommandFailure wrong(String sentence) {
    return new CommandFailure(ExitCode.USAGE, sentence);
  }
}
