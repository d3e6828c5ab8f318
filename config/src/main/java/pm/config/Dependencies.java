package pm.config;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which program depends on which, those with other problems included, so that a mistake in one
 * hides none of another.
 */
final class Dependencies {
  /** A circle of more programs is shown in part. */
  private static final int MOST_SHOWN = 12;

  private final SortedMap<String, SortedMap<String, Location>> all = new TreeMap<>();

  void add(String program, String dependency, Location location) {
    all.computeIfAbsent(program, name -> new TreeMap<>()).putIfAbsent(dependency, location);
  }

  /**
   * Finds what cannot be: programs that do not exist and circles.
   *
   * @param defined all names that the files define, with or without problems
   * @param isComplete whether all files could be read; else a missing name may be in another one
   * @return problems by the program that has them
   */
  SortedMap<String, List<Problem>> check(Set<String> defined, boolean isComplete) {
    var problems = new TreeMap<String, List<Problem>>();
    Set<String> onCircles = onCircles();
    all.forEach(
        (program, dependencies) ->
            dependencies.forEach(
                (dependency, location) -> {
                  String path = Section.join("programs", program) + ".depends_on";
                  if (dependency.equals(program)) {
                    add(
                        problems,
                        program,
                        new Problem(location, path, program + " depends on itself", "remove it"));
                  } else if (!defined.contains(dependency) && isComplete) {
                    add(problems, program, missing(location, path, dependency, defined));
                  } else if (onCircles.contains(program) && onCircles.contains(dependency)) {
                    List<String> circle = way(dependency, program);
                    if (!circle.isEmpty()) {
                      add(
                          problems,
                          program,
                          new Problem(
                              location,
                              path,
                              "programs depend on each other in a circle: "
                                  + program
                                  + " -> "
                                  + shown(circle),
                              "remove one of these dependencies"));
                    }
                  }
                }));
    return problems;
  }

  private static Problem missing(
      Location location, String path, String dependency, Set<String> defined) {
    String nearest =
        dependency.length() > Names.LONGEST
            ? ""
            : UnknownKey.nearest(dependency, new ArrayList<>(defined));
    return new Problem(
        location,
        path,
        "there is no program " + Quoted.text(dependency),
        nearest.isEmpty() ? "define it, or remove it here" : "did you mean " + nearest + "?");
  }

  private static void add(
      SortedMap<String, List<Problem>> problems, String program, Problem problem) {
    problems.computeIfAbsent(program, name -> new ArrayList<>()).add(problem);
  }

  /**
   * What is left when those that depend on nothing are taken away until there are none: the circles
   * and what leads to them.
   */
  private Set<String> onCircles() {
    Map<String, Integer> open = new HashMap<>();
    Map<String, List<String>> dependants = new HashMap<>();
    var free = new ArrayDeque<String>();
    all.forEach(
        (program, dependencies) -> {
          int count = 0;
          for (String dependency : dependencies.keySet()) {
            if (!dependency.equals(program)) {
              count++;
              dependants.computeIfAbsent(dependency, name -> new ArrayList<>()).add(program);
            }
          }
          open.put(program, count);
        });
    for (String dependency : dependants.keySet()) {
      open.putIfAbsent(dependency, 0);
    }
    open.forEach(
        (program, count) -> {
          if (count == 0) {
            free.add(program);
          }
        });
    while (!free.isEmpty()) {
      String program = free.remove();
      open.remove(program);
      for (String dependant : dependants.getOrDefault(program, List.of())) {
        if (open.merge(dependant, -1, Integer::sum) == 0) {
          free.add(dependant);
        }
      }
    }
    return open.keySet();
  }

  /** The shortest way along dependencies, both ends included; empty if there is none. */
  private List<String> way(String from, String to) {
    Map<String, String> cameFrom = new HashMap<>();
    var next = new ArrayDeque<String>();
    cameFrom.put(from, "");
    next.add(from);
    while (!next.isEmpty()) {
      String program = next.remove();
      if (program.equals(to)) {
        var way = new ArrayList<String>();
        for (String at = to; !at.isEmpty(); at = cameFrom.getOrDefault(at, "")) {
          way.add(at);
        }
        Collections.reverse(way);
        return way;
      }
      for (String dependency : all.getOrDefault(program, Collections.emptySortedMap()).keySet()) {
        if (!dependency.equals(program) && cameFrom.putIfAbsent(dependency, program) == null) {
          next.add(dependency);
        }
      }
    }
    return List.of();
  }

  private static String shown(List<String> names) {
    if (names.size() <= MOST_SHOWN) {
      return String.join(" -> ", names);
    }
    return String.join(" -> ", names.subList(0, MOST_SHOWN - 2)) + " -> … -> " + names.getLast();
  }
}
