package pm.config;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes plain values as YAML that {@link NodeReader} reads back: mappings in blocks, lists on one
 * line.
 */
final class YamlText {
  /** A longer text is broken inside its quotes, for lines have a limit. */
  private static final int LONGEST_PIECE = 32_000;

  private YamlText() {}

  /** A mapping in lines, each indented by so many levels. */
  static void block(Map<?, ?> tree, int level, StringBuilder to) {
    for (Map.Entry<?, ?> entry : tree.entrySet()) {
      to.repeat("  ", level);
      scalar(String.valueOf(entry.getKey()), level, to);
      to.append(':');
      if (entry.getValue() instanceof Map<?, ?> below && !below.isEmpty()) {
        to.append('\n');
        block(below, level + 1, to);
      } else {
        to.append(' ');
        flow(entry.getValue(), level, to);
        to.append('\n');
      }
    }
  }

  /** A value on one line. */
  static String inline(Object value) {
    var text = new StringBuilder();
    flow(value, 0, text);
    return text.toString();
  }

  private static void flow(Object value, int level, StringBuilder to) {
    switch (value) {
      case String text -> scalar(text, level, to);
      case List<?> list -> list(list, level, to);
      case Map<?, ?> map -> {
        to.append('{');
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          to.append(separator);
          scalar(String.valueOf(entry.getKey()), level, to);
          to.append(": ");
          flow(entry.getValue(), level, to);
          separator = ", ";
        }
        to.append('}');
      }
      case BigDecimal number -> to.append(number.toPlainString());
      default -> to.append(value.equals(ProgramTree.NULL) ? "null" : value.toString());
    }
  }

  private static void list(List<?> list, int level, StringBuilder to) {
    to.append('[');
    String separator = "";
    for (Object item : list) {
      to.append(separator);
      flow(item, level, to);
      separator = ", ";
      // Many short texts make a long line too.
      if (to.length() - to.lastIndexOf("\n") > LONGEST_PIECE) {
        separator = ",\n" + "  ".repeat(level + 1);
      }
    }
    to.append(']');
  }

  private static void scalar(String text, int level, StringBuilder to) {
    if (isPlain(text)) {
      to.append(text);
    } else {
      quoted(text, level, to);
    }
  }

  /** Whether nobody could take the text for anything else, in any version of YAML. */
  private static boolean isPlain(String text) {
    if (text.isEmpty()
        || text.length() > LONGEST_PIECE
        || (!isLetter(text.charAt(0)) && text.charAt(0) != '/')) {
      // Durations and sizes begin with a digit and are no numbers.
      return isQuantity(text);
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isLetter(c) && !isDigit(c) && "/_.-@+=".indexOf(c) < 0) {
        return false;
      }
    }
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true", "false", "yes", "no", "on", "off", "y", "n", "null" -> false;
      default -> true;
    };
  }

  private static boolean isQuantity(String text) {
    if (text.isEmpty()
        || text.length() > 30
        || !isDigit(text.charAt(0))
        || isDigit(text.charAt(text.length() - 1))) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      // Not e, which makes a number with an exponent.
      if (!isDigit(text.charAt(i)) && "dhmsKMGiB".indexOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  private static void quoted(String text, int level, StringBuilder to) {
    to.append('"');
    int written = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      JsonText.character(c, to);
      written++;
      if (written >= LONGEST_PIECE && i + 1 < text.length() && !Character.isHighSurrogate(c)) {
        written = 0;
        to.append("\\\n").repeat("  ", level + 1);
        if (text.charAt(i + 1) == ' ') {
          to.append('\\');
        }
      }
    }
    to.append('"');
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
