package pm.daemon.core.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import pm.config.RestartPolicy;
import pm.config.RestartSpec;

class BackoffTest {

  private static RestartSpec rule(Duration delay, double factor, Duration most, double jitter) {
    return new RestartSpec(
        RestartPolicy.ALWAYS,
        OptionalInt.of(3),
        Duration.ofSeconds(60),
        delay,
        factor,
        most,
        jitter,
        Duration.ofMinutes(10),
        Set.of(),
        Optional.empty());
  }

  @Test
  void delaysGrowByTheFactorUpToTheLongest() {
    RestartSpec rule = rule(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0);
    long[] seconds = {1, 2, 4, 8, 16, 30, 30};
    for (int i = 0; i < seconds.length; i++) {
      assertThat(Backoff.delay(rule, i + 1)).isEqualTo(Duration.ofSeconds(seconds[i]));
    }
  }

  @Test
  void noOrdinalOverflows() {
    RestartSpec rule = rule(Duration.ofMillis(1), 100, Duration.ofDays(36_500), 0);
    assertThat(Backoff.delay(rule, Integer.MAX_VALUE)).isEqualTo(Duration.ofDays(36_500));
    assertThat(Backoff.delay(rule(Duration.ZERO, 100, Duration.ZERO, 0), Integer.MAX_VALUE))
        .isEqualTo(Duration.ZERO);
    assertThat(
            Backoff.delay(rule(Duration.ZERO, 100, Duration.ofSeconds(30), 0), Integer.MAX_VALUE))
        .isEqualTo(Duration.ZERO);
  }

  @Test
  void aFactorOfOneNeverGrows() {
    RestartSpec rule = rule(Duration.ofMillis(250), 1, Duration.ofSeconds(30), 0);
    assertThat(Backoff.delay(rule, 1_000)).isEqualTo(Duration.ofMillis(250));
  }

  @Test
  void withoutJitterNothingIsDrawn() {
    RestartSpec rule = rule(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0);
    SplittableRandom random = new SplittableRandom(7);
    assertThat(Backoff.drawn(rule, 3, random)).isEqualTo(Duration.ofSeconds(4));
    assertThat(random.nextLong()).isEqualTo(new SplittableRandom(7).nextLong());
  }

  @Test
  void jitterShortensByAtMostItsFraction() {
    RestartSpec rule = rule(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0.25);
    SplittableRandom random = new SplittableRandom(11);
    Duration least = Duration.ofDays(1);
    Duration most = Duration.ZERO;
    for (int i = 0; i < 1_000; i++) {
      Duration drawn = Backoff.drawn(rule, 3, random);
      assertThat(drawn).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(4));
      least = drawn.compareTo(least) < 0 ? drawn : least;
      most = drawn.compareTo(most) > 0 ? drawn : most;
    }
    assertThat(least).isLessThan(Duration.ofMillis(3_020));
    assertThat(most).isGreaterThan(Duration.ofMillis(3_980));
  }

  @Test
  void fullJitterReachesDownToNothing() {
    RestartSpec rule = rule(Duration.ofSeconds(1), 1, Duration.ofSeconds(1), 1);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 1_000; i++) {
      assertThat(Backoff.drawn(rule, 1, random)).isBetween(Duration.ZERO, Duration.ofSeconds(1));
    }
  }
}
