package pm.daemon.core.pool;

import java.util.List;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/**
 * How long tasks are known that have ended: at most {@code keep_max}, none longer than {@code
 * keep}.
 */
final class Keeping {

  /** So much later than it must be, at most, a task is forgotten: many at once, not one by one. */
  private static final long MOST_SLACK_NANOS = 60_000_000_000L;

  /** So many are forgotten before it is looked whether the store has room again. */
  private static final int MOST_AT_ONCE = 64;

  private Keeping() {}

  /** Forgets those that ended first, as far as the rules say. */
  static void forget(Pool pool, Tasks tasks, long nowNanos, Turn turn) {
    int most = pool.spec().task().keepMax();
    Task first = pool.tasks.firstEnded();
    while (first != null
        && (pool.tasks.ended() > most
            || Durations.after(first.endedNanos(), pool.keepNanos()) <= nowNanos)) {
      turn.keep(new TaskEntry.Forgotten(first.number()));
      tasks.forget(first);
      first = pool.tasks.firstEnded();
    }
  }

  /**
   * There is little memory left for tasks: forgets some that have ended, the first of the pool that
   * has most of them, however long they should be kept.
   */
  static void makeRoom(List<Pool> pools, Tasks tasks, Turn turn) {
    while (tasks.isCrowded()) {
      Pool most = pools.getFirst();
      for (int i = 1; i < pools.size(); i++) {
        Pool pool = pools.get(i);
        most = pool.tasks.ended() > most.tasks.ended() ? pool : most;
      }
      Task first = most.tasks.firstEnded();
      if (first == null) {
        return;
      }
      turn.keep(new TaskEntry.Forgotten(first.number()));
      tasks.forget(first);
    }
  }

  /**
   * The store holds as much as it may: forgets some that have ended, those that did so first,
   * however long they should be kept.
   */
  static void makeRoomInStore(List<Pool> pools, Tasks tasks, Turn turn) {
    for (int i = 0; i < MOST_AT_ONCE; i++) {
      Task first = null;
      for (int j = 0; j < pools.size(); j++) {
        Task ended = pools.get(j).tasks.firstEnded();
        boolean isEarlier =
            ended != null && (first == null || ended.endedNanos() < first.endedNanos());
        first = isEarlier ? ended : first;
      }
      if (first == null) {
        return;
      }
      turn.keep(new TaskEntry.Forgotten(first.number()));
      tasks.forget(first);
    }
  }

  /** Returns when the next ones are forgotten; {@link Moment#NEVER} if there is none. */
  static long nextNanos(Pool pool) {
    Task first = pool.tasks.firstEnded();
    if (first == null) {
      return Moment.NEVER;
    }
    long slack = Math.min(pool.keepNanos() / 16, MOST_SLACK_NANOS);
    return Durations.after(Durations.after(first.endedNanos(), pool.keepNanos()), slack);
  }
}
