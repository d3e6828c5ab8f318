package pm.daemon.core.pool;

import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/**
 * Sees to it that no attempt lasts longer than it may. When its time is over its worker is told to
 * give it up; when it has not answered by the end of {@code stop.timeout}, the worker is killed.
 */
final class Limits {
  private final Tasks tasks;
  private final Attempts attempts;

  Limits(Tasks tasks, Attempts attempts) {
    this.tasks = tasks;
    this.attempts = attempts;
  }

  /** Acts on what is over by now. */
  void look(Pool pool, Moment now, Turn turn, Slots slots) {
    for (Worker worker : pool.workers()) {
      if (worker.earliest() <= now.nanos() && isLookedAt(worker)) {
        look(pool, worker, now, turn, slots);
      }
    }
  }

  /** Who was taken over and is not spoken with yet could not be told to give anything up. */
  private static boolean isLookedAt(Worker worker) {
    return !worker.isKilled && !worker.isUnheard;
  }

  private void look(Pool pool, Worker worker, Moment now, Turn turn, Slots slots) {
    for (int i = 0; i < worker.inHand(); i++) {
      Task task = worker.inHand(i);
      if (task.graceNanos() <= now.nanos()) {
        kill(pool, worker, task, slots);
        return;
      }
      if (task.deadlineNanos() <= now.nanos() && task.graceNanos() == Moment.NEVER) {
        attempts.giveUp(pool, worker, task, now, turn);
        if (task.graceNanos() <= now.nanos()) {
          kill(pool, worker, task, slots);
          return;
        }
      }
    }
    worker.recount();
  }

  private void kill(Pool pool, Worker worker, Task task, Slots slots) {
    worker.isKilled = true;
    worker.isToEnd = true;
    worker.isToReturn = true;
    worker.isAsked = true;
    pool.review(worker);
    String why =
        task.isCancelling()
            ? "task " + tasks.id(task) + " was cancelled and went on"
            : "task "
                + tasks.id(task)
                + " exceeded its limit of "
                + Durations.told(task.timeoutNanos(pool.timeoutNanos()));
    slots.kill(worker.name, worker.invocation, why);
  }

  /** Returns when to look again; {@link Moment#NEVER} while nothing is in hand. */
  static long nextNanos(Pool pool) {
    long next = Moment.NEVER;
    for (Worker worker : pool.workers()) {
      if (isLookedAt(worker)) {
        next = Math.min(next, worker.earliest());
      }
    }
    return next;
  }
}
