package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.render.Format;
import pm.cli.render.YamlText;
import pm.protocol.Json;
import pm.protocol.Members;

/**
 * Writes what a stream brings for programs, each item as soon as it is there. A stream that ends is
 * a JSON array; one that is followed has no end, so its items are lines.
 */
final class StreamItems {
  private final Session session;
  private final boolean array;
  private boolean first = true;

  StreamItems(Session session, boolean followed) {
    this.session = session;
    this.array = session.format() == Format.JSON && !followed;
  }

  void add(String json, Map<String, Object> item) throws IOException {
    if (session.format() == Format.YAML) {
      session.out().print(YamlText.document(List.of(item)));
    } else if (array) {
      session.out().print(first ? "[\n  " : ",\n  ");
      session.out().print(json);
    } else {
      session.out().line(json);
    }
    first = false;
  }

  /** Says among the items that some were left out. */
  void gap(Members params) throws IOException {
    Map<String, Object> gap = new LinkedHashMap<>(params.values());
    gap.remove("subscription");
    Map<String, Object> item = Map.of("gap", gap);
    add(Json.write(item), item);
  }

  /** Closes what {@link #add} has opened. */
  void end() throws IOException {
    if (array) {
      session.out().line(first ? "[]" : "\n]");
    }
  }
}
