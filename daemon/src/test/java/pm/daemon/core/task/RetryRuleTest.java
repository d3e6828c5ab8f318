package pm.daemon.core.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.config.PoolSpec.TaskBackoff;
import pm.config.PoolSpec.TaskRules;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;

class RetryRuleTest {

  @ParameterizedTest
  @CsvSource({
    "3, -1, 1, true, true",
    "3, -1, 3, true, true",
    "3, -1, 4, true, false",
    "3, -1, 1, false, false",
    "0, -1, 1, true, false",
    "0, 2, 2, true, true",
    "0, 2, 3, true, false",
    "3, 0, 1, true, false",
  })
  void aFailureIsTriedAgainAsOftenAsTheTaskOrElseThePoolSays(
      int pools, int own, int failures, boolean mayRetry, boolean again) {
    Task task = new Task();
    NewTask content =
        new NewTask("", "t", Priority.NORMAL, NewTask.POOLS, own, 0, TaskMaker.bytes("{}"));
    task.queued(TaskMaker.queued(1, content, 0, 0), new PoolTasks("p", 0));
    TaskRules rules =
        new TaskRules(Duration.ofSeconds(1), pools, TaskBackoff.DEFAULT, Duration.ZERO, 0, 2);
    assertThat(RetryRule.triesAgain(task, rules, failures, mayRetry)).isEqualTo(again);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 30, 1, 1000",
    "1, 2, 30, 2, 2000",
    "1, 2, 30, 5, 16000",
    "1, 2, 30, 6, 30000",
    "1, 2, 30, 1000, 30000",
    "3, 1, 30, 7, 3000",
    "0, 2, 30, 4, 0",
    "30, 100, 30, 2, 30000",
  })
  void eachWaitIsLongerUpToTheLongest(
      long delay, double factor, long most, int failures, long millis) {
    TaskBackoff backoff =
        new TaskBackoff(Duration.ofSeconds(delay), factor, Duration.ofSeconds(most), 0);
    assertThat(RetryRule.delayNanos(backoff, failures)).isEqualTo(millis * 1_000_000);
    assertThat(RetryRule.drawnNanos(backoff, failures, new SplittableRandom(1)))
        .isEqualTo(millis * 1_000_000);
  }

  @Test
  void jitterOnlyShortens() {
    TaskBackoff backoff = new TaskBackoff(Duration.ofSeconds(10), 2, Duration.ofSeconds(10), 0.25);
    SplittableRandom random = new SplittableRandom(1);
    long least = Long.MAX_VALUE;
    long most = 0;
    for (int i = 0; i < 10_000; i++) {
      long drawn = RetryRule.drawnNanos(backoff, 1, random);
      least = Math.min(least, drawn);
      most = Math.max(most, drawn);
    }
    assertThat(least).isBetween(7_500_000_000L, 7_510_000_000L);
    assertThat(most).isBetween(9_990_000_000L, 10_000_000_000L);
  }
}
