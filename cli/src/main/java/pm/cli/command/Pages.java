package pm.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * A long list that came in pages, joined.
 *
 * @param items all of them
 * @param first the first page, for what it has beside items
 */
record Pages(List<Object> items, Members first) {

  /** Asks for one page after the other. */
  static Pages read(Connection connection, Method method, Map<String, Object> params)
      throws CommandFailure, JsonException {
    Members first = Members.of(connection.call(method, params), "the answer");
    List<Object> items = new ArrayList<>(first.list("items"));
    Optional<String> cursor = first.optionalString("cursor");
    while (cursor.isPresent()) {
      Map<String, Object> next = new LinkedHashMap<>(params);
      next.put("cursor", cursor.get());
      Members page = Members.of(connection.call(method, next), "the answer");
      items.addAll(page.list("items"));
      cursor = page.optionalString("cursor");
    }
    return new Pages(items, first);
  }

  /** As {@link #read}, of an answer whose items are the members of one object. */
  static Map<String, Object> readMembers(
      Connection connection, Method method, Map<String, Object> params, String name)
      throws CommandFailure, JsonException {
    Map<String, Object> all = new LinkedHashMap<>();
    Map<String, Object> members = new LinkedHashMap<>();
    Map<String, Object> next = new LinkedHashMap<>(params);
    while (true) {
      Members page = Members.of(connection.call(method, next), "the answer");
      Optional<Members> some = page.optionalObject(name);
      if (some.isPresent()) {
        members.putAll(some.get().values());
      }
      for (Map.Entry<String, Object> member : page.values().entrySet()) {
        all.putIfAbsent(
            member.getKey(), member.getKey().equals(name) ? members : member.getValue());
      }
      Optional<String> cursor = page.optionalString("cursor");
      if (cursor.isEmpty()) {
        all.remove("cursor");
        return all;
      }
      next.put("cursor", cursor.get());
    }
  }

  /** The items as objects. */
  List<Members> objects() throws JsonException {
    List<Members> objects = new ArrayList<>(items.size());
    for (Object item : items) {
      objects.add(Members.of(item, "an item"));
    }
    return objects;
  }
}
