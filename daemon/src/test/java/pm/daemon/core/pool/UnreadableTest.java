package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.daemon.core.pool.Yard.task;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

class UnreadableTest {
  private static final int MOST = 1_024;
  private static final Optional<Long> FIRST = Optional.of(Duration.ofSeconds(1).toNanos());
  private static final Optional<Long> SECOND = Optional.of(Duration.ofSeconds(2).toNanos());

  private final Tasks tasks = new Tasks();
  private final Unreadable unreadable = new Unreadable();

  @Test
  void itCountsForSoManyTasksAndForgetsTheFirst() {
    Task first = queued();
    Task second = queued();
    unreadable.failed(first);
    unreadable.failed(second);
    for (int i = 2; i < MOST; i++) {
      unreadable.failed(queued());
    }
    assertThat(unreadable.failed(first)).as("all of them are known").isEqualTo(SECOND);
    unreadable.failed(queued());
    assertThat(unreadable.failed(first)).as("it was forgotten").isEqualTo(FIRST);
  }

  @Test
  void aTaskThatWasCancelledAndPutBackHasAsManyTriesAsANewOne() {
    Yard yard = Yard.up(1, rules -> rules.task(Duration.ofMinutes(1), 0, 1));
    yard.submit(task());
    for (int attempt = 1; attempt <= 4; attempt++) {
      yard.report(new TaskReport.NoData(yard.fleet.invocation(1), 1, attempt, true, "damaged"));
      if (attempt < 4) {
        yard.passToDeadline();
      }
    }
    yard.handle(new TaskCommand.Cancel(7, Yard.ALICE, List.of("k3f9-1")));
    yard.handle(new TaskCommand.Retry(8, Yard.ALICE, List.of("k3f9-1")));
    assertThat(yard.said()).contains("started 1/5 @1");
    yard.report(new TaskReport.NoData(yard.fleet.invocation(1), 1, 5, true, "damaged"));
    assertThat(yard.said()).contains("returned 1: not sent: damaged");
  }

  private Task queued() {
    return tasks.queue(new TaskEntry.Queued(tasks.nextNumber(), "p", task(), 0, 0, 0, "alice"));
  }
}
