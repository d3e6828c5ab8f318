package pm.daemon.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Leaves out the steps of a failing history that it does not need to fail. */
final class Shortening {

  private static final int MOST_RUNS = 400;

  private Shortening() {}

  /** Returns the steps that are still needed for {@code violation}, in order. */
  static List<Integer> of(
      long seed, List<Integer> steps, Invariant invariant, Supplier<Sabotage> sabotage) {
    List<Integer> needed = new ArrayList<>(steps);
    int runs = 0;
    for (int size = needed.size() / 2; size >= 1; size /= 2) {
      for (int from = 0; from < needed.size() && runs < MOST_RUNS; ) {
        List<Integer> fewer = new ArrayList<>(needed.subList(0, from));
        fewer.addAll(needed.subList(Math.min(from + size, needed.size()), needed.size()));
        runs++;
        Optional<Violation> violation =
            Simulation.run(seed, fewer, sabotage.get(), false).violation();
        if (violation.isPresent() && violation.get().invariant() == invariant) {
          needed = fewer;
        } else {
          from += size;
        }
      }
    }
    return needed;
  }

  static String report(long seed, List<Integer> steps, Violation violation, Sabotage sabotage) {
    List<Integer> needed = of(seed, steps, violation.invariant(), () -> sabotage);
    Simulation.Outcome outcome = Simulation.run(seed, needed, sabotage, true);
    return "seed "
        + seed
        + " (-Dsimulation.seed="
        + seed
        + "), "
        + needed.size()
        + " of "
        + steps.size()
        + " steps needed:\n"
        + String.join("\n", outcome.lines());
  }
}
