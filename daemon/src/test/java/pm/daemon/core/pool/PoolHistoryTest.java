package pm.daemon.core.pool;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Many histories; {@code -Dpool.seeds=N} lives so many, {@code -Dpool.seed=N} tells one of them.
 */
class PoolHistoryTest {
  private static final int SEEDS = Integer.getInteger("pool.seeds", 1_500);

  @Test
  void noLawIsBrokenInAnyHistory() {
    Long only = Long.getLong("pool.seed");
    long first = only == null ? 1 : only;
    LongStream.range(first, first + (only == null ? SEEDS : 1))
        .forEach(seed -> hold(seed, only != null));
  }

  private static void hold(long seed, boolean isTold) {
    PoolHistory.Outcome outcome = PoolHistory.run(seed, PoolHistory.NONE, isTold);
    if (isTold) {
      outcome.lines().forEach(System.out::println);
    }
    outcome
        .broken()
        .ifPresent(
            broken -> {
              if (!isTold) {
                hold(seed, true);
              }
              fail("seed " + seed + ": " + broken.getMessage(), broken);
            });
  }
}
