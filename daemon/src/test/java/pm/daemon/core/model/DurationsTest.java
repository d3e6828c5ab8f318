package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationsTest {

  @ParameterizedTest
  @CsvSource({
    "PT-1S, 0ms",
    "PT0.008S, 8ms",
    "PT0.0999S, 99ms",
    "PT0.1S, 0.1s",
    "PT0.25S, 0.3s",
    "PT2S, 2s",
    "PT9.9S, 9.9s",
    "PT9.96S, 10s",
    "PT10S, 10s",
    "PT10.5S, 10s",
    "PT59.9S, 59s",
    "PT1M, 1m",
    "PT61S, 1m1s",
    "PT59M59S, 59m59s",
    "PT1H, 1h",
    "PT3H12M, 3h12m",
    "PT23H59M, 23h59m",
    "PT24H, 1d",
    "PT49H, 2d1h",
  })
  void aLengthIsToldInTwoUnitsAtMost(Duration length, String told) {
    assertThat(Durations.told(length.toNanos())).isEqualTo(told);
  }

  @Test
  void whatIsLongerThanCanBeCountedIsAsLongAsCanBe() {
    assertThat(Durations.nanos(Duration.ofSeconds(3))).isEqualTo(3_000_000_000L);
    assertThat(Durations.nanos(Duration.ofSeconds(Long.MAX_VALUE))).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whatIsBeyondTheClockNeverComes() {
    assertThat(Durations.after(5, 7)).isEqualTo(12);
    assertThat(Durations.after(5, 0)).isEqualTo(5);
    assertThat(Durations.after(5, -3)).isEqualTo(2);
    assertThat(Durations.after(5, Long.MAX_VALUE)).isEqualTo(Moment.NEVER);
    assertThat(Durations.after(Moment.NEVER, 1)).isEqualTo(Moment.NEVER);
  }
}
