package pm.daemon.core.pool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import pm.config.PoolSpec.WhenOpen;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.PoolView.Intake;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.task.Task;
import pm.daemon.core.task.Tasks;

/**
 * Who comes into the queue. A submit is refused as a whole if any of its tasks could never come in,
 * or if its pool takes in nothing now; else its tasks come in one after the other while there is
 * room, and the rest waits for room as long as it was allowed to.
 */
final class Admission {
  private static final byte[] NULL = {'n', 'u', 'l', 'l'};
  private static final int LONGEST_KEY = 128;

  /** Data of submits that wait for room, of all pools; whoever comes beyond that does not wait. */
  static final long MOST_WAITING_BYTES = 8L << 20;

  /** What each of their tasks costs beside its data. */
  private static final int WAITING_TASK_BYTES = 100;

  private final Tasks tasks;
  private final Waits waits;
  private final Dispatcher dispatcher;
  private final Function<String, List<String>> poolsThatAccept;

  /** What those take in memory that wait for room. */
  private long waitingBytes;

  /**
   * @param poolsThatAccept names the pools that accept a type
   */
  Admission(
      Tasks tasks,
      Waits waits,
      Dispatcher dispatcher,
      Function<String, List<String>> poolsThatAccept) {
    this.tasks = tasks;
    this.waits = waits;
    this.dispatcher = dispatcher;
    this.poolsThatAccept = poolsThatAccept;
  }

  /** Takes a submit to a pool that is defined. */
  void submit(Pool pool, TaskCommand.Submit command, Moment now, Turn turn) {
    Optional<Answer> refusal = never(pool, command).or(() -> notNow(pool, now));
    if (refusal.isPresent()) {
      Waits.reply(command.request(), refusal.get(), turn);
      return;
    }
    Submission submission =
        new Submission(command, Durations.after(now.nanos(), command.spaceNanos()));
    // Whoever came first and waits for room gets it first.
    if (pool.forRoom.isEmpty()) {
      admit(pool, submission, now, turn);
    }
    if (submission.isDone()) {
      done(submission, now, turn);
    } else if (command.spaceNanos() > 0 && waitingBytes + bytes(submission) <= MOST_WAITING_BYTES) {
      waitingBytes += bytes(submission);
      pool.forRoom.add(submission);
      pool.isDirty = true;
    } else {
      full(pool, submission, now, turn);
    }
  }

  private static long bytes(Submission submission) {
    long bytes = 0;
    for (NewTask task : submission.command.tasks()) {
      bytes += task.data().length + WAITING_TASK_BYTES;
    }
    return bytes;
  }

  /** Lets those in who wait for room, as far as there is some now; returns whether any came in. */
  boolean goOn(Pool pool, Moment now, Turn turn) {
    pool.isShortOfMemory = false;
    if (pool.forRoom.isEmpty()) {
      return false;
    }
    long before = pool.counts.submitted;
    Optional<Answer> refusal = notNow(pool, now);
    while (!pool.forRoom.isEmpty()) {
      Submission first = pool.forRoom.element();
      look(first);
      if (refusal.isEmpty()) {
        admit(pool, first, now, turn);
      }
      if (first.isDone()) {
        done(first, now, turn);
      } else if (refusal.isPresent()) {
        giveUp(pool, first, refusal.get(), now, turn);
      } else {
        break;
      }
      pool.forRoom.remove();
      waitingBytes -= bytes(first);
    }
    expire(pool, now, turn);
    pool.isShortOfMemory = !pool.forRoom.isEmpty() && !tasks.hasRoom();
    return pool.counts.submitted > before;
  }

  /** Whoever waits for room under this number has gone. */
  void forget(Pool pool, long request) {
    pool.forRoom.removeIf(
        submission -> {
          boolean isIt = submission.command.request() == request;
          if (isIt) {
            waitingBytes -= bytes(submission);
          }
          return isIt;
        });
  }

  private void expire(Pool pool, Moment now, Turn turn) {
    List<Submission> late = new ArrayList<>();
    for (Submission submission : pool.forRoom) {
      if (submission.roomUntilNanos <= now.nanos()) {
        late.add(submission);
      }
    }
    for (Submission submission : late) {
      look(submission);
      pool.forRoom.remove(submission);
      waitingBytes -= bytes(submission);
      full(pool, submission, now, turn);
    }
  }

