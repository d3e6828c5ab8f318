package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import pm.daemon.loop.Deadlines;

final class SettlingTest {
  private static final long SECOND = 1_000_000_000L;

  private final Deadlines deadlines = new Deadlines();
  private long now;
  private boolean starting = true;
  private int given;
  private int givenAgain;

  private final Settling settling =
      new Settling(deadlines, () -> now, () -> starting, () -> given++, () -> givenAgain++);

  private void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      now += SECOND;
      deadlines.pass(now);
    }
  }

  @Test
  void waitsForTheEndOfTheStartAndGivesBackTwice() {
    settling.begin();
    pass(10);
    assertThat(given).isZero();
    starting = false;
    pass(1);
    assertThat(given).isOne();
    assertThat(deadlines.next()).as("at rest it sleeps").isEqualTo(Long.MAX_VALUE);
    pass(9);
    settling.awake();
    assertThat(givenAgain).isZero();
    pass(1);
    assertThat(givenAgain).as("nothing has woken it").isZero();
    settling.awake();
    settling.awake();
    assertThat(given).isOne();
    assertThat(givenAgain).isOne();
  }

  @Test
  void leavesADaemonAloneThatNeverRests() {
    settling.begin();
    pass(60);
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
    assertThat(given).isZero();
  }
}
