package pm.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the text of an {@code env_file}: one {@code NAME=value} a line, optionally after {@code
 * export}. Blank lines and those that begin with {@code #} are skipped. A value may stand in single
 * quotes (as it is) or double quotes (with {@code \n \t \" \\ \$}); without quotes it is the rest
 * of the line, without blanks around it. Nothing is expanded.
 */
public final class EnvFileText {
  /** The largest file that is read. */
  public static final int MOST_BYTES = 1 << 20;

  private EnvFileText() {}

  /**
   * Reads the variables; a later line wins.
   *
   * @throws MalformedValueException if a line cannot be understood; the message begins with its
   *     number
   */
  public static Map<String, String> parse(String text) throws MalformedValueException {
    var variables = new LinkedHashMap<String, String>();
    int number = 0;
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf('\n', start);
      if (end < 0) {
        end = text.length();
      }
      number++;
      String line = text.substring(start, end).strip();
      if (!line.isEmpty() && line.charAt(0) != '#') {
        parse(line, number, variables);
      }
      start = end + 1;
    }
    return variables;
  }

  /**
   * Whether a variable of a process can be called so: no equals sign, blank or control character,
   * no leading digit.
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

  private static void parse(String line, int number, Map<String, String> variables)
      throws MalformedValueException {
    String rest = line.startsWith("export ") ? line.substring(7).stripLeading() : line;
    int equals = rest.indexOf('=');
    if (equals < 0) {
      throw malformed(number, "there is no = in it", "write NAME=value");
    }
    String name = rest.substring(0, equals).stripTrailing();
    if (!isVariable(name)) {
      throw malformed(
          number,
          Quoted.text(name) + " is not the name of a variable",
          "use letters, digits and _");
    }
    variables.put(name, value(rest.substring(equals + 1).stripLeading(), number));
  }

  private static String value(String text, int number) throws MalformedValueException {
    if (text.indexOf('\0') >= 0) {
      throw malformed(number, "there is a NUL byte in it", "remove it");
    }
    if (text.startsWith("'")) {
      int close = text.indexOf('\'', 1);
      if (close != text.length() - 1) {
        throw malformed(
            number, "its single quotes do not enclose the value", "quote all of it, or nothing");
      }
      return text.substring(1, close);
    }
    return text.startsWith("\"") ? unescaped(text, number) : text;
  }

  private static String unescaped(String text, int number) throws MalformedValueException {
    var value = new StringBuilder(text.length());
    int at = 1;
    while (at < text.length() && text.charAt(at) != '"') {
      char c = text.charAt(at);
      if (c == '\\' && at + 1 < text.length()) {
        at++;
        value.append(
            switch (text.charAt(at)) {
              case 'n' -> "\n";
              case 't' -> "\t";
              case '"' -> "\"";
              case '\\' -> "\\";
              case '$' -> "$";
              default -> "\\" + text.charAt(at);
            });
      } else {
        value.append(c);
      }
      at++;
    }
    if (at != text.length() - 1) {
      throw malformed(
          number, "its double quotes do not enclose the value", "quote all of it, or nothing");
    }
    return value.toString();
  }

  private static MalformedValueException malformed(int number, String what, String remedy) {
    return new MalformedValueException("line " + number + ": " + what, remedy);
  }
}
