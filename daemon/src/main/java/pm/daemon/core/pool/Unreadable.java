package pm.daemon.core.pool;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import pm.daemon.core.task.Task;

/**
 * Tasks whose data could not be read when they were to be sent. A disk may fail for a moment, so it
 * is tried a few times; this daemon counts.
 */
final class Unreadable {
  /** So often data are read before they are taken for lost: for 15 seconds. */
  static final int MOST_READS = 5;

  /** So many tasks are counted for; of more the first is forgotten, and counted anew. */
  private static final int MOST_TASKS = 1_024;

  private static final long FIRST_NANOS = 1_000_000_000L;

  private final Map<Long, Integer> reads = new LinkedHashMap<>();

  /**
   * The data of a task could not be read.
   *
   * @return after how many nanoseconds they are read again; empty if they are lost
   */
  Optional<Long> failed(Task task) {
    int failed = reads.merge(task.number(), 1, Integer::sum);
    if (failed >= MOST_READS) {
      reads.remove(task.number());
      return Optional.empty();
    }
    if (reads.size() > MOST_TASKS) {
      reads.remove(reads.keySet().iterator().next());
    }
    return Optional.of(FIRST_NANOS << (failed - 1));
  }

  /** A task has ended. */
  void ended(Task task) {
    if (!reads.isEmpty()) {
      reads.remove(task.number());
    }
  }
}
