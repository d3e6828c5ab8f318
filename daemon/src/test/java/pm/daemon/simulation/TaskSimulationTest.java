package pm.daemon.simulation;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Many random histories: {@code -Dsimulation.tasks=N} runs N of them, {@code
 * -Dsimulation.task-seed=S} replays one and prints it, {@code -Dsimulation.steps=N} makes them
 * longer.
 */
class TaskSimulationTest {

  private static final int STEPS = Integer.getInteger("simulation.steps", TaskSimulation.STEPS);

  @Test
  void everyLawHoldsInEveryHistory() {
    Optional<Long> one = Optional.ofNullable(Long.getLong("simulation.task-seed"));
    long first = one.orElse(1L);
    long last = one.orElse((long) Integer.getInteger("simulation.tasks", 500));
    for (long seed = first; seed <= last; seed++) {
      TaskSimulation.Outcome outcome =
          TaskSimulation.run(seed, STEPS, TaskSabotage.NONE, one.isPresent());
      if (one.isPresent()) {
        System.out.println(String.join("\n", outcome.lines()));
      }
      if (outcome.violation().isPresent()) {
        throw new AssertionError(
            "seed " + seed + ": " + outcome.violation().get().getMessage(),
            outcome.violation().get());
      }
    }
  }
}
