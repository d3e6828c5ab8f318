package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DurationsTest {
  @Test
  void givenUnitsLargestFirst_thenTheirSum() throws MalformedValueException {
    assertThat(Durations.parse("250ms")).isEqualTo(Duration.ofMillis(250));
    assertThat(Durations.parse("5s")).isEqualTo(Duration.ofSeconds(5));
    assertThat(Durations.parse("1m30s")).isEqualTo(Duration.ofSeconds(90));
    assertThat(Durations.parse("2h")).isEqualTo(Duration.ofHours(2));
    assertThat(Durations.parse("7d")).isEqualTo(Duration.ofDays(7));
    assertThat(Durations.parse("0s")).isEqualTo(Duration.ZERO);
    assertThat(Durations.parse("1d2h3m4s5ms"))
        .isEqualTo(Duration.ofDays(1).plusHours(2).plusMinutes(3).plusSeconds(4).plusMillis(5));
    assertThat(Durations.parse("90s")).isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void givenNumberWithoutUnit_thenSaysWhichToAdd() {
    assertThatThrownBy(() -> Durations.parse("5")).hasMessage("a duration needs a unit; write 5s");
  }

  @Test
  void givenNonsense_thenRefused() {
    assertRefused("", "a duration is missing; write for example 250ms, 5s, 1m30s, 2h or 7d");
    assertRefused("1.5s", "'1.5s' is not a duration; write whole numbers, as in 1s500ms for 1.5s");
    assertRefused(
        "1m30",
        "'1m30' is not a duration; its last number has no unit; write for example 250ms, 5s, 1m30s, 2h or 7d");
    assertRefused(
        "30s1m",
        "'30s1m' is not a duration; write each unit once, larger units first, as in 1h30m");
    assertRefused(
        "1s1s", "'1s1s' is not a duration; write each unit once, larger units first, as in 1h30m");
    for (String text :
        new String[] {"-5s", "s", "5 s", "5S", "5sec", "five", "5s ", "٣s", "1e3s"}) {
      assertThatThrownBy(() -> Durations.parse(text)).hasMessageContaining("is not a duration");
    }
  }

  @Test
  void givenMoreThanTheLongest_thenRefusedWithoutOverflow() {
    assertThatThrownBy(() -> Durations.parse("36501d"))
        .hasMessageContaining("is too long; the longest duration is 36500d");
    assertThatThrownBy(() -> Durations.parse("9999999999d")).hasMessageContaining("is too long");
    assertThatThrownBy(() -> Durations.parse("99999999999999999999999999d"))
        .hasMessageContaining("is not a duration");
  }

  @Test
  void whenFormatted_thenParsesToTheSame() throws MalformedValueException {
    var random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      Duration duration = Duration.ofMillis(random.nextLong(1L << random.nextInt(1, 41)));
      assertThat(Durations.parse(Durations.format(duration))).isEqualTo(duration);
    }
    assertThat(Durations.format(Duration.ofSeconds(90))).isEqualTo("1m30s");
    assertThat(Durations.format(Duration.ZERO)).isEqualTo("0s");
  }

  private static void assertRefused(String text, String message) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(MalformedValueException.class)
        .hasMessage(message);
  }
}
