package pm.daemon.core.pool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.task.RetryRule;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/**
 * What becomes of an attempt: how it begins, and whether its task has ended with it or is tried
 * again. In this order: a result is a success whatever was asked for before; who was to be given up
 * is; who was too slow is; a failure is tried again as often as the rules say.
 */
final class Attempts {

  private static final byte[] NO_RESULT = {};

  /** So long a task waits whose frame could not be sent; what hinders may last. */
  private static final long NOT_SENT_NANOS = 1_000_000_000L;

  private final Tasks tasks;
  private final Waits waits;
  private final Evidence evidence = new Evidence();
  private final Unreadable unreadable = new Unreadable();
  private final RandomGenerator random;

  Attempts(Tasks tasks, Waits waits, RandomGenerator random) {
    this.tasks = tasks;
    this.waits = waits;
    this.random = random;
  }

  /** Gives a task that waits to a worker that may have one more. */
  void begin(Pool pool, Worker worker, Task task, Moment now, long nowMillis, Turn turn) {
    long nanos = now.nanos();
    long timeout = task.timeoutNanos(pool.timeoutNanos());
    if (task.attempts() == 0) {
      pool.waits.count(nanos - task.sinceNanos());
    }
    pool.counts.attempts++;
    TaskEntry.Started started =
        new TaskEntry.Started(
            task.number(),
            task.attempts() + 1,
            worker.invocation,
            worker.slot(),
            ++worker.sequence,
            nanos,
            nowMillis,
            Durations.after(nanos, timeout));
    turn.keep(started);
    byte[] data = tasks.start(task, started);
    worker.take(task);
    pool.review(worker);
    turn.run(
        new TaskEffect.Send(
            worker.invocation,
            started.sequence(),
            task.number(),
            task.key(),
            started.attempt(),
            task.type(),
            data,
            nowMillis + timeout / 1_000_000));
  }

  /** Its worker has sent a result. */
  void succeeded(Pool pool, Task task, byte[] result, Moment now, Turn turn) {
    Worker worker = pool.holder(task);
    if (worker.isKilled && task.graceNanos() <= now.nanos()) {
      // It was killed because of this very task, which is over.
      pool.counts.stale++;
      return;
    }
    answered(pool, worker, task, now);
    pool.counts.succeeded++;
    if (pool.breaker.succeeded(task.number())) {
      Notes.tell(pool, "breaker", "closed: the attempt that was let through succeeded", now, turn);
    }
    end(pool, task, TaskState.SUCCEEDED, "", false, result, now, turn);
  }

  /** Its worker has sent an error. */
  void failed(Pool pool, Task task, String message, boolean mayRetry, Moment now, Turn turn) {
    Worker worker = pool.holder(task);
    answered(pool, worker, task, now);
    String error = "error: " + message;
    if (task.isCancelling()) {
      pool.breaker.voided(task.number());
      end(pool, task, TaskState.CANCELLED, task.error(), false, NO_RESULT, now, turn);
    } else if (isOverdue(task)) {
      blame(pool, task, limit(pool, task), now, turn);
      end(pool, task, TaskState.TIMED_OUT, limit(pool, task), false, NO_RESULT, now, turn);
    } else {
      blame(pool, task, error, now, turn);
      int failures = task.failures() + 1;
      if (RetryRule.triesAgain(task, pool.spec().task(), failures, mayRetry)) {
        pool.counts.retried++;
        long delay = RetryRule.drawnNanos(pool.spec().task().backoff(), failures, random);
        giveBack(pool, task, delay, true, false, error, now, turn);
      } else {
        end(pool, task, TaskState.FAILED, error, false, NO_RESULT, now, turn);
      }
    }
  }

  /**
   * The frame of an attempt could not be sent: nobody is to blame, unless its time is over, for
   * then its worker has not read it.
   */
  void notSent(Pool pool, Task task, String why, Moment now, Turn turn) {
    notSent(pool, task, why, NOT_SENT_NANOS, now, turn);
  }

  private void notSent(Pool pool, Task task, String why, long delayNanos, Moment now, Turn turn) {
    Worker worker = pool.holder(task);
    if (isKeptByDoubt(pool, worker, task, why, now)) {
      return;
    }
    release(pool, worker, task, now);
    if (isOverdue(task)) {
      blame(pool, task, limit(pool, task), now, turn);
      end(pool, task, TaskState.TIMED_OUT, limit(pool, task), false, NO_RESULT, now, turn);
      return;
    }
    pool.breaker.voided(task.number());
    if (task.isCancelling()) {
      end(pool, task, TaskState.CANCELLED, task.error(), false, NO_RESULT, now, turn);
    } else {
      giveBack(pool, task, delayNanos, false, false, "not sent: " + why, now, turn);
    }
  }

