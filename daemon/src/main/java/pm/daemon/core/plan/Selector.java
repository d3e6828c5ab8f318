package pm.daemon.core.plan;

import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import pm.config.Glob;
import pm.daemon.core.model.InstanceName;

/**
 * Names instances: {@code web}, {@code web@1}, {@code web*}, {@code web@*}, {@code group:front},
 * {@code all}.
 */
public final class Selector {

  private static final String GROUP = "group:";

  private Selector() {}

  /**
   * Returns all instances that any of {@code selectors} names, ascending, or the first selector
   * that names none. No selector at all names everything, even where there is nothing.
   *
   * @param isIn whether a program carries a group label
   */
  public static Selection select(
      List<String> selectors, Collection<InstanceName> all, BiPredicate<String, String> isIn) {
    if (selectors.isEmpty()) {
      return new Selection.Found(List.copyOf(new TreeSet<>(all)));
    }
    TreeSet<InstanceName> found = new TreeSet<>();
    for (String selector : selectors) {
      boolean matched = false;
      for (InstanceName name : all) {
        if (names(selector, name, isIn)) {
          found.add(name);
          matched = true;
        }
      }
      // A machine without programs has an empty "all", which is no mistake of whoever asks.
      if (!matched && !(selector.equals("all") && all.isEmpty())) {
        return new Selection.Nothing(selector);
      }
    }
    return new Selection.Found(List.copyOf(found));
  }

  private static boolean names(
      String selector, InstanceName name, BiPredicate<String, String> isIn) {
    if (selector.equals("all")) {
      return true;
    }
    if (selector.startsWith(GROUP)) {
      return isIn.test(name.program(), selector.substring(GROUP.length()));
    }
    String text = selector.indexOf('@') < 0 ? name.program() : name.toString();
    return Glob.matches(selector, text);
  }
}
