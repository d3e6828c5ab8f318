package pm.daemon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Moment;

/**
 * Many random histories: {@code -Dsimulation.seeds=N} runs N of them, {@code -Dsimulation.seed=S}
 * replays one and prints it, {@code -Dsimulation.steps=N} makes them longer.
 */
class SimulationTest {

  private static final int STEPS = Integer.getInteger("simulation.steps", 400);

  @Test
  void everyInvariantHoldsInEveryHistory() {
    Optional<Long> one = Optional.ofNullable(Long.getLong("simulation.seed"));
    long first = one.orElse(1L);
    long last = one.orElse((long) Integer.getInteger("simulation.seeds", 500));
    for (long seed = first; seed <= last; seed++) {
      Simulation.Outcome outcome = Simulation.run(seed, steps(), Sabotage.NONE, one.isPresent());
      if (one.isPresent()) {
        System.out.println(String.join("\n", outcome.lines()));
      }
      if (outcome.violation().isPresent()) {
        throw new AssertionError(
            Shortening.report(seed, steps(), outcome.violation().get(), Sabotage.NONE),
            outcome.violation().get());
      }
    }
  }

  @Tag("of-tests")
  @Test
  void theSameSeedGivesTheSameHistory() {
    for (long seed = 1; seed <= 10; seed++) {
      assertThat(Simulation.run(seed, steps(), Sabotage.NONE, false).hash())
          .isEqualTo(Simulation.run(seed, steps(), Sabotage.NONE, false).hash());
    }
  }

  @Tag("of-tests")
  @Test
  void historiesAreWild() {
    Set<String> events = new TreeSet<>();
    Set<String> changes = new TreeSet<>();
    Sabotage watching =
        new Sabotage() {
          @Override
          public Decision decided(Supervisor core, Event event, Moment now, Decision decision) {
            events.add(event.getClass().getSimpleName());
            for (Effect effect : decision.effects()) {
              if (effect instanceof Effect.Publish publish
                  && publish.happening() instanceof Happening.StateChanged change) {
                changes.add(
                    change.from()
                        + " -> "
                        + change.reason().map(r -> "" + r).orElse("" + change.to()));
              }
            }
            return decision;
          }
        };
    for (long seed = 1; seed <= 60; seed++) {
      Simulation.run(seed, steps(), watching, false);
    }
    assertThat(events)
        .contains("Begin", "Resume", "Start", "Stop", "Restart", "Signal", "Reset", "Apply")
        .contains("Shutdown", "TimePassed", "Spawned", "SpawnFailed", "Exited", "RemainsGone")
        .contains("RemainsLeft", "Adopted", "NeverSpawned");
    assertThat(changes)
        .contains("DEAD -> STARTING", "DEAD -> WAITING", "DEAD -> STOPPED", "DEAD -> DISABLED")
        .contains("DEAD -> NEW", "STARTING -> IDLE", "STARTING -> STOPPING", "STARTING -> BACKOFF")
        .contains("STARTING -> FAILED", "STARTING -> COMPLETED", "STARTING -> WAITING")
        .contains("IDLE -> STOPPING", "IDLE -> BACKOFF", "IDLE -> FAILED", "IDLE -> COMPLETED")
        .contains("STOPPING -> STOPPED", "STOPPING -> WAITING", "STOPPING -> DISABLED")
        .contains("STOPPING -> BACKOFF", "STOPPING -> FAILED");
  }

  static List<Integer> steps() {
    return new ArrayList<>(IntStream.range(0, STEPS).boxed().toList());
  }
}