  /**
   * A worker that may have got a task from a daemon before keeps it until it is gone, which is
   * soon, since no attempt can be sent to it again; only then the task is another's.
   */
  private static boolean isKeptByDoubt(
      Pool pool, Worker worker, Task task, String why, Moment now) {
    boolean isKept = worker.mayHaveGotBefore(task) && !isOverdue(task) && !task.isCancelling();
    if (isKept) {
      Reach.lost(pool, worker, new TaskReport.Unreachable(worker.invocation, false, why), now);
    }
    return isKept;
  }

  /**
   * The data of an attempt could not be read. Its task has ended if they cannot be read for good;
   * if there was only too much to read, it is tried again soon.
   *
   * @return whether what waits to be sent behind it may go out
   */
  boolean noData(Pool pool, Task task, boolean isDamage, String why, Moment now, Turn turn) {
    if (isKeptByDoubt(pool, pool.holder(task), task, why, now)) {
      return false;
    }
    Optional<Long> delay = isDamage ? unreadable.failed(task) : Optional.of(NOT_SENT_NANOS);
    if (delay.isPresent() || task.isCancelling()) {
      notSent(pool, task, why, delay.orElse(NOT_SENT_NANOS), now, turn);
      return true;
    }
    release(pool, pool.holder(task), task, now);
    pool.breaker.voided(task.number());
    String error = why + ", tried " + Unreadable.MOST_READS + " times";
    end(pool, task, TaskState.FAILED, error, false, NO_RESULT, now, turn);
    return true;
  }

  /** A worker is gone, and what it had in hand with it. */
  void lost(Pool pool, Worker worker, Loss loss, Moment now, Turn turn) {
    List<Task> dead = new ArrayList<>();
    boolean isBlamed = false;
    while (worker.inHand() > 0) {
      Task task = eldest(worker);
      release(pool, worker, task, now);
      pool.counts.lost++;
      if (isOverdue(task)) {
        blame(pool, task, limit(pool, task), now, turn);
      } else if (loss.isDeath() && !isBlamed && !task.isCancelling()) {
        // One worker that died is one failure, however much it had in hand.
        isBlamed = true;
        blame(pool, task, loss.inWords(), now, turn);
      } else {
        pool.breaker.voided(task.number());
      }
      if (lost(pool, task, loss, now, turn)) {
        dead.add(task);
      }
    }
    if (!dead.isEmpty()) {
      long began = now.wallAt(worker.upSinceNanos).toEpochMilli();
      evidence.ask(worker, began, now.wall().toEpochMilli(), dead, turn);
    }
  }

  /** Returns whether the task is one of those that its worker may have died of. */
  private boolean lost(Pool pool, Task task, Loss loss, Moment now, Turn turn) {
    if (task.isCancelling()) {
      end(pool, task, TaskState.CANCELLED, task.error(), false, NO_RESULT, now, turn);
      return false;
    }
    if (isOverdue(task)) {
      end(pool, task, TaskState.TIMED_OUT, limit(pool, task), false, NO_RESULT, now, turn);
      return false;
    }
    if (!loss.isDeath()) {
      giveBack(pool, task, 0, false, false, loss.inWords(), now, turn);
      return false;
    }
    String died = task.deathInWords(loss.inWords());
    Notes.publish(pool, tasks.id(task), "task-lost", died, false, Actor.POOL, now, turn);
    if (task.deaths() + 1 >= pool.spec().task().poisonAfter()) {
      end(pool, task, TaskState.FAILED, died, true, NO_RESULT, now, turn);
    } else {
      giveBack(pool, task, 0, false, true, died, now, turn);
    }
    return true;
  }

  private static Task eldest(Worker worker) {
    Task eldest = worker.inHand(0);
    for (int i = 1; i < worker.inHand(); i++) {
      if (worker.inHand(i).sequence() < eldest.sequence()) {
        eldest = worker.inHand(i);
      }
    }
    return eldest;
  }

  /**
   * A worker was taken over, and it is known which frames it has surely got: what it may not have
   * got is sent to it again, as another attempt.
   */
  void sentThrough(Pool pool, Worker worker, long sequence, Moment now, Turn turn) {
    worker.isUnheard = false;
    worker.sequence = Math.max(worker.sequence, sequence);
    List<Task> unsent = new ArrayList<>();
    for (int i = 0; i < worker.inHand(); i++) {
      Task task = worker.inHand(i);
      if (task.isCancelling()) {
        giveUp(pool, worker, task, now, turn);
      } else if (task.sequence() > sequence && worker.status != Worker.Status.LEAVING) {
        unsent.add(task);
      }
    }
    if (!worker.canBeReached()) {
      // It may have got them all the same: they are another's once it is gone, which is soon.
      worker.canAnswer &= unsent.isEmpty();
      unsent.clear();
    }
    unsent.sort(Comparator.comparingLong(Task::sequence));
    worker.resentAfter = worker.sequence;
    for (Task task : unsent) {
      release(pool, worker, task, now);
      giveBack(pool, task, 0, false, false, "it may not have been sent", now, turn);
      begin(pool, worker, task, now, now.wall().toEpochMilli(), turn);
    }
    worker.resentThrough = worker.sequence;
    pool.review(worker);
  }

