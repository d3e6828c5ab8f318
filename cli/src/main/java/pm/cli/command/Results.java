package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.render.Escapes;
import pm.cli.render.JsonText;
import pm.cli.render.YamlText;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** Writes results in the formats that are not made for people. */
final class Results {
  private Results() {}

  /** Writes a list; {@code nameKey} is the member that {@code -o name} prints. */
  static void list(Session session, List<?> items, String nameKey)
      throws IOException, JsonException {
    switch (session.format()) {
      case JSON -> session.out().print(JsonText.pretty(items));
      case JSONL -> {
        for (Object item : items) {
          session.out().line(Json.write(item));
        }
      }
      case YAML -> session.out().print(YamlText.document(items));
      case NAME -> {
        for (Object item : items) {
          session.out().line(Escapes.cell(Members.of(item, "an item").string(nameKey)));
        }
      }
      case TABLE, WIDE -> throw new IllegalStateException("a table is written by its command");
    }
  }

  /** Writes one value that has no name. */
  static void value(Session session, Object value) throws IOException, CommandFailure {
    switch (session.format()) {
      case JSON -> session.out().print(JsonText.pretty(value));
      case JSONL -> session.out().line(Json.write(value));
      case YAML -> session.out().print(YamlText.document(value));
      case NAME -> throw noNames();
      case TABLE, WIDE -> throw new IllegalStateException("a table is written by its command");
    }
  }

  /** What to say where {@code -o name} makes no sense. */
  static CommandFailure noNames() {
    return new CommandFailure(
        ExitCode.USAGE,
        "--output: there are no names to print here. Write table, json, jsonl or yaml.");
  }
}
