package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.task;
import static pm.daemon.core.pool.Yard.tasks;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import pm.config.PoolSpec;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.TaskView;

/** What a pool counts and shows, and what its breaker takes for a failure. */
class CountsTest {

  @Test
  void howTasksEndedIsCounted() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofSeconds(10), 0, 1));
    yard.submit(tasks(4));
    yard.failed(1, 1, 1);
    yard.pass("10S");
    yard.failed(1, 2, 1);
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-3")));
    yard.failed(1, 3, 1);
    yard.died(1);
    assertThat(view(yard).counts())
        .containsEntry("failed", 2L)
        .containsEntry("timed_out", 1L)
        .containsEntry("cancelled", 1L)
        .containsEntry("lost", 1L);
  }

  @Test
  void howLongTasksWaitedIsCountedOnce() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(tasks(2));
    yard.pass("2S");
    yard.failed(1, 1, 1);
    yard.pass("5S");
    yard.succeeded(1, 2, 1);
    PoolView.Histogram waits = view(yard).waits();
    assertThat(waits.counts().stream().mapToLong(Long::longValue).sum()).isEqualTo(2);
    assertThat(waits.sumSeconds()).isEqualTo(2);
  }

  @Test
  void howFarATaskIsIsShown() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.report(new TaskReport.Progressed(yard.fleet.invocation(1), 1, "", 0, 0.5, "half"));
    yard.report(new TaskReport.Progressed(yard.fleet.invocation(1), 1, "", 2, 0.9, "of another"));
    TaskView shown = yard.pools.task("k3f9-1", yard.now()).orElseThrow();
    assertThat(shown.progress()).isEqualTo(0.5);
    assertThat(shown.progressMessage()).isEqualTo("half");
  }

  @Test
  void whatIsUnknownIsCountedAsAStray() {
    Yard yard = Yard.up(1, rules -> rules);
    yard.submit(task());
    yard.succeeded(1, 99, 1);
    yard.failed(1, 98, 1);
    yard.failed(1, 1, 7);
    assertThat(yard.pools.strays()).isEqualTo(2);
    assertThat(view(yard).counts()).containsEntry("stale", 1L);
  }

  @Test
  void anAttemptThatWasGivenUpSaysNothingToTheBreaker() {
    Yard yard = open();
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-2")));
    yard.said();
    yard.failed(1, 2, 1);
    assertThat(yard.said()).contains("started 3/1 @1");
  }

  @Test
  void anAttemptThatWasNotSentSaysNothingToTheBreaker() {
    Yard yard = open();
    yard.report(new TaskReport.NotSent(yard.fleet.invocation(1), 2, 1, "no room"));
    assertThat(yard.said()).contains("started 3/1 @1");
  }

  @Test
  void anAttemptWhoseWorkerWasStoppedSaysNothingToTheBreaker() {
    Yard yard = open();
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-2")));
    yard.died(1);
    yard.fleet.up(1);
    yard.settle();
    assertThat(yard.said()).contains("started 3/1 @1");
  }

  @Test
  void anAttemptThatWasTooSlowIsAFailureToTheBreaker() {
    Yard yard = Yard.up(1, CountsTest::breaking);
    yard.submit(tasks(3));
    yard.pass("10S");
    yard.said();
    yard.failed(1, 1, 1);
    assertThat(yard.said())
        .contains(
            "breaker: open: 1 attempts in a row have failed, the last by exceeded its limit of 10s;"
                + " tries one in 1m")
        .noneMatch(line -> line.startsWith("started"));
  }

  private static Rules breaking(Rules rules) {
    return rules
        .task(Duration.ofSeconds(10), 0, 2)
        .breaker(1, Duration.ofSeconds(60), PoolSpec.WhenOpen.HOLD);
  }

  /** A pool whose breaker is half-open: it tries its second task. */
  private static Yard open() {
    Yard yard = Yard.up(1, CountsTest::breaking);
    yard.submit(tasks(5));
    yard.failed(1, 1, 1);
    yard.passToDeadline();
    assertThat(yard.said()).contains("started 2/1 @1");
    return yard;
  }

  private static PoolView view(Yard yard) {
    return yard.pools.pools(yard.now()).getFirst();
  }
}
