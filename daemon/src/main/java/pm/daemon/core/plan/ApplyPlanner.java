package pm.daemon.core.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import pm.config.Change;
import pm.config.Configuration;
import pm.config.KeyKind;
import pm.config.PoolSpec;
import pm.config.Problem;
import pm.config.ProgramChanges;
import pm.config.ProgramSpec;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.ApplyPlan.Action;
import pm.daemon.core.model.ApplyPlan.ProgramStep;

/** Says what has to happen so that another configuration is in force. */
public final class ApplyPlanner {

  private ApplyPlanner() {}

  /**
   * Compares program by program.
   *
   * @param inForce the valid definitions in force, by name
   * @param next what the files say now
   */
  public static ApplyPlan plan(SortedMap<String, ProgramSpec> inForce, Configuration next) {
    Set<String> names = new TreeSet<>(inForce.keySet());
    names.addAll(next.programs().keySet());
    names.addAll(next.invalid().keySet());
    List<ProgramStep> steps = new ArrayList<>(names.size());
    for (String name : names) {
      steps.add(step(name, inForce, next));
    }
    return withoutCycles(steps, inForce, next);
  }

  /**
   * A program that goes on as it was may depend on one whose new definition depends on it, although
   * the files by themselves are right. What is new then waits.
   */
  private static ApplyPlan withoutCycles(
      List<ProgramStep> steps, SortedMap<String, ProgramSpec> inForce, Configuration next) {
    TreeMap<String, ProgramStep> plan = new TreeMap<>();
    steps.forEach(step -> plan.put(step.program(), step));
    List<Problem> problems = new ArrayList<>(next.problems());
    while (true) {
      List<String> cycle = StartOrder.of(graph(plan, inForce, next)).cycle();
      List<String> fresh = new ArrayList<>();
      for (String name : cycle) {
        ProgramStep step = plan.get(name);
        if (step != null
            && step.action() != Action.INVALID
            && step.action() != Action.UNCHANGED
            && !fresh.contains(name)) {
          fresh.add(name);
        }
      }
      if (fresh.isEmpty()) {
        return new ApplyPlan(List.copyOf(plan.values()), problems);
      }
      String name = fresh.getFirst();
      ProgramSpec spec = next.programs().get(name);
      if (spec == null) {
        throw new IllegalStateException(name + " is in a cycle and not in the files");
      }
      Problem problem =
          new Problem(
              spec.location(),
              "programs." + name + ".depends_on",
              "with what goes on as it was, it depends on itself: " + String.join(" -> ", cycle),
              "mend the other definitions first");
      problems.add(problem);
      plan.put(
          name,
          new ProgramStep(
              name,
              Action.INVALID,
              List.of(),
              inForce.containsKey(name)
                  ? "it would depend on itself; it goes on as it was"
                  : "it would depend on itself",
              List.of(problem)));
    }
  }

  private static SortedMap<String, Set<String>> graph(
      Map<String, ProgramStep> plan, Map<String, ProgramSpec> inForce, Configuration next) {
    TreeMap<String, Set<String>> dependsOn = new TreeMap<>();
    plan.forEach(
        (name, step) -> {
          ProgramSpec spec =
              step.action() == Action.INVALID ? inForce.get(name) : next.programs().get(name);
          dependsOn.put(name, spec == null ? Set.of() : spec.dependsOn().keySet());
        });
    return dependsOn;
  }

  private static ProgramStep step(
      String name, Map<String, ProgramSpec> inForce, Configuration next) {
    ProgramSpec before = inForce.get(name);
    ProgramSpec after = next.programs().get(name);
    if (after == null) {
      if (next.invalid().containsKey(name)) {
        return new ProgramStep(
            name,
            Action.INVALID,
            List.of(),
            before == null
                ? "its definition has an error"
                : "its new definition has an error; it goes on as it was");
      }
      // A file that cannot be read in full does not say that its programs are gone.
      if (before != null && !next.problemsOf(before).isEmpty()) {
        return new ProgramStep(
            name,
            Action.INVALID,
            List.of(),
            next.problemsOf(before).getFirst().location().file()
                + " has an error; it goes on as it was");
      }
      return new ProgramStep(name, Action.REMOVE, List.of(), "no longer in the files");
    }
    if (before == null) {
      return new ProgramStep(name, Action.ADD, List.of(), instances(after));
    }
    List<Change> changes = ProgramChanges.between(before, after);
    if (changes.isEmpty()) {
      return new ProgramStep(name, Action.UNCHANGED, changes, "");
    }
    for (Change change : changes) {
      if (change.kind() == KeyKind.RESTART) {
        return new ProgramStep(name, Action.RESTART, changes, instances(after));
      }
    }
    return new ProgramStep(name, Action.LIVE, changes, "");
  }

  private static String instances(ProgramSpec program) {
    if (program.pool().isPresent()) {
      PoolSpec pool = program.pool().get();
      return "a pool of " + pool.min() + " to " + pool.max();
    }
    int count = program.instances();
    return count + (count == 1 ? " instance" : " instances");
  }
}
