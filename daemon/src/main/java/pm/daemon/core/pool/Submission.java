package pm.daemon.core.pool;

import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.model.TaskOutcome;

/** A submit on its way into the queue: what of it is in, and until when it waits for room. */
final class Submission {
  final TaskCommand.Submit command;
  final long roomUntilNanos;

  /** The numbers of its tasks that are in, in their order. */
  final long[] numbers;

  /** How they were when they came in; the rest is not filled. */
  final TaskOutcome[] outcomes;

  /** How many of its tasks are in. */
  int in;

  Submission(TaskCommand.Submit command, long roomUntilNanos) {
    this.command = command;
    this.roomUntilNanos = roomUntilNanos;
    this.numbers = new long[command.tasks().size()];
    this.outcomes = new TaskOutcome[command.tasks().size()];
  }

  /** One more is in. */
  void add(long number, TaskOutcome outcome) {
    numbers[in] = number;
    outcomes[in++] = outcome;
  }

  boolean isDone() {
    return in == numbers.length;
  }
}
