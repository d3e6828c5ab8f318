package pm.daemon.core.event;

import java.util.List;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * What is kept of a decision about a task, in the store of tasks, before any of its effects is run.
 *
 * <p>Nanoseconds are those of the monotonic clock and mean something in the boot in which they were
 * written only; milliseconds are the wall clock's, since 1970.
 */
public sealed interface TaskEntry {

  /** Returns the task it is about. */
  long task();

  /**
   * It was submitted.
   *
   * @param notBeforeNanos when it may begin; equal to {@code enqueuedNanos} for at once
   * @param by who submitted it
   */
  record Queued(
      long task,
      String pool,
      NewTask content,
      long enqueuedNanos,
      long enqueuedMillis,
      long notBeforeNanos,
      String by)
      implements TaskEntry {}

  /**
   * A worker gets it.
   *
   * @param slot the number of the instance in its pool
   * @param sequence that of the lease, ascending for each invocation
   */
  record Started(
      long task,
      int attempt,
      InvocationId invocation,
      int slot,
      long sequence,
      long startedNanos,
      long startedMillis,
      long deadlineNanos)
      implements TaskEntry {}

  /** An operator gives it up while a worker has it in hand. */
  record Cancelling(long task, String by) implements TaskEntry {}

  /**
   * The attempt is over and there will be another.
   *
   * @param isFailure whether it counts as a failed one
   * @param isDeath whether the worker died of it, as far as anybody knows
   * @param end how it ended, in words
   */
  record Returned(
      long task,
      long endedMillis,
      long notBeforeNanos,
      long notBeforeMillis,
      boolean isFailure,
      boolean isDeath,
      String end)
      implements TaskEntry {}

  /**
   * It has ended.
   *
   * @param error why it did not succeed, in words; else empty
   * @param isDeath whether the worker died of it
   * @param result the JSON text of its result; empty if there is none
   */
  @SuppressWarnings("ArrayRecordComponent") // Bytes on the hot path, compared by nobody.
  record Ended(
      long task,
      TaskState state,
      long endedNanos,
      long endedMillis,
      String error,
      boolean isDeath,
      byte[] result)
      implements TaskEntry {}

  /** The last lines that the worker wrote which died of its last attempt but {@code ago}. */
  record Noted(long task, int attempt, String evidence) implements TaskEntry {}

  /** An operator puts it back, as if it were new. */
  record PutBack(long task, long enqueuedNanos, long enqueuedMillis, String by)
      implements TaskEntry {}

  /** It is no longer known. */
  record Forgotten(long task) implements TaskEntry {}

  /**
   * All that is known of it, in place of all entries before; its data and result stay what they
   * were, and the store copies them.
   */
  record Whole(
      long task,
      String pool,
      NewTask content,
      TaskState state,
      long enqueuedNanos,
      long enqueuedMillis,
      long notBeforeNanos,
      long notBeforeMillis,
      int attempts,
      int failures,
      int deaths,
      InvocationId invocation,
      int slot,
      long sequence,
      long startedNanos,
      long startedMillis,
      long deadlineNanos,
      boolean isCancelling,
      long endedNanos,
      long endedMillis,
      String error,
      String by,
      List<TaskView.Attempt> past)
      implements TaskEntry {
    public Whole {
      past = List.copyOf(past);
    }
  }
}
