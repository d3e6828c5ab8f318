package pm.daemon.core.pool;

import java.util.Optional;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PastInvocation;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.pool.Worker.Status;
import pm.daemon.core.task.Task;

/** Follows the instances of pools: who is up, who is gone, and what was lost with them. */
final class Roster {
  private final Attempts attempts;

  Roster(Attempts attempts) {
    this.attempts = attempts;
  }

  /** A daemon before us gave this task to a worker, of which nothing is known yet. */
  void attach(Pool pool, Task task) {
    Worker worker = pool.worker(task.slot());
    if (worker.inHand() == 0) {
      begin(pool, worker, task.invocation());
      worker.isUnheard = true;
    }
    worker.take(task);
  }

  /** An instance is another than before. */
  void changed(
      Pool pool, Instance instance, boolean mayStart, boolean isBeginning, Moment now, Turn turn) {
    Worker worker = pool.worker(instance.name().number());
    Optional<Run> run = instance.run();
    if (worker.hasInvocation && !run.map(Run::invocation).equals(Optional.of(worker.invocation))) {
      gone(pool, worker, Loss.of(past(instance, worker.invocation), worker.isToEnd), now, turn);
    }
    if (run.isPresent() && !worker.hasInvocation) {
      begin(pool, worker, run.get().invocation());
      // What was ready before we looked for the first time may have got something already.
      worker.isUnheard =
          instance.phase() instanceof Phase.Up && (isBeginning || run.get().adopted());
      worker.upSinceNanos = now.nanos();
    }
    Status before = worker.status;
    worker.status = status(instance.phase());
    worker.state = instance.state();
    worker.mayStart = mayStart;
    worker.isAsked = false;
    worker.isShownBusy = instance.state() == InstanceState.BUSY;
    if (worker.status == Status.UP && before != Status.UP) {
      worker.idleSinceNanos = now.nanos();
    }
    if (run.isPresent() && run.get().spawnedNanos() != Moment.NEVER) {
      worker.upSinceNanos = run.get().spawnedNanos();
    }
    pool.review(worker);
    pool.isDirty = true;
  }

  /** Nothing was heard of an instance that a daemon before us had: what it has in hand is lost. */
  void unheard(Pool pool, Worker worker, Loss loss, Moment now, Turn turn) {
    gone(pool, worker, loss, now, turn);
  }

  private void gone(Pool pool, Worker worker, Loss loss, Moment now, Turn turn) {
    attempts.lost(pool, worker, loss, now, turn);
    pool.replacements.end(worker);
    worker.end();
    pool.review(worker);
    pool.isDirty = true;
  }

  private static void begin(Pool pool, Worker worker, InvocationId invocation) {
    worker.begin(invocation, pool.tasks.lastSequence(worker.slot(), invocation));
    pool.begins(worker);
  }

  private static Optional<PastInvocation> past(Instance instance, InvocationId invocation) {
    return instance.past().stream()
        .filter(past -> past.invocation().equals(invocation))
        .findFirst();
  }

  private static Status status(Phase phase) {
    return switch (phase) {
      case Phase.Dead dead ->
          switch (dead.reason()) {
            case WAITING, BACKOFF, SCHEDULED -> Status.COMING;
            case NEW, DISABLED, STOPPED, COMPLETED, FAILED, INVALID -> Status.DOWN;
          };
      case Phase.Starting starting -> Status.COMING;
      case Phase.Up up ->
          switch (up.state()) {
            case IDLE, BUSY -> Status.UP;
            case UNHEALTHY, STARTING, STOPPING, DEAD -> Status.UNWELL;
          };
      case Phase.Stopping stopping -> status(stopping.after());
    };
  }

  private static Status status(AfterStop after) {
    return switch (after) {
      case START, POLICY -> Status.COMING;
      case STAY, FORGET -> Status.LEAVING;
    };
  }
}
