package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.task.Tasks;

/** The truth that stores are held against is what the core makes of the same entries. */
class TaskModelTest {

  private static final InvocationId WORKER = new InvocationId("a".repeat(32));
  private static final Moment NOW = new Moment(9_000_000_000L, Instant.ofEpochMilli(9_000));

  private final TaskModel model = new TaskModel();
  private final Tasks tasks = new Tasks();

  private void both(TaskEntry entry) {
    model.apply(entry);
    tasks.replay(entry);
  }

  @Test
  void aTaskThatIsPutBackGoesOnCountingItsAttempts() {
    NewTask content =
        new NewTask(
            "",
            "mail",
            Priority.LOW,
            NewTask.POOLS,
            NewTask.POOLS,
            0,
            "{}".getBytes(StandardCharsets.UTF_8));
    both(new TaskEntry.Queued(8, "mail", content, 1_000, 1, 1_000, "alice"));
    both(new TaskEntry.Started(8, 1, WORKER, 1, 6, 2_000, 2, 3_000));
    both(new TaskEntry.Returned(8, 3, 4_000, 4, false, true, "worker died"));
    both(new TaskEntry.Started(8, 2, WORKER, 1, 7, 5_000, 5, 6_000));
    both(new TaskEntry.Ended(8, TaskState.FAILED, 6_000, 6, "error: no", false, new byte[0]));
    both(new TaskEntry.PutBack(8, 7_000, 7, "bob"));

    TaskEntry.Whole expected = model.whole(8).orElseThrow();
    TaskEntry.Whole known = tasks.whole(8, NOW).orElseThrow();
    assertThat(known.attempts()).isEqualTo(2).isEqualTo(expected.attempts());
    assertThat(known.by()).isEqualTo("alice").isEqualTo(expected.by());
    assertThat(known.past()).hasSize(1).isEqualTo(expected.past());
    assertThat(List.of(known.state(), known.failures(), known.deaths(), known.error()))
        .isEqualTo(List.of(TaskState.QUEUED, 0, 0, ""))
        .isEqualTo(
            List.of(expected.state(), expected.failures(), expected.deaths(), expected.error()));
  }
}
