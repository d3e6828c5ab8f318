package pm.daemon.store;

import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

/** The first byte of each entry in a block, and other codes. Never changed, only added to. */
final class EntryKind {
  static final int QUEUED = 1;
  static final int STARTED = 2;
  static final int CANCELLING = 3;
  static final int RETURNED = 4;
  static final int ENDED = 5;
  static final int NOTED = 6;
  static final int PUT_BACK = 7;
  static final int FORGOTTEN = 8;
  static final int WHOLE = 9;

  /** All before a place is on the disk. */
  static final int DURABLE = 10;

  /**
   * All tasks follow in the same block: what was written after a place up to here may be damaged
   * and does not count.
   */
  static final int ANEW = 11;

  /** Segments before one are not needed any more. */
  static final int NEEDED = 12;

  /** No data or result. */
  static final int BLOB_NONE = 0;

  /** Data or result stay where they are. */
  static final int BLOB_STAYS = 1;

  /** Data or result follow. */
  static final int BLOB_FOLLOWS = 2;

  private EntryKind() {}

  /** Returns the byte that stands for a state. */
  static int code(TaskState state) {
    return switch (state) {
      case QUEUED -> 0;
      case RUNNING -> 1;
      case SUCCEEDED -> 2;
      case FAILED -> 3;
      case TIMED_OUT -> 4;
      case CANCELLED -> 5;
    };
  }

  /** Returns the state that a byte stands for. */
  static TaskState state(int code) throws BlockReader.NonsenseException {
    return switch (code) {
      case 0 -> TaskState.QUEUED;
      case 1 -> TaskState.RUNNING;
      case 2 -> TaskState.SUCCEEDED;
      case 3 -> TaskState.FAILED;
      case 4 -> TaskState.TIMED_OUT;
      case 5 -> TaskState.CANCELLED;
      default -> throw new BlockReader.NonsenseException("there is no state " + code);
    };
  }

  /** Returns the byte that stands for a priority. */
  static int code(Priority priority) {
    return switch (priority) {
      case CRITICAL -> 0;
      case HIGH -> 1;
      case NORMAL -> 2;
      case LOW -> 3;
    };
  }

  /** Returns the priority that a byte stands for. */
  static Priority priority(int code) throws BlockReader.NonsenseException {
    return switch (code) {
      case 0 -> Priority.CRITICAL;
      case 1 -> Priority.HIGH;
      case 2 -> Priority.NORMAL;
      case 3 -> Priority.LOW;
      default -> throw new BlockReader.NonsenseException("there is no priority " + code);
    };
  }
}
