package pm.daemon.core.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The graph of dependencies: who comes before whom. All work in it is linear in its size.
 *
 * <p>Edges between programs that depend on each other in a circle are left out of it, so that
 * nothing can wait in a circle; {@link #cycle} finds them.
 */
public final class StartOrder {

  /** Nothing depends on anything. */
  public static final StartOrder NONE = of(new TreeMap<>());

  private final Map<String, List<String>> dependants;
  private final Map<String, Integer> levels;
  private final List<String> cycle;

  private StartOrder(
      Map<String, List<String>> dependants, Map<String, Integer> levels, List<String> cycle) {
    this.dependants = dependants;
    this.levels = levels;
    this.cycle = cycle;
  }

  /**
   * Orders programs.
   *
   * @param dependsOn what each program depends on, by name; names that are no key are left out
   */
  public static StartOrder of(SortedMap<String, ? extends Collection<String>> dependsOn) {
    Map<String, List<String>> dependants = new HashMap<>();
    Map<String, Integer> missing = new HashMap<>();
    dependsOn.forEach(
        (program, needed) -> {
          int known = 0;
          for (String each : new TreeSet<>(needed)) {
            if (dependsOn.containsKey(each)) {
              dependants.computeIfAbsent(each, key -> new ArrayList<>()).add(program);
              known++;
            }
          }
          missing.put(program, known);
        });
    Map<String, Integer> levels = new HashMap<>();
    ArrayDeque<String> ready = new ArrayDeque<>();
    for (String program : dependsOn.keySet()) {
      if (missing.getOrDefault(program, 0) == 0) {
        levels.put(program, 0);
        ready.add(program);
      }
    }
    while (!ready.isEmpty()) {
      String program = ready.remove();
      int next = levels.getOrDefault(program, 0) + 1;
      for (String dependant : dependants.getOrDefault(program, List.of())) {
        if (missing.merge(dependant, -1, Integer::sum) == 0) {
          levels.put(dependant, next);
          ready.add(dependant);
        }
      }
    }
    List<String> cycle =
        levels.size() == dependsOn.size() ? List.of() : findCycle(dependsOn, levels);
    if (!cycle.isEmpty()) {
      dependants.values().forEach(names -> names.removeIf(name -> !levels.containsKey(name)));
    }
    return new StartOrder(dependants, levels, cycle);
  }

  /** What has no level is in a cycle or depends on one: going back must come to a name again. */
  private static List<String> findCycle(
      SortedMap<String, ? extends Collection<String>> dependsOn, Map<String, Integer> levels) {
    String at = "";
    for (String program : dependsOn.keySet()) {
      if (!levels.containsKey(program)) {
        at = program;
        break;
      }
    }
    LinkedHashSet<String> seen = new LinkedHashSet<>();
    while (seen.add(at)) {
      Collection<String> needed = dependsOn.get(at);
      for (String each : needed == null ? Set.<String>of() : new TreeSet<>(needed)) {
        if (dependsOn.containsKey(each) && !levels.containsKey(each)) {
          at = each;
          break;
        }
      }
    }
    List<String> path = new ArrayList<>(seen);
    List<String> cycle = new ArrayList<>(path.subList(path.indexOf(at), path.size()));
    cycle.add(at);
    return List.copyOf(cycle);
  }

  /** Returns those that depend on {@code program} themselves, ascending. */
  public List<String> dependants(String program) {
    return dependants.getOrDefault(program, List.of());
  }

  /** Returns those that depend on any of {@code programs}, themselves or through others. */
  public Set<String> allDependants(Collection<String> programs) {
    Set<String> found = new LinkedHashSet<>();
    ArrayDeque<String> open = new ArrayDeque<>(programs);
    while (!open.isEmpty()) {
      for (String dependant : dependants(open.remove())) {
        if (found.add(dependant)) {
          open.add(dependant);
        }
      }
    }
    return found;
  }

  /** Returns how many programs in a row come before it: 0 depends on none. */
  public int level(String program) {
    return levels.getOrDefault(program, 0);
  }

  /** Returns a circle of dependencies, its first name again at its end; empty if there is none. */
  public List<String> cycle() {
    return cycle;
  }
}
