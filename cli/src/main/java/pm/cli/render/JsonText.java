package pm.cli.render;

import java.util.List;
import java.util.Map;
import pm.protocol.Json;

/** JSON with one member a line, as {@code -o json} prints it. */
public final class JsonText {
  private JsonText() {}

  /** The value over several lines, the last with a line feed. */
  public static String pretty(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, 0, out);
    return out.append('\n').toString();
  }

  private static void write(Object value, int depth, StringBuilder out) {
    if (value instanceof Map<?, ?> object && !object.isEmpty()) {
      char separator = '{';
      for (Map.Entry<?, ?> member : object.entrySet()) {
        out.append(separator);
        separator = ',';
        indent(depth + 1, out);
        Json.quote((String) member.getKey(), out);
        out.append(": ");
        write(member.getValue(), depth + 1, out);
      }
      indent(depth, out);
      out.append('}');
    } else if (value instanceof List<?> array && !array.isEmpty()) {
      char separator = '[';
      for (Object element : array) {
        out.append(separator);
        separator = ',';
        indent(depth + 1, out);
        write(element, depth + 1, out);
      }
      indent(depth, out);
      out.append(']');
    } else {
      Json.write(value, out);
    }
  }

  private static void indent(int depth, StringBuilder out) {
    out.append('\n');
    for (int i = 0; i < depth; i++) {
      out.append("  ");
    }
  }
}
