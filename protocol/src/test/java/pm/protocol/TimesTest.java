package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TimesTest {

  @Test
  void givenATime_whenItIsWritten_thenItHasMilliseconds() {
    assertThat(Times.format(Instant.parse("2026-07-03T09:12:00.250999Z")))
        .isEqualTo("2026-07-03T09:12:00.250Z");
    assertThat(Times.format(Instant.EPOCH)).isEqualTo("1970-01-01T00:00:00.000Z");
  }

  @Test
  void givenAnyTime_whenItIsWritten_thenAsAFormatterWould() {
    DateTimeFormatter formatter = new DateTimeFormatterBuilder().appendInstant(3).toFormatter();
    Random random = new Random(1);
    long edge = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
    long zero = Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
    for (int i = 0; i < 2_000; i++) {
      long second =
          switch (i % 4) {
            case 0 -> edge + random.nextInt(-3, 4);
            case 1 -> zero + random.nextInt(-3, 4);
            case 2 -> random.nextLong(4_000_000_000L);
            default -> random.nextLong(2 * zero, 2 * edge);
          };
      Instant time = Instant.ofEpochSecond(second, random.nextInt(1_000_000_000));
      assertThat(Times.format(time)).isEqualTo(formatter.format(time));
      assertThat(Instant.parse(Times.formatWhole(time))).isEqualTo(time);
    }
  }
}
