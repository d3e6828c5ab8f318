package pm.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compares two definitions of a program, key by key. */
public final class ProgramChanges {
  private ProgramChanges() {}

  /**
   * Returns the keys that differ, in the order in which the documentation lists them. Where a
   * program stands in the files is no difference. A variable that only one side has is empty on the
   * other.
   */
  public static List<Change> between(ProgramSpec before, ProgramSpec after) {
    if (before.sameAs(after)) {
      return List.of();
    }
    Map<String, String> old = flat(before);
    Map<String, String> now = flat(after);
    Set<String> paths = new LinkedHashSet<>(old.keySet());
    paths.addAll(now.keySet());
    var changes = new ArrayList<Change>();
    for (String path : paths) {
      String from = old.getOrDefault(path, "");
      String to = now.getOrDefault(path, "");
      if (!from.equals(to) || old.containsKey(path) != now.containsKey(path)) {
        changes.add(new Change(path, from, to, KeyKind.of(path)));
      }
    }
    return changes;
  }

  private static Map<String, String> flat(ProgramSpec program) {
    var flat = new LinkedHashMap<String, String>();
    flatten("", ProgramTree.of(program), flat);
    return flat;
  }

  private static void flatten(String path, Map<String, Object> tree, Map<String, String> flat) {
    for (Map.Entry<String, Object> entry : tree.entrySet()) {
      String below = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
      if (entry.getValue() instanceof Map<?, ?> map) {
        var section = new LinkedHashMap<String, Object>();
        map.forEach((key, value) -> section.put(String.valueOf(key), value));
        flatten(below, section, flat);
      } else {
        flat.put(below, YamlText.inline(entry.getValue()));
      }
    }
  }
}