  /**
   * Tells a worker to give a task up; if it does not, it is killed when its time is over. One that
   * was taken over is told as soon as it is spoken with.
   */
  void giveUp(Pool pool, Worker worker, Task task, Moment now, Turn turn) {
    if (worker.isUnheard) {
      return;
    }
    task.allowUntil(Durations.after(now.nanos(), pool.graceNanos()));
    worker.dueAt(task.graceNanos());
    turn.run(new TaskEffect.Cancel(worker.invocation, tasks.id(task)));
    pool.isDirty = true;
  }

  /** A task that waits is given up. */
  void cancelWaiting(Pool pool, Task task, String error, Moment now, Turn turn) {
    end(pool, task, TaskState.CANCELLED, error, false, NO_RESULT, now, turn);
  }

  /** What a worker left that died, in the last lines of its log. */
  void evidence(InvocationId invocation, String lines, Turn turn) {
    evidence.heard(tasks, invocation, lines, turn);
  }

  /** Returns whether its time was over when its worker was told to give it up. */
  private static boolean isOverdue(Task task) {
    return !task.isCancelling() && task.graceNanos() != Moment.NEVER;
  }

  private static String limit(Pool pool, Task task) {
    return "exceeded its limit of " + Durations.told(task.timeoutNanos(pool.timeoutNanos()));
  }

  private void blame(Pool pool, Task task, String error, Moment now, Turn turn) {
    if (pool.breaker.failed(task.number(), pool.spec().breaker(), now.nanos())) {
      Notes.warn(
          pool,
          "breaker",
          "open: "
              + pool.breaker.failures()
              + " attempts in a row have failed, the last by "
              + error
              + "; tries one in "
              + Durations.told(pool.breaker.until() - now.nanos()),
          now,
          turn);
    }
  }

  /** A worker has answered. */
  private static void answered(Pool pool, Worker worker, Task task, Moment now) {
    pool.runs.count(now.nanos() - task.startedNanos());
    worker.done++;
    release(pool, worker, task, now);
  }

  /** A worker does not have a task in hand any more. */
  private static void release(Pool pool, Worker worker, Task task, Moment now) {
    worker.drop(task, now.nanos());
    pool.review(worker);
    pool.stall.moved(now.nanos());
    pool.isDirty = true;
  }

  private void giveBack(
      Pool pool,
      Task task,
      long delayNanos,
      boolean isFailure,
      boolean isDeath,
      String end,
      Moment now,
      Turn turn) {
    long millis = now.wall().toEpochMilli();
    TaskEntry.Returned returned =
        new TaskEntry.Returned(
            task.number(),
            millis,
            Durations.after(now.nanos(), delayNanos),
            millis + delayNanos / 1_000_000,
            isFailure,
            isDeath,
            end);
    turn.keep(returned);
    tasks.giveBack(task, returned);
    waits.returned(task, turn);
    pool.isDirty = true;
  }

  private void end(
      Pool pool,
      Task task,
      TaskState state,
      String error,
      boolean isDeath,
      byte[] result,
      Moment now,
      Turn turn) {
    TaskEntry.Ended ended =
        new TaskEntry.Ended(
            task.number(), state, now.nanos(), now.wall().toEpochMilli(), error, isDeath, result);
    turn.keep(ended);
    tasks.end(task, ended);
    unreadable.ended(task);
    pool.isDirty = true;
    if (state != TaskState.SUCCEEDED) {
      unsuccessful(pool, task, state, error, now, turn);
    }
    if (task.isAwaited()) {
      waits.ended(task, result, turn);
    }
  }

  private void unsuccessful(
      Pool pool, Task task, TaskState state, String error, Moment now, Turn turn) {
    // A dead letter is for a person to look at.
    boolean isGrave = state == TaskState.FAILED;
    String type =
        switch (state) {
          case FAILED -> {
            pool.counts.failed++;
            yield "task-failed";
          }
          case TIMED_OUT -> {
            pool.counts.timedOut++;
            yield "task-timed-out";
          }
          case CANCELLED -> {
            pool.counts.cancelled++;
            yield "task-cancelled";
          }
          case QUEUED, RUNNING, SUCCEEDED ->
              throw new IllegalStateException(task + " has not failed: " + state);
        };
    Notes.publish(pool, tasks.id(task), type, error, isGrave, Actor.POOL, now, turn);
  }
}
