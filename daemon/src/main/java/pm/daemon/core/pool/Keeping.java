package pm.daemon.core.pool;

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
