package pm.daemon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Many random histories: {@code -Dsimulation.seeds=N} runs N of them, {@code -Dsimulation.seed=S}
 * replays one and prints it.
 */
class SimulationTest {

  private static final int STEPS = 400;

  @Test
  void everyInvariantHoldsInEveryHistory() {
    Optional<Long> one = Optional.ofNullable(Long.getLong("simulation.seed"));
    long first = one.orElse(1L);
    long last = one.orElse((long) Integer.getInteger("simulation.seeds", 300));
    for (long seed = first; seed <= last; seed++) {
      Simulation.History outcome = Simulation.run(seed, steps(), Sabotage.NONE, one.isPresent());
      if (one.isPresent()) {
        System.out.println(String.join("\n", outcome.log()));
      }
      if (outcome.violation().isPresent()) {
        throw new AssertionError(
            Shortening.report(seed, steps(), outcome.violation().get(), Sabotage.NONE),
            outcome.violation().get());
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameHistory() {
    for (long seed = 1; seed <= 10; seed++) {
      assertThat(Simulation.run(seed, steps(), Sabotage.NONE, false).hash())
          .isEqualTo(Simulation.run(seed, steps(), Sabotage.NONE, false).hash());
    }
  }

  static List<Integer> steps() {
    return new ArrayList<>(IntStream.range(0, STEPS).boxed().toList());
  }
}
