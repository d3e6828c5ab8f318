package pm.daemon.core.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/** What operators ask of tasks that are there. */
final class Operators {
  private final Tasks tasks;
  private final Waits waits;
  private final Attempts attempts;
  private final Admission admission;
  private final Dispatcher dispatcher;
  private final Function<Task, Pool> poolOf;

  Operators(
      Tasks tasks,
      Waits waits,
      Attempts attempts,
      Admission admission,
      Dispatcher dispatcher,
      Function<Task, Pool> poolOf) {
    this.tasks = tasks;
    this.waits = waits;
    this.attempts = attempts;
    this.admission = admission;
    this.dispatcher = dispatcher;
    this.poolOf = poolOf;
  }

  void await(TaskCommand.Await command, Moment now, Turn turn) {
    Optional<List<Task>> named = named(command.request(), command.ids(), turn);
    if (named.isEmpty()) {
      return;
    }
    List<TaskOutcome> told = new ArrayList<>();
    for (Task task : named.get()) {
      told.add(new TaskOutcome(tasks.id(task), task.state(), false, task.error(), false));
    }
    await(command.request(), Waits.Kind.END, named.get(), told, command.waitNanos(), now, turn);
  }

  /** Returns whether nothing can be decided now since it could not be kept; that is the answer. */
  private boolean isInTrouble(long request, Turn turn) {
    String trouble = dispatcher.trouble();
    if (trouble.isEmpty()) {
      return false;
    }
    Waits.reply(request, new Answer.TryAgain("tasks cannot be kept: " + trouble), turn);
    return true;
  }

  void cancel(TaskCommand.Cancel command, Moment now, Turn turn) {
    if (isInTrouble(command.request(), turn)) {
      return;
    }
    Optional<List<Task>> named = named(command.request(), command.ids(), turn);
    if (named.isEmpty()) {
      return;
    }
    List<TaskOutcome> told = new ArrayList<>();
    for (Task task : named.get()) {
      told.add(cancel(task, command.actor(), now, turn));
    }
    await(command.request(), Waits.Kind.CANCEL, named.get(), told, Moment.NEVER, now, turn);
  }

  private void await(
      long request,
      Waits.Kind kind,
      List<Task> awaited,
      List<TaskOutcome> told,
      long waitNanos,
      Moment now,
      Turn turn) {
    long[] numbers = awaited.stream().mapToLong(Task::number).toArray();
    waits.await(request, kind, numbers, told.toArray(TaskOutcome[]::new), waitNanos, now, turn);
  }

  private TaskOutcome cancel(Task task, Actor actor, Moment now, Turn turn) {
    Pool pool = poolOf.apply(task);
    String id = tasks.id(task);
    return switch (task.state()) {
      case QUEUED -> {
        attempts.cancelWaiting(pool, task, "cancelled by " + actor.name(), now, turn);
        yield new TaskOutcome(id, TaskState.CANCELLED, false, "", false);
      }
      case RUNNING -> {
        if (!task.isCancelling()) {
          TaskEntry.Cancelling cancelling = new TaskEntry.Cancelling(task.number(), actor.name());
          turn.keep(cancelling);
          tasks.cancel(task, cancelling);
          attempts.giveUp(pool, pool.holder(task), task, now, turn);
        }
        yield new TaskOutcome(id, task.state(), false, "", false);
      }
      case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED ->
          new TaskOutcome(
              id, task.state(), false, "it has ended as " + task.state() + " already", false);
    };
  }

  void retry(TaskCommand.Retry command, Moment now, Turn turn) {
    if (isInTrouble(command.request(), turn)) {
      return;
    }
    Optional<List<Task>> named = named(command.request(), command.ids(), turn);
    if (named.isEmpty()) {
      return;
    }
    List<TaskOutcome> outcomes = new ArrayList<>();
    for (Task task : named.get()) {
      outcomes.add(admission.putBack(poolOf.apply(task), task, command.actor(), now, turn));
    }
    Waits.reply(command.request(), new Answer.Tasks(outcomes), turn);
  }

  /** Finds tasks; where one is not known, that is the answer. */
  private Optional<List<Task>> named(long request, List<String> ids, Turn turn) {
    List<Task> named = new ArrayList<>(ids.size());
    for (String id : ids) {
      @Nullable Task task = tasks.find(id);
      if (task == null) {
        Waits.reply(request, new Answer.NoMatch(id), turn);
        return Optional.empty();
      }
      named.add(task);
    }
    return Optional.of(named);
  }
}
