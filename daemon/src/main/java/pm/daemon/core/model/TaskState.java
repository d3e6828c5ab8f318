package pm.daemon.core.model;

/**
 * The state of a task, as users see it.
 *
 * <pre>
 * QUEUED  -> RUNNING                                    a worker gets it
 * RUNNING -> QUEUED                                     the attempt failed, or its worker ended
 * RUNNING -> SUCCEEDED, FAILED, TIMED_OUT, CANCELLED    it ends
 * QUEUED  -> CANCELLED                                  cancelled before any worker got it
 * FAILED, TIMED_OUT, CANCELLED -> QUEUED                put back by an operator, and only then
 * </pre>
 */
public enum TaskState {
  /** It waits for a worker, for its time, or for the next attempt. */
  QUEUED,
  /** A worker has it in hand. */
  RUNNING,
  /** Its result is there. */
  SUCCEEDED,
  /** Its attempts are used up, or another would not help: a dead letter. */
  FAILED,
  /** It was not done within its time limit. */
  TIMED_OUT,
  /** An operator gave it up. */
  CANCELLED;

  /** Returns whether nothing more happens by itself. */
  public boolean isEnd() {
    return switch (this) {
      case QUEUED, RUNNING -> false;
      case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED -> true;
    };
  }
}
