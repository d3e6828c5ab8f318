package pm.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the lines of an {@code env_file}: {@code NAME=value}, perhaps after {@code export}. Empty
 * lines and those that begin with {@code #} are skipped.
 *
 * <p>A value without quotes goes to the end of the line, or to a {@code #} after a space, and loses
 * the spaces around it. In single quotes everything is itself; in double quotes {@code \n}, {@code
 * \r}, {@code \t}, {@code \"}, {@code \\} and {@code \$} stand for characters. A value in quotes
 * may have several lines. Nothing is expanded.
 *
 * <p>These files hold secrets, and half a line of one may be anything: a message says the number of
 * the line, and nothing that stands in it.
 */
public final class EnvFileText {
  /** The largest file that is read. */
  public static final int MOST_BYTES = 1 << 20;

  private final String text;
  private final Map<String, String> variables = new LinkedHashMap<>();
  private int at;
  private int line = 1;

  private EnvFileText(String text) {
    this.text = text;
  }

  /**
   * Returns the variables, each with its last value.
   *
   * @throws MalformedValueException if a line is not understood; the message begins with its number
   */
  public static Map<String, String> parse(String text) throws MalformedValueException {
    EnvFileText reading = new EnvFileText(text.startsWith("\ufeff") ? text.substring(1) : text);
    while (reading.at < reading.text.length()) {
      reading.readLine();
    }
    return reading.variables;
  }

  /**
   * Whether a variable of a process can be called so: letters, digits, {@code _}, {@code .} and
   * {@code -}, and no digit first.
   */
  public static boolean isVariable(String name) {
    if (name.isEmpty() || (name.charAt(0) >= '0' && name.charAt(0) <= '9')) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-') {
        return false;
      }
    }
    return true;
  }

  private void readLine() throws MalformedValueException {
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
      throw malformed("there is no '=' after its first word");
    }
    if (name.isEmpty()) {
      throw malformed("no name before '='");
    }
    if (!isVariable(name)) {
      throw malformed("what stands before '=' is not the name of a variable");
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

  private String readValue() throws MalformedValueException {
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

  private String readBare() throws MalformedValueException {
    int begin = at;
    while (!isAtEndOfLine() && !(text.charAt(at) == '#' && at > begin && isBlank(before()))) {
      refuseZero();
      at++;
    }
    String value = text.substring(begin, at).strip();
    skipLine();
    return value.startsWith("#") ? "" : value;
  }

  private String readQuoted(char quote) throws MalformedValueException {
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
        refuseZero();
        appendEscaped(value, text.charAt(at));
      } else {
        value.append(c);
      }
      at++;
    }
    throw malformed(begin, "the quote is not closed");
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

  private void refuseZero() throws MalformedValueException {
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

  private MalformedValueException malformed(String what) {
    return malformed(line, what);
  }

  private static MalformedValueException malformed(int line, String what) {
    return new MalformedValueException("line " + line + ": " + what, "");
  }
}
