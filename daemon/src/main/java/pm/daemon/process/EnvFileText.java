package pm.daemon.process;

import java.util.LinkedHashMap;
import java.util.Map;
import pm.config.Template;

/**
 * Reads the lines of an {@code env_file}: {@code NAME=value}, perhaps after {@code export}. Empty
 * lines and those that begin with {@code #} are skipped.
 *
 * <p>A value without quotes goes to the end of the line, or to a {@code #} after a space, and loses
 * the spaces around it. In single quotes everything is itself; in double quotes {@code \n}, {@code
 * \r}, {@code \t}, {@code \"}, {@code \\} and {@code \$} stand for characters. A value in quotes
 * may have several lines. Nothing is expanded.
 */
final class EnvFileText {
  private final String text;
  private final Map<String, String> variables = new LinkedHashMap<>();
  private int at;
  private int line = 1;

  /** The text is not understood. The message begins with the line. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(int line, String what) {
      super("line " + line + ": " + what);
    }
  }

  private EnvFileText(String text) {
    this.text = text;
  }

  /** Returns the variables, each with its last value. */
  static Map<String, String> parse(String text) throws MalformedException {
    EnvFileText reading = new EnvFileText(text.startsWith("\ufeff") ? text.substring(1) : text);
    while (reading.at < reading.text.length()) {
      reading.readLine();
    }
    return reading.variables;
  }

  private void readLine() throws MalformedException {
    skipBlanks();
    if (isAtEndOfLine() || text.charAt(at) == '#') {
      skipLine();
      return;
    }
    String name = readName();
    if (name.equals("export") && at < text.length() && isBlank(text.charAt(at))) {
      skipBlanks();
      name = readName();
    }
    skipBlanks();
    if (isAtEndOfLine() || text.charAt(at) != '=') {
      throw malformed("no '=' after " + name);
    }
    if (name.isEmpty()) {
      throw malformed("no name before '='");
    }
    if (!Template.isName(name)) {
      throw malformed("'" + name + "' is not the name of a variable");
    }
    at++;
    skipBlanks();
    variables.put(name, readValue());
  }

  private String readName() {
    int begin = at;
    while (!isAtEndOfLine() && text.charAt(at) != '=' && !isBlank(text.charAt(at))) {
      at++;
    }
    return text.substring(begin, at);
  }

  private String readValue() throws MalformedException {
    char quote = isAtEndOfLine() ? ' ' : text.charAt(at);
    if (quote != '\'' && quote != '"') {
      return readBare();
    }
    String value = readQuoted(quote);
    skipBlanks();
    if (!isAtEndOfLine() && text.charAt(at) != '#') {
      throw malformed("something follows the closing quote");
    }
    skipLine();
    return value;
  }

  private String readBare() throws MalformedException {
    int begin = at;
    while (!isAtEndOfLine() && !(text.charAt(at) == '#' && at > begin && isBlank(before()))) {
      refuseZero();
      at++;
    }
    String value = text.substring(begin, at).strip();
    skipLine();
    return value.startsWith("#") ? "" : value;
  }

  private String readQuoted(char quote) throws MalformedException {
    int begin = line;
    StringBuilder value = new StringBuilder();
    at++;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == quote) {
        at++;
        return value.toString();
      }
      refuseZero();
      if (c == '\n') {
        line++;
      }
      if (c == '\\' && quote == '"' && at + 1 < text.length()) {
        at++;
        appendEscaped(value, text.charAt(at));
      } else {
        value.append(c);
      }
      at++;
    }
    throw new MalformedException(begin, "the quote is not closed");
  }

  private void appendEscaped(StringBuilder value, char c) {
    switch (c) {
      case 'n' -> value.append('\n');
      case 'r' -> value.append('\r');
      case 't' -> value.append('\t');
      case '"', '\\', '$' -> value.append(c);
      case '\n' -> line++;
      default -> value.append('\\').append(c);
    }
  }

  private void refuseZero() throws MalformedException {
    if (text.charAt(at) == 0) {
      throw malformed("a zero byte cannot be part of a variable");
    }
  }

  private char before() {
    return text.charAt(at - 1);
  }

  private void skipBlanks() {
    while (at < text.length() && isBlank(text.charAt(at))) {
      at++;
    }
  }

  private void skipLine() {
    while (at < text.length() && text.charAt(at) != '\n') {
      at++;
    }
    at++;
    line++;
  }

  private boolean isAtEndOfLine() {
    return at >= text.length() || text.charAt(at) == '\n';
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
  }

  private MalformedException malformed(String what) {
    return new MalformedException(line, what);
  }
}
