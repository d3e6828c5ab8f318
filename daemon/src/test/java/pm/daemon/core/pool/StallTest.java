package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pm.config.PoolSpec;
import pm.config.PoolSpec.StallAction;
import pm.daemon.core.model.Moment;

class StallTest {
  private static final long SECOND = 1_000_000_000L;
  private static final PoolSpec.Stall REPORT = rule(StallAction.REPORT);
  private static final PoolSpec.Stall RESTART = rule(StallAction.RESTART);

  private final Stall stall = new Stall();

  private static PoolSpec.Stall rule(StallAction action) {
    return new PoolSpec.Stall(Optional.of(Duration.ofSeconds(30)), action);
  }

  @Test
  void itIsStuckWhenNothingMovesForSoLongAfterSomethingBeganToWait() {
    assertThat(stall.look(false, REPORT, 0)).isFalse();
    assertThat(stall.nextNanos(REPORT)).isEqualTo(Moment.NEVER);
    assertThat(stall.look(true, REPORT, 100 * SECOND)).isFalse();
    assertThat(stall.nextNanos(REPORT)).isEqualTo(130 * SECOND);
    stall.moved(120 * SECOND);
    assertThat(stall.look(true, REPORT, 149 * SECOND)).isFalse();
    assertThat(stall.look(true, REPORT, 150 * SECOND)).isTrue();
    assertThat(stall.isStalled()).isTrue();
  }

  @Test
  void itIsReportedOnceUntilSomethingMoves() {
    stall.look(true, REPORT, 0);
    assertThat(stall.look(true, REPORT, 30 * SECOND)).isTrue();
    assertThat(stall.nextNanos(REPORT)).as("nothing follows").isEqualTo(Moment.NEVER);
    assertThat(stall.look(true, REPORT, 90 * SECOND)).isFalse();
    stall.moved(100 * SECOND);
    assertThat(stall.isStalled()).isFalse();
    assertThat(stall.look(true, REPORT, 130 * SECOND)).isTrue();
  }

  @Test
  void itIsRestartedAsOftenAsThatDoesNotHelp() {
    stall.look(true, RESTART, 0);
    assertThat(stall.look(true, RESTART, 30 * SECOND)).isTrue();
    assertThat(stall.look(true, RESTART, 59 * SECOND)).isFalse();
    assertThat(stall.nextNanos(RESTART)).isEqualTo(60 * SECOND);
    assertThat(stall.look(true, RESTART, 60 * SECOND)).isTrue();
  }

  @Test
  void whatIsHeldBackOnPurposeIsNotStuck() {
    stall.look(true, REPORT, 0);
    assertThat(stall.look(false, REPORT, 40 * SECOND)).isFalse();
    assertThat(stall.look(true, REPORT, 50 * SECOND)).isFalse();
    assertThat(stall.nextNanos(REPORT)).isEqualTo(80 * SECOND);
    assertThat(stall.look(true, PoolSpec.Stall.DEFAULT, 500 * SECOND)).isFalse();
  }
}
