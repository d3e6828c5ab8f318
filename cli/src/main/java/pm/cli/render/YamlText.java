package pm.cli.render;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import pm.protocol.Json;

/**
 * JSON values as YAML. A string is quoted as in JSON, which is YAML too, unless it is plainly a
 * word.
 */
public final class YamlText {
  private static final List<String> RESERVED =
      List.of("null", "true", "false", "yes", "no", "on", "off", "y", "n", "~");

  private YamlText() {}

  /** The value as a document without markers, the last line with a line feed. */
  public static String document(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, 0, out);
    return out.toString();
  }

  private static void write(Object value, int depth, StringBuilder out) {
    if (value instanceof Map<?, ?> object && !object.isEmpty()) {
      boolean first = true;
      for (Map.Entry<?, ?> member : object.entrySet()) {
        if (!first) {
          indent(depth, out);
        }
        first = false;
        scalar(member.getKey(), out);
        out.append(':');
        member(member.getValue(), depth, out);
      }
    } else if (value instanceof List<?> array && !array.isEmpty()) {
      boolean first = true;
      for (Object element : array) {
        if (!first) {
          indent(depth, out);
        }
        first = false;
        out.append("- ");
        write(element, depth + 1, out);
      }
    } else if (value instanceof String text && isBlock(text)) {
      block(text, depth, out);
    } else {
      scalar(value, out);
      out.append('\n');
    }
  }

  private static void member(Object value, int depth, StringBuilder out) {
    boolean block =
        (value instanceof Map<?, ?> object && !object.isEmpty())
            || (value instanceof List<?> array && !array.isEmpty());
    if (block) {
      out.append('\n');
      indent(depth + 1, out);
      write(value, depth + 1, out);
    } else {
      out.append(' ');
      write(value, depth, out);
    }
  }

  /** Lines that can stand as they are, under a {@code |}. */
  private static boolean isBlock(String text) {
    if (text.indexOf('\n') <= 0 || text.startsWith(" ") || text.startsWith("\t")) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // Only what every reader takes as it is: no other breaks, no controls.
      boolean plain = c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f);
      if (!plain || (c == '\n' && i + 1 < text.length() && text.charAt(i + 1) == '\n')) {
        return false;
      }
    }
    return true;
  }

  private static void block(String text, int depth, StringBuilder out) {
    out.append(text.endsWith("\n") ? "|\n" : "|-\n");
    for (String line : text.lines().toList()) {
      indent(depth + 1, out);
      out.append(line).append('\n');
    }
  }

  private static void scalar(Object value, StringBuilder out) {
    if (value instanceof String text && isPlain(text)) {
      out.append(text);
    } else {
      Json.write(value, out);
    }
  }

  /** Words that no YAML reader, 1.1 or 1.2, takes for anything but a string. */
  private static boolean isPlain(String text) {
    if (text.isEmpty() || RESERVED.contains(text.toLowerCase(Locale.ROOT))) {
      return false;
    }
    if (isDigit(text.charAt(0))) {
      return isQuantity(text);
    }
    if (!isLetter(text.charAt(0)) && text.charAt(0) != '/') {
      return false;
    }
    for (int i = 1; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean space = c == ' ' && i + 1 < text.length();
      if (!isLetter(c) && !isDigit(c) && "_-./@".indexOf(c) < 0 && !space) {
        return false;
      }
    }
    return true;
  }

  /**
   * Numbers with units, such as {@code 1m30s} and {@code 50MiB}: digits and letters of units, a
   * letter last.
   */
  private static boolean isQuantity(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isDigit(c) && "dhmsKMGTiB".indexOf(c) < 0) {
        return false;
      }
    }
    return isLetter(text.charAt(text.length() - 1));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static void indent(int depth, StringBuilder out) {
    for (int i = 0; i < depth; i++) {
      out.append("  ");
    }
  }
}
