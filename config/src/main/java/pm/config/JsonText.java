package pm.config;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Writes plain values as JSON on one line. */
final class JsonText {
  private JsonText() {}

  static void write(Object value, StringBuilder to) {
    switch (value) {
      case String text -> string(text, to);
      case List<?> list -> {
        to.append('[');
        String separator = "";
        for (Object item : list) {
          to.append(separator);
          write(item, to);
          separator = ",";
        }
        to.append(']');
      }
      case Map<?, ?> map -> {
        to.append('{');
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          to.append(separator);
          string(String.valueOf(entry.getKey()), to);
          to.append(':');
          write(entry.getValue(), to);
          separator = ",";
        }
        to.append('}');
      }
      case BigDecimal number -> to.append(number.toPlainString());
      default -> to.append(value.equals(ProgramTree.NULL) ? "null" : value.toString());
    }
  }

  /** Writes mappings in lines, each level indented by two, and everything else on one line. */
  static void lines(Object value, int level, StringBuilder to) {
    if (!(value instanceof Map<?, ?> map) || map.isEmpty()) {
      write(value, to);
      return;
    }
    to.append('{');
    String separator = "\n";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      to.append(separator).repeat("  ", level + 1);
      string(String.valueOf(entry.getKey()), to);
      to.append(": ");
      lines(entry.getValue(), level + 1, to);
      separator = ",\n";
    }
    to.append('\n').repeat("  ", level).append('}');
  }

  private static void string(String text, StringBuilder to) {
    to.append('"');
    for (int i = 0; i < text.length(); i++) {
      character(text.charAt(i), to);
    }
    to.append('"');
  }

  /** One character between double quotes, written so that JSON and YAML both understand it. */
  static void character(char c, StringBuilder to) {
    switch (c) {
      case '"' -> to.append("\\\"");
      case '\\' -> to.append("\\\\");
      case '\n' -> to.append("\\n");
      case '\t' -> to.append("\\t");
      case '\r' -> to.append("\\r");
      default -> {
        boolean printable =
            (c >= ' ' && c < 0x7f) || (c >= 0xa0 && c < 0x2028) || (c > 0x2029 && c < 0xfeff);
        if (printable) {
          to.append(c);
        } else {
          to.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
        }
      }
    }
  }
}