  /** Returns when the first of those who wait for room waits no longer. */
  static long nextNanos(Pool pool) {
    long next = Moment.NEVER;
    for (Submission submission : pool.forRoom) {
      next = Math.min(next, submission.roomUntilNanos);
    }
    return next;
  }

  private void admit(Pool pool, Submission submission, Moment now, Turn turn) {
    List<NewTask> wanted = submission.command.tasks();
    while (!submission.isDone()) {
      NewTask content = wanted.get(submission.in);
      Task known = content.key().isEmpty() ? null : tasks.find(content.key());
      if (known != null) {
        submission.add(known.number(), outcome(known, false));
      } else if (pool.room() > 0 && tasks.hasRoom()) {
        Task task = queue(pool, content, submission.command.actor(), now, turn);
        boolean isSaidLater = submission.command.untilEnded() && content.key().isEmpty();
        submission.add(task.number(), isSaidLater ? Waits.NEW : outcome(task, true));
      } else {
        return;
      }
    }
  }

  /** Finds out how those are by now that came in before the others. */
  private void look(Submission submission) {
    for (int i = 0; i < submission.in; i++) {
      Task task = tasks.find(submission.numbers[i]);
      if (task != null) {
        submission.outcomes[i] = outcome(task, submission.outcomes[i].isNew());
      }
    }
  }

  private TaskOutcome outcome(Task task, boolean isNew) {
    return new TaskOutcome(tasks.id(task), task.state(), isNew, task.error(), false);
  }

  private Task queue(Pool pool, NewTask content, Actor actor, Moment now, Turn turn) {
    TaskEntry.Queued queued =
        new TaskEntry.Queued(
            tasks.nextNumber(),
            pool.name(),
            content.data().length == 0 ? withNull(content) : content,
            now.nanos(),
            now.wall().toEpochMilli(),
            Durations.after(now.nanos(), content.delayNanos()),
            actor.name());
    turn.keep(queued);
    pool.counts.submitted++;
    pool.isDirty = true;
    return tasks.queue(queued);
  }

  private static NewTask withNull(NewTask content) {
    return new NewTask(
        content.key(),
        content.type(),
        content.priority(),
        content.timeoutNanos(),
        content.retries(),
        content.delayNanos(),
        NULL);
  }

  private void done(Submission submission, Moment now, Turn turn) {
    TaskCommand.Submit command = submission.command;
    if (command.untilEnded()) {
      waits.await(
          command.request(),
          Waits.Kind.END,
          submission.numbers,
          submission.outcomes,
          command.waitNanos(),
          now,
          turn);
    } else {
      Waits.reply(command.request(), new Answer.Tasks(List.of(submission.outcomes)), turn);
    }
  }

  private void full(Pool pool, Submission submission, Moment now, Turn turn) {
    int asked = submission.numbers.length;
    pool.counts.refusedFull += asked - submission.in;
    if (pool.room() > 0 && !tasks.hasRoom()) {
      noMemory(pool, submission, turn);
      return;
    }
    if (!pool.isFullTold) {
      pool.isFullTold = true;
      Notes.tell(
          pool,
          "queue-full",
          "its queue has all " + pool.spec().queue().capacity() + " tasks it may have",
          now,
          turn);
    }
    Waits.reply(
        submission.command.request(),
        new Answer.QueueFull(pool.name(), pool.spec().queue().capacity(), in(submission), asked),
        turn);
  }

  /** Its queue would have room, but all pools together have as many tasks as there may be. */
  private void noMemory(Pool pool, Submission submission, Turn turn) {
    Answer answer =
        submission.in == 0
            ? new Answer.TryAgain(
                "all pools together have "
                    + tasks.size()
                    + " tasks, and there is memory for no more"
                    + (tasks.isStoreFull() ? " of their data" : ""))
            : new Answer.QueueFull(
                pool.name(),
                pool.tasks.waiting().size(),
                in(submission),
                submission.numbers.length);
    Waits.reply(submission.command.request(), answer, turn);
  }

  private void giveUp(Pool pool, Submission submission, Answer why, Moment now, Turn turn) {
    if (submission.in > 0) {
      full(pool, submission, now, turn);
    } else {
      Waits.reply(submission.command.request(), why, turn);
    }
  }

