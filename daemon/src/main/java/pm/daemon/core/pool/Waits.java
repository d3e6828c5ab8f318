package pm.daemon.core.pool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/**
 * Those who wait until tasks have ended. Each is answered once: when the last of its tasks has
 * ended, when its time is over, or when the daemon ends and nothing more will.
 */
final class Waits {

  /** Results that are held for those who wait, all together; beyond that the store has them. */
  static final long MOST_HELD_BYTES = 1 << 20;

  private static final byte[] NO_RESULT = {};

  /**
   * What is to be said of a task without a key that is new and awaited: made when it is said, so
   * that nothing of it is held as long as the task waits.
   */
  static final TaskOutcome NEW = new TaskOutcome("", TaskState.QUEUED, true, "", false);

  /** What is asked about the tasks. */
  enum Kind {
    /** How they end. */
    END,
    /** Whether they could be cancelled. */
    CANCEL
  }

  /** One who waits. */
  static final class Wait {
    private final long request;
    private final Kind kind;
    private final long ordinal;
    private final long deadline;
    private final long[] numbers;
    private final TaskOutcome[] told;
    private final boolean[] isOpen;
    private int left;
    private long heldBytes;

    private Wait(
        long request, Kind kind, long[] numbers, TaskOutcome[] told, long ordinal, long deadline) {
      this.request = request;
      this.kind = kind;
      this.numbers = numbers;
      this.told = told;
      this.isOpen = new boolean[numbers.length];
      this.ordinal = ordinal;
      this.deadline = deadline;
    }
  }

  /** The place of a task in a wait for it. Those of one task are linked, the first one in it. */
  private static final class Spot implements Task.Waiter {
    private final Wait of;
    private final int index;
    private @Nullable Spot next;

    private Spot(Wait of, int index) {
      this.of = of;
      this.index = index;
    }

    private static @Nullable Spot first(Task task) {
      return (Spot) task.waiter();
    }

    /** Puts it behind the others of a task. */
    private void join(Task task) {
      Spot last = first(task);
      if (last == null) {
        task.await(this);
        return;
      }
      while (last.next != null) {
        last = last.next;
      }
      last.next = this;
    }

    /** Takes out all of a wait. */
    private static void leave(Task task, Wait wait) {
      Spot kept = null;
      for (Spot spot = first(task); spot != null; spot = spot.next) {
        if (spot.of != wait) {
          if (kept == null) {
            task.await(spot);
          } else {
            kept.next = spot;
          }
          kept = spot;
        }
      }
      if (kept == null) {
        task.await(null);
      } else {
        kept.next = null;
      }
    }
  }

  private final Tasks tasks;
  private final TreeSet<Wait> byDeadline =
      new TreeSet<>(
          Comparator.comparingLong((Wait wait) -> wait.deadline)
              .thenComparingLong(wait -> wait.ordinal));
  private long ordinals;
  private long heldBytes;
  private boolean isEnding;

  Waits(Tasks tasks) {
    this.tasks = tasks;
  }

  /**
   * Waits until tasks have ended, and answers then; at once if all have.
   *
   * @param numbers the tasks
   * @param told what is to be said of each unless its end says more; one that has nothing to wait
   *     for is said as it is
   */
  void await(
      long request,
      Kind kind,
      long[] numbers,
      TaskOutcome[] told,
      long waitNanos,
      Moment now,
      Turn turn) {
    if (request == Command.UNANSWERED) {
      return;
    }
    long deadline = Durations.after(now.nanos(), waitNanos);
    Wait wait = new Wait(request, kind, numbers, told, ++ordinals, deadline);
    for (int i = 0; i < numbers.length; i++) {
      Task task = tasks.find(numbers[i]);
      if (task == null || told[i].isRefused() || (kind == Kind.CANCEL && told[i].state().isEnd())) {
        continue;
      }
      if (task.state().isEnd()) {
        told[i] = ended(wait, i, task, NO_RESULT);
      } else {
        wait.left++;
        wait.isOpen[i] = true;
        new Spot(wait, i).join(task);
      }
    }
    byDeadline.add(wait);
    if (wait.left == 0 || now.nanos() >= wait.deadline || (isEnding && isHopeless(wait))) {
      answer(wait, turn);
    }
  }

  private TaskOutcome ended(Wait wait, int index, Task task, byte[] result) {
    String told = wait.told[index].id();
    String id = told.isEmpty() ? tasks.id(task) : told;
    return switch (wait.kind) {
      case END ->
          new TaskOutcome(id, task.state(), wait.told[index].isNew(), task.error(), false, result);
      case CANCEL ->
          task.state() == TaskState.CANCELLED
              ? new TaskOutcome(id, task.state(), false, "", false)
              : new TaskOutcome(
                  id,
                  task.state(),
                  false,
                  "it has ended as " + task.state() + " before it was given up",
                  true);
    };
  }

