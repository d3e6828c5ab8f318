package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.config.PoolSpec.BreakerSpec;
import pm.config.PoolSpec.WhenOpen;
import pm.daemon.core.model.Moment;

/**
 * A story in letters: {@code f1} task 1 has failed, {@code s1} succeeded, {@code v1} ended without
 * a verdict, {@code g1} was given out, {@code +9} nine seconds pass.
 */
class BreakerTest {
  private static final BreakerSpec RULE = new BreakerSpec(3, Duration.ofSeconds(10), WhenOpen.HOLD);

  @ParameterizedTest
  @CsvSource({
    "'', CLOSED, true",
    "f1 f2, CLOSED, true",
    "f1 f2 f3, OPEN, false",
    "f1 f2 s3 f4 f5, CLOSED, true",
    "f1 f2 v3 f4, OPEN, false",
    "f1 f2 f3 +9, OPEN, false",
    "f1 f2 f3 +10, HALF_OPEN, true",
    "f1 f2 f3 s4, OPEN, false",
    "f1 f2 f3 +9 f4 +1, HALF_OPEN, true",
    "f1 f2 f3 +10 g5, HALF_OPEN, false",
    "f1 f2 f3 +10 g5 s4, HALF_OPEN, false",
    "f1 f2 f3 +10 g5 f4, HALF_OPEN, false",
    "f1 f2 f3 +10 g5 v4, HALF_OPEN, false",
    "f1 f2 f3 +10 g5 v5, HALF_OPEN, true",
    "f1 f2 f3 +10 g5 v5 g6 s6, CLOSED, true",
    "f1 f2 f3 +10 g5 s5, CLOSED, true",
    "f1 f2 f3 +10 g5 s5 f6 f7, CLOSED, true",
    "f1 f2 f3 +10 g5 s5 f6 f7 f8, OPEN, false",
    "f1 f2 f3 +10 g5 f5, OPEN, false",
    "f1 f2 f3 +10 g5 f5 +9, OPEN, false",
    "f1 f2 f3 +10 g5 f5 +10, HALF_OPEN, true",
  })
  void itOpensAndCloses(String story, Breaker.State state, boolean permits) {
    Breaker breaker = new Breaker();
    long nanos = 0;
    for (String word : story.trim().split(" +", -1)) {
      if (word.isEmpty()) {
        continue;
      }
      long number = Long.parseLong(word.substring(1));
      switch (word.charAt(0)) {
        case 'f' -> breaker.failed(number, RULE, nanos);
        case 's' -> breaker.succeeded(number);
        case 'v' -> breaker.voided(number);
        case 'g' -> breaker.given(number);
        default -> nanos += number * 1_000_000_000L;
      }
      breaker.passed(nanos);
    }
    assertThat(breaker.state()).isEqualTo(state);
    assertThat(breaker.permits()).isEqualTo(permits);
    assertThat(breaker.until() == Moment.NEVER).isEqualTo(state != Breaker.State.OPEN);
  }
}
