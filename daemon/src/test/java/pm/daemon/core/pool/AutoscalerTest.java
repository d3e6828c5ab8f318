package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.config.PoolSpec;
import pm.daemon.core.model.Moment;

/** Times are seconds; a task waits since 0, at most 10 workers of concurrency 2, by steps of 3. */
class AutoscalerTest {
  private static final long SECOND = 1_000_000_000L;

  private static final PoolSpec RULES =
      new Rules()
          .workers(0, 10)
          .scaleUp(Duration.ofSeconds(1), 3)
          .idle(Duration.ofSeconds(60))
          .concurrency(2)
          .build();

  private final Autoscaler autoscaler = new Autoscaler();

  @ParameterizedTest
  @CsvSource({
    // ready, coming, present, room, now, more
    "0, 0, 3, 7, 5, 0",
    "100, 0, 3, 7, 0, 0",
    "100, 0, 3, 7, 1, 3",
    "4, 0, 3, 7, 1, 2",
    "3, 0, 3, 7, 1, 2",
    "1, 0, 3, 7, 1, 1",
    "100, 0, 9, 1, 1, 1",
    "100, 0, 9, 7, 1, 1",
    "100, 0, 10, 0, 1, 0",
    "100, 0, 3, 2, 1, 2",
    "4, 2, 3, 7, 9, 0",
    "5, 2, 3, 7, 9, 1",
    "100, 3, 6, 4, 9, 3",
    "1, 0, 0, 10, 0, 1",
    "100, 0, 0, 10, 0, 1",
    "100, 0, 0, 0, 9, 0",
  })
  void soManyMore(int ready, int coming, int present, int room, long now, int more) {
    Autoscaler.Look look = new Autoscaler.Look(ready, 0, coming, present, room);
    assertThat(autoscaler.more(look, RULES, now * SECOND)).isEqualTo(more);
  }

  @Test
  void theNextStepWaitsAsLongAsTheFirst() {
    Autoscaler.Look look = new Autoscaler.Look(100, 0, 0, 1, 9);
    assertThat(autoscaler.nextGrowth(look, RULES)).isEqualTo(SECOND);
    autoscaler.grew(SECOND);
    Autoscaler.Look more = new Autoscaler.Look(100, 0, 3, 4, 6);
    assertThat(autoscaler.more(more, RULES, 2 * SECOND - 1)).isZero();
    assertThat(autoscaler.nextGrowth(more, RULES)).isEqualTo(2 * SECOND);
    assertThat(autoscaler.more(more, RULES, 2 * SECOND)).isEqualTo(3);
  }

  @Test
  void itTurnsRoundOnceInAWhile() {
    Autoscaler.Look look = new Autoscaler.Look(100, 0, 0, 4, 6);
    autoscaler.grew(0);
    assertThat(autoscaler.nextShrink(RULES)).as("it has not turned yet").isNegative();
    autoscaler.shrank(70 * SECOND);
    assertThat(autoscaler.nextShrink(RULES)).as("the same direction").isNegative();
    assertThat(autoscaler.nextGrowth(look, RULES)).isEqualTo(130 * SECOND);
    assertThat(autoscaler.more(look, RULES, 129 * SECOND)).isZero();
    autoscaler.grew(130 * SECOND);
    assertThat(autoscaler.nextShrink(RULES)).isEqualTo(190 * SECOND);
    autoscaler.shrank(200 * SECOND);
    assertThat(autoscaler.nextGrowth(look, RULES)).isEqualTo(260 * SECOND);
  }

  @Test
  void theFirstWorkerWaitsForNothing() {
    autoscaler.grew(0);
    autoscaler.shrank(10 * SECOND);
    Autoscaler.Look none = new Autoscaler.Look(1, 11 * SECOND, 0, 0, 10);
    assertThat(autoscaler.more(none, RULES, 11 * SECOND)).isEqualTo(1);
  }

  @Test
  void whereNobodyIsMissingThereIsNoDeadline() {
    assertThat(autoscaler.nextGrowth(new Autoscaler.Look(0, Moment.NEVER, 0, 3, 7), RULES))
        .isEqualTo(Moment.NEVER);
    assertThat(autoscaler.nextGrowth(new Autoscaler.Look(4, 0, 2, 3, 7), RULES))
        .isEqualTo(Moment.NEVER);
    assertThat(autoscaler.nextGrowth(new Autoscaler.Look(4, 0, 0, 10, 0), RULES))
        .isEqualTo(Moment.NEVER);
  }
}