  /** A task that is awaited has ended. */
  void ended(Task task, byte[] result, Turn turn) {
    Spot first = Spot.first(task);
    task.await(null);
    for (Spot spot = first; spot != null; spot = spot.next) {
      Wait wait = spot.of;
      boolean isHeld =
          wait.kind == Kind.END && heldBytes + result.length <= MOST_HELD_BYTES && wait.left > 1;
      if (isHeld) {
        heldBytes += result.length;
        wait.heldBytes += result.length;
      }
      // The last result is passed on at once and needs no room.
      boolean isTold = wait.kind == Kind.END && (isHeld || wait.left == 1);
      wait.told[spot.index] = ended(wait, spot.index, task, isTold ? result : NO_RESULT);
      wait.isOpen[spot.index] = false;
      if (--wait.left == 0) {
        answer(wait, turn);
      }
    }
  }

  /** Whoever waits under this number has gone. */
  void forget(long request) {
    for (Wait wait : List.copyOf(byDeadline)) {
      if (wait.request == request) {
        leave(wait);
      }
    }
  }

  /** A task that is awaited could not be kept: whoever waits is told to try again. */
  void lost(Task task, String why, Turn turn) {
    List<Wait> waiting = new ArrayList<>();
    for (Spot spot = Spot.first(task); spot != null; spot = spot.next) {
      waiting.add(spot.of);
    }
    for (Wait wait : waiting) {
      leave(wait);
      reply(wait.request, new Answer.TryAgain(why), turn);
    }
  }

  /** Time has passed. */
  void expire(long nowNanos, Turn turn) {
    while (!byDeadline.isEmpty() && byDeadline.first().deadline <= nowNanos) {
      answer(byDeadline.first(), turn);
    }
  }

  /** Returns when the first of them waits no longer. */
  long nextDeadline() {
    return byDeadline.isEmpty() ? Moment.NEVER : byDeadline.first().deadline;
  }

  /** The daemon ends: whoever waits for what no worker has in hand is told how it stands. */
  void end(Turn turn) {
    isEnding = true;
    for (Wait wait : List.copyOf(byDeadline)) {
      if (isHopeless(wait)) {
        answer(wait, turn);
      }
    }
  }

  /** A task has gone back to the queue; while the daemon ends, that is for good. */
  void returned(Task task, Turn turn) {
    if (isEnding && task.isAwaited()) {
      end(turn);
    }
  }

  private boolean isHopeless(Wait wait) {
    for (int i = 0; i < wait.numbers.length; i++) {
      Task task = wait.isOpen[i] ? tasks.find(wait.numbers[i]) : null;
      if (task != null && task.state() == TaskState.RUNNING) {
        return false;
      }
    }
    return true;
  }

  private void answer(Wait wait, Turn turn) {
    for (int i = 0; i < wait.numbers.length; i++) {
      Task task = wait.isOpen[i] ? tasks.find(wait.numbers[i]) : null;
      if (task != null) {
        wait.told[i] = unfinished(wait, i, task);
      } else if (wait.told[i] == NEW) {
        wait.told[i] = accepted(wait.numbers[i]);
      }
    }
    leave(wait);
    reply(wait.request, new Answer.Tasks(List.of(wait.told)), turn);
  }

  /** Returns what {@link #NEW} stands for. */
  TaskOutcome accepted(long number) {
    return new TaskOutcome(tasks.id(number), TaskState.QUEUED, true, "", false);
  }

  private TaskOutcome unfinished(Wait wait, int index, Task task) {
    return switch (wait.kind) {
      case END ->
          new TaskOutcome(
              tasks.id(task), task.state(), wait.told[index].isNew(), task.error(), false);
      case CANCEL ->
          new TaskOutcome(tasks.id(task), task.state(), false, "the daemon ends before", true);
    };
  }

  /** Forgets one who waits. */
  private void leave(Wait wait) {
    byDeadline.remove(wait);
    heldBytes -= wait.heldBytes;
    wait.heldBytes = 0;
    for (int i = 0; i < wait.numbers.length; i++) {
      Task task = wait.isOpen[i] ? tasks.find(wait.numbers[i]) : null;
      if (task != null) {
        Spot.leave(task, wait);
      }
    }
  }

  /** Answers a request, once all that was kept up to now is safe. */
  static void reply(long request, Answer answer, Turn turn) {
    if (request != Command.UNANSWERED) {
      turn.run(new Effect.Reply(request, answer, 0, true));
    }
  }
}
