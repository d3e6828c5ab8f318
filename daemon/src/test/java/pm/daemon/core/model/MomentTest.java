package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class MomentTest {

  private static final Moment NOW = new Moment(5_000_000_000L, Instant.EPOCH);

  @Test
  void whatIsBeyondTheClockNeverComes() {
    assertThat(NOW.after(Duration.ofSeconds(2))).isEqualTo(7_000_000_000L);
    assertThat(NOW.after(Duration.ofDays(36_500 * 3))).isEqualTo(Moment.NEVER);
    assertThat(NOW.after(Duration.ofSeconds(Long.MAX_VALUE))).isEqualTo(Moment.NEVER);
    assertThat(Moment.after(Moment.NEVER, Duration.ofNanos(1))).isEqualTo(Moment.NEVER);
    assertThat(Moment.after(Moment.NEVER, Duration.ZERO)).isEqualTo(Moment.NEVER);
  }

  @Test
  void deadlinesHaveAWallClockTime() {
    assertThat(NOW.wallAt(6_500_000_000L)).isEqualTo(Instant.EPOCH.plusMillis(1_500));
    assertThat(NOW.wallAt(4_000_000_000L)).isEqualTo(Instant.EPOCH.minusSeconds(1));
  }
}
