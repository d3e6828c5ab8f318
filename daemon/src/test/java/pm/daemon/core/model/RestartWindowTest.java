package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RestartWindowTest {

  private static final Duration MINUTE = Duration.ofSeconds(60);

  private static long s(long seconds) {
    return seconds * 1_000_000_000L;
  }

  private static RestartWindow of(long... seconds) {
    RestartWindow window = RestartWindow.EMPTY;
    for (long second : seconds) {
      window = window.with(s(second), MINUTE, 100);
    }
    return window;
  }

  @Test
  void countsOnlyWhatIsYoungerThanTheWindow() {
    RestartWindow window = of(10, 20, 30);
    assertThat(window.within(MINUTE, s(30))).isEqualTo(3);
    assertThat(window.within(MINUTE, s(69))).isEqualTo(3);
    assertThat(window.within(MINUTE, s(70))).isEqualTo(2);
    assertThat(window.within(MINUTE, s(90))).isZero();
  }

  @Test
  void isFullAtTheLimit() {
    assertThat(of(10, 20).isFull(3, MINUTE, s(30))).isFalse();
    assertThat(of(10, 20, 30).isFull(3, MINUTE, s(30))).isTrue();
    assertThat(RestartWindow.EMPTY.isFull(0, MINUTE, s(30))).isTrue();
  }

  @Test
  void thereIsRoomWhenTheOldestThatCountsHasLeft() {
    RestartWindow window = of(10, 20, 30);
    assertThat(window.roomAt(3, MINUTE, s(31))).isEqualTo(s(70));
    assertThat(window.isFull(3, MINUTE, window.roomAt(3, MINUTE, s(31)))).isFalse();
    assertThat(window.roomAt(4, MINUTE, s(31))).isEqualTo(s(31));
    assertThat(window.roomAt(1, MINUTE, s(31))).isEqualTo(s(90));
    assertThat(window.roomAt(0, MINUTE, s(31))).isEqualTo(Moment.NEVER);
  }

  @Test
  void forgetsWhatIsTooOldAndWhatIsTooMany() {
    assertThat(of(10, 20, 100).restarts()).containsExactly(s(100));
    RestartWindow bounded = RestartWindow.EMPTY;
    for (int i = 0; i < 200; i++) {
      bounded = bounded.with(s(i), Duration.ofDays(1), RestartWindow.UNLIMITED_BOUND);
    }
    assertThat(bounded.restarts()).hasSize(RestartWindow.UNLIMITED_BOUND).endsWith(s(199));
    assertThat(of(10).with(s(11), MINUTE, 0).restarts()).isEmpty();
  }

  @Test
  void neverHoldsMoreThanTheLimitInAnyWindow() {
    SplittableRandom random = new SplittableRandom(5);
    for (int round = 0; round < 50; round++) {
      int limit = 1 + random.nextInt(5);
      Duration length = Duration.ofMillis(1 + random.nextInt(20_000));
      RestartWindow window = RestartWindow.EMPTY;
      List<Long> starts = new ArrayList<>();
      long now = 0;
      for (int i = 0; i < 200; i++) {
        now += random.nextLong(length.toNanos() / 2 + 1);
        if (!window.isFull(limit, length, now)) {
          window = window.with(now, length, limit);
          starts.add(now);
        }
      }
      assertThat(starts).hasSizeGreaterThan(limit);
      for (int i = limit; i < starts.size(); i++) {
        assertThat(starts.get(i) - starts.get(i - limit)).isGreaterThanOrEqualTo(length.toNanos());
      }
    }
  }
}
