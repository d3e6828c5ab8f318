package pm.config;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
    var changes = new ArrayList<Change>();
    compare("", ProgramTree.of(before), ProgramTree.of(after), changes);
    if (isWatched(before) || isWatched(after)) {
      changes.replaceAll(ProgramChanges::seenByWatched);
    }
    return changes;
  }

  private static boolean isWatched(ProgramSpec program) {
    return program.liveness().isPresent()
        && program.liveness().get().kind() instanceof LivenessKind.Watchdog;
  }

  /** Its environment says that there is a watchdog, and how often it has to be told. */
  private static Change seenByWatched(Change change) {
    return switch (change.path()) {
      case "liveness", "liveness.watchdog", "liveness.period" ->
          new Change(change.path(), change.from(), change.to(), KeyKind.RESTART);
      default -> change;
    };
  }

  private static void compare(
      String path, Map<?, ?> before, Map<?, ?> after, List<Change> changes) {
    Set<Object> keys = new LinkedHashSet<>(before.keySet());
    keys.addAll(after.keySet());
    for (Object key : keys) {
      String below = path.isEmpty() ? key.toString() : path + "." + key;
      Object from = before.get(key);
      Object to = after.get(key);
      if (from instanceof Map<?, ?> old && to instanceof Map<?, ?> now) {
        compare(below, old, now, changes);
      } else if (!Objects.equals(from, to)) {
        changes.add(new Change(below, shown(from), shown(to), KeyKind.of(below)));
      }
    }
  }

  private static String shown(@Nullable Object value) {
    return value == null ? "" : YamlText.inline(value);
  }
}
