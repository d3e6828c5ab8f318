package pm.daemon.core.task;

import java.nio.charset.StandardCharsets;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

/** Makes entries about tasks for tests; times are seconds. */
final class TaskMaker {
  static final long SECOND = 1_000_000_000L;
  static final InvocationId WORKER = new InvocationId("a".repeat(32));

  private TaskMaker() {}

  static NewTask content(String key, Priority priority, byte[] data) {
    return new NewTask(key, NewTask.DEFAULT_TYPE, priority, NewTask.POOLS, NewTask.POOLS, 0, data);
  }

  static TaskEntry.Queued queued(long task, Priority priority, long at, long notBefore) {
    return queued(task, content("", priority, bytes("{}")), at, notBefore);
  }

  static TaskEntry.Queued queued(long task, NewTask content, long at, long notBefore) {
    return new TaskEntry.Queued(
        task, "p", content, at * SECOND, at * 1000, notBefore * SECOND, "alice");
  }

  static TaskEntry.Started started(long task, int attempt, long at) {
    return new TaskEntry.Started(
        task, attempt, WORKER, 2, task, at * SECOND, at * 1000, (at + 60) * SECOND);
  }

  static TaskEntry.Returned returned(long task, long at, long notBefore) {
    return new TaskEntry.Returned(
        task, at * 1000, notBefore * SECOND, notBefore * 1000, true, false, "error: no");
  }

  static TaskEntry.Ended ended(long task, TaskState state, long at) {
    return new TaskEntry.Ended(
        task,
        state,
        at * SECOND,
        at * 1000,
        state == TaskState.SUCCEEDED ? "" : "error: no",
        false,
        bytes("7"));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
