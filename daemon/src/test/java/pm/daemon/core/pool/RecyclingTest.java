package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.config.PoolSpec.Recycle;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;

class RecyclingTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long MIB = 1 << 20;

  private static final Recycle RULE =
      new Recycle(
          OptionalLong.of(100), Optional.of(Duration.ofHours(1)), OptionalLong.of(50 * MIB), 0);

  private final Worker worker = new Worker(new InstanceName("p", 1));

  @ParameterizedTest
  @CsvSource({
    "99, 3599, 50, ''",
    "100, 0, 0, 'it has done 100 tasks'",
    "0, 3600, 0, 'it is 1h old'",
    "1, 0, 51, 'it uses 51MiB'",
    "100, 3600, 51, 'it has done 100 tasks'",
  })
  void theFirstLimitCounts(long done, long age, long mebibytes, String why) {
    begin(RULE, 1);
    Recycling.isUseless(worker, RULE, MIB);
    worker.done = done;
    Recycling.isUseless(worker, RULE, mebibytes * MIB);
    assertThat(Recycling.due(worker, RULE, age * SECOND)).isEqualTo(why);
  }

  @Test
  void whoIsLargeBeforeHisFirstTaskStays() {
    begin(RULE, 1);
    assertThat(Recycling.isUseless(worker, RULE, 60 * MIB)).isTrue();
    worker.done = 5;
    assertThat(Recycling.isUseless(worker, RULE, 90 * MIB)).as("it is said once").isFalse();
    assertThat(Recycling.due(worker, RULE, 0)).isEmpty();
  }

  @Test
  void jitterMakesLimitsSmallerOnly() {
    Recycle jittery =
        new Recycle(
            OptionalLong.of(100), Optional.of(Duration.ofHours(1)), OptionalLong.empty(), 0.2);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1_000; i++) {
      worker.begin(new InvocationId("a".repeat(32)), 0);
      Recycling.draw(worker, jittery, random);
      assertThat(worker.taskLimit).isBetween(80L, 100L);
      assertThat(worker.ageLimitNanos).isBetween(2_880 * SECOND, 3_600 * SECOND);
    }
  }

  @Test
  void aLimitOfOneTaskIsNeverNone() {
    Recycle one = new Recycle(OptionalLong.of(1), Optional.empty(), OptionalLong.empty(), 1);
    begin(one, 7);
    assertThat(worker.taskLimit).isEqualTo(1);
    assertThat(worker.hasDoneItsShare()).isFalse();
    worker.done = 1;
    assertThat(worker.hasDoneItsShare()).isTrue();
    assertThat(worker.isSpent()).isFalse();
    worker.done = 2;
    assertThat(worker.isSpent()).isTrue();
    assertThat(Recycling.ageNanos(worker)).isEqualTo(Moment.NEVER);
  }

  @Test
  void whoHasNoLimitIsNeverSpent() {
    begin(Recycle.NONE, 1);
    worker.done = Long.MAX_VALUE / 2;
    assertThat(worker.hasDoneItsShare()).isFalse();
    assertThat(worker.isSpent()).isFalse();
  }

  @Test
  void memoryIsLookedAtWhenItBeginsAndNowAndThenAfterTasks() {
    begin(RULE, 1);
    assertThat(Recycling.asksMemory(worker, RULE, 5 * SECOND)).isTrue();
    assertThat(Recycling.asksMemory(worker, RULE, 500 * SECOND)).as("nothing done").isFalse();
    worker.done = 1;
    assertThat(Recycling.nextMemoryNanos(worker, RULE)).isEqualTo(15 * SECOND);
    assertThat(Recycling.asksMemory(worker, RULE, 15 * SECOND - 1)).isFalse();
    assertThat(Recycling.asksMemory(worker, RULE, 15 * SECOND)).isTrue();
    assertThat(Recycling.asksMemory(worker, Recycle.NONE, 900 * SECOND)).isFalse();
  }

  private void begin(Recycle rule, long seed) {
    worker.begin(new InvocationId("a".repeat(32)), 0);
    worker.upSinceNanos = 0;
    Recycling.draw(worker, rule, new SplittableRandom(seed));
  }
}