  private List<TaskOutcome> in(Submission submission) {
    for (int i = 0; i < submission.in; i++) {
      if (submission.outcomes[i] == Waits.NEW) {
        submission.outcomes[i] = waits.accepted(submission.numbers[i]);
      }
    }
    return List.of(Arrays.copyOf(submission.outcomes, submission.in));
  }

  /** Why a submit could never come in. */
  private Optional<Answer> never(Pool pool, TaskCommand.Submit command) {
    for (NewTask content : command.tasks()) {
      if (!pool.accepts(content.type())) {
        return Optional.of(new Answer.Refused(notAccepted(pool, content.type())));
      }
      String key = content.key();
      if (key.isEmpty()) {
        continue;
      }
      if (!isKey(key)) {
        return Optional.of(
            new Answer.Refused(
                "'"
                    + key
                    + "' cannot be the id of a task: use 1 to "
                    + LONGEST_KEY
                    + " letters, digits or any of _ . : -, beginning with a letter or a digit"));
      }
      if (tasks.isOurs(key)) {
        return Optional.of(
            new Answer.Refused(
                "'" + key + "' looks like an id that pmd gives itself: use another"));
      }
    }
    return Optional.empty();
  }

  private String notAccepted(Pool pool, String type) {
    List<String> others = poolsThatAccept.apply(type);
    return "pool "
        + pool.name()
        + " does not accept tasks of type '"
        + type
        + "'; "
        + (others.isEmpty() ? "no pool does" : "these do: " + String.join(", ", others));
  }

  private static boolean isKey(String key) {
    for (int i = 0; i < key.length(); i++) {
      char c = key.charAt(i);
      boolean isLetterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!isLetterOrDigit && (i == 0 || (c != '_' && c != '.' && c != ':' && c != '-'))) {
        return false;
      }
    }
    return key.length() <= LONGEST_KEY;
  }

  /** Why nothing comes in for now. */
  private Optional<Answer> notNow(Pool pool, Moment now) {
    String why = "";
    if (dispatcher.isEnding()) {
      why = "the daemon ends";
    } else if (!dispatcher.trouble().isEmpty()) {
      why = "tasks cannot be kept: " + dispatcher.trouble();
    } else if (!pool.isDefined()) {
      why = "there is no pool " + pool.name() + " any more";
    } else if (pool.intake == Intake.DRAINING) {
      why = "pool " + pool.name() + " is drained: it takes nothing in until it is resumed";
    } else if (pool.breaker.state() == Breaker.State.OPEN
        && pool.spec().breaker().whenOpen() == WhenOpen.REJECT) {
      why =
          "the breaker of pool "
              + pool.name()
              + " is open, it tries one task in "
              + Durations.told(pool.breaker.until() - now.nanos());
    }
    return why.isEmpty() ? Optional.empty() : Optional.of(new Answer.TryAgain(why));
  }

  /** Puts a task back that has ended without success; returns what to say of it. */
  TaskOutcome putBack(Pool pool, Task task, Actor actor, Moment now, Turn turn) {
    String id = tasks.id(task);
    return switch (task.state()) {
      case QUEUED, RUNNING ->
          new TaskOutcome(id, task.state(), false, "it is " + task.state() + " already", false);
      case SUCCEEDED -> new TaskOutcome(id, task.state(), false, "it has succeeded", true);
      case FAILED, TIMED_OUT, CANCELLED -> {
        Optional<Answer> refusal = notNow(pool, now);
        if (refusal.isPresent() && refusal.get() instanceof Answer.TryAgain again) {
          yield new TaskOutcome(id, task.state(), false, again.why(), true);
        }
        if (pool.room() == 0) {
          yield new TaskOutcome(
              id, task.state(), false, "the queue of pool " + pool.name() + " is full", true);
        }
        TaskEntry.PutBack back =
            new TaskEntry.PutBack(
                task.number(), now.nanos(), now.wall().toEpochMilli(), actor.name());
        turn.keep(back);
        tasks.putBack(task, back);
        pool.isDirty = true;
        yield new TaskOutcome(id, TaskState.QUEUED, false, "", false);
      }
    };
  }
}
