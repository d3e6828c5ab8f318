package pm.daemon.core.pool;

import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Moment;
import pm.daemon.core.pool.Worker.Status;

/**
 * What becomes of workers to which nothing can be told any more: they get no more tasks, may finish
 * what they have, and are replaced as one whose liveness is lost.
 */
final class Reach {

  /** Whoever is about to end has closed its pipes too: so long it has to do so by itself. */
  static final long PATIENCE_NANOS = 1_000_000_000L;

  private Reach() {}

  /** Nothing can be told to it any more. */
  static void lost(Pool pool, Worker worker, TaskReport.Unreachable report, Moment now) {
    if (worker.canBeReached()) {
      worker.unreachableNanos = now.nanos();
      worker.unreachableWhy = report.why();
    }
    worker.canAnswer &= report.canAnswer();
    pool.review(worker);
    pool.isDirty = true;
  }

  /** Replaces those that have had their time. */
  static void look(Pool pool, Moment now, Turn turn, Slots slots) {
    for (Worker worker : pool.workers()) {
      if (dueNanos(worker) <= now.nanos()) {
        worker.isToEnd = true;
        worker.isToReturn = true;
        worker.isAsked = true;
        pool.review(worker);
        String why = worker.unreachableWhy;
        Notes.warn(
            pool,
            "unreachable",
            worker.name + " can be told nothing any more, it is replaced: " + why,
            now,
            turn);
        slots.stop(worker.name, worker.invocation, Slots.Reason.UNREACHABLE, why);
      }
    }
  }

  /** Returns when the next one has had its time; {@link Moment#NEVER} if there is none. */
  static long nextNanos(Pool pool) {
    long next = Moment.NEVER;
    for (Worker worker : pool.workers()) {
      next = Math.min(next, dueNanos(worker));
    }
    return next;
  }

  private static long dueNanos(Worker worker) {
    boolean isUp = worker.status == Status.UP || worker.status == Status.UNWELL;
    boolean mayFinish = worker.canAnswer && worker.inHand() > 0 && !worker.isUnheard;
    return worker.canBeReached() || !isUp || worker.isToEnd || mayFinish
        ? Moment.NEVER
        : worker.unreachableNanos + PATIENCE_NANOS;
  }
}
