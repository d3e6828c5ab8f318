package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.config.PoolSpec;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Moment;

class ThrottleTest {
  private static final long SECOND = 1_000_000_000L;
  private static final PoolSpec.Throttle RULE =
      new PoolSpec.Throttle(OptionalInt.of(90), OptionalInt.of(80));

  private final Throttle throttle = new Throttle();

  @ParameterizedTest
  @CsvSource({
    "90, 80, false, ''",
    "90.4, 0, true, 'the machine uses 90% of cpu, more than 90%'",
    "97, 0, true, 'the machine uses 97% of cpu, more than 90%'",
    "0, 81, true, 'the machine uses 81% of memory, more than 80%'",
    "-1, -1, false, ''",
    "-1, 99, true, 'the machine uses 99% of memory, more than 80%'",
  })
  void itIsAboveWhereEitherIs(double cpu, double memory, boolean isAbove, String words) {
    throttle.looked(new TaskReport.Load(cpu, memory), at(10));
    assertThat(throttle.isAbove(RULE, 11 * SECOND)).isEqualTo(isAbove);
    assertThat(throttle.isAbove(PoolSpec.Throttle.NONE, 11 * SECOND)).isFalse();
    if (isAbove) {
      assertThat(throttle.inWords(RULE)).isEqualTo(words);
    }
  }

  @Test
  void nothingIsHeldBackBeforeTheFirstLookAndAfterAnOldOne() {
    assertThat(throttle.isAbove(RULE, 0)).isFalse();
    throttle.looked(new TaskReport.Load(99, 99), at(10));
    assertThat(throttle.isAbove(RULE, 15 * SECOND - 1)).isTrue();
    assertThat(throttle.isAbove(RULE, 15 * SECOND)).isFalse();
  }

  @Test
  void itIsLookedAtOnceASecond() {
    assertThat(throttle.asks(10 * SECOND)).isTrue();
    assertThat(throttle.asks(11 * SECOND - 1)).isFalse();
    assertThat(throttle.nextNanos()).isEqualTo(11 * SECOND);
    assertThat(throttle.asks(11 * SECOND)).isTrue();
  }

  private static Moment at(long seconds) {
    return new Moment(seconds * SECOND, Instant.EPOCH);
  }
}
