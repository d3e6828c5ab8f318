package pm.daemon;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.store.KeepException;
import pm.daemon.store.TaskStore;

/**
 * Keeps what was decided about tasks, then has it done, and answers when it is safe: all entries of
 * a turn are kept with one write, and all that waits for a flush shares it. Loop thread only.
 *
 * <p>What cannot be kept is not done, but holds up nothing else: a full disk stops tasks, not the
 * supervision of processes.
 */
final class TaskKeeper implements TaskStore.Listener {

  private static final Logger LOG = LoggerFactory.getLogger(TaskKeeper.class);
  private static final long RETRY_NANOS = 1_000_000_000L;

  /** What was written may have been given out, and is done even if it is never on the disk. */
  private static final String MAY_RUN =
      "; a task may be done all the same: give it an id (--id) to submit it again";

  /** Does what is decided about tasks. */
  interface Doer {
    /** Acts. */
    void act(TaskEffect effect);

    /** Answers. */
    void answer(Effect.Reply reply);
  }

  private final LongSupplier clock;
  private final LongFunction<Optional<TaskEntry.Whole>> whole;
  private final Consumer<TaskReport> reports;

  /** Empty until all parts are there. */
  private Optional<Connected> connected = Optional.empty();

  private final List<TaskEntry> entries = new ArrayList<>();
  private List<Effect> effects = new ArrayList<>();

  /** The list that is not in use; the two change places each turn. */
  private List<Effect> spare = new ArrayList<>();

  /** Answers that wait until what they acknowledge is safe, in the order of their positions. */
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

  /**
   * Tasks that are about to be forgotten because they could not be kept; empty once that is
   * decided.
   */
  private final Set<String> lost = new HashSet<>();

  /** Whether one of these came since the last flush was asked for. */
  private boolean isFlushDue;

  private boolean isTurnWanted;
  private long position;
  private long safe;
  private boolean blocked;

  /** Why they cannot be kept. */
  private String trouble = "";

  private boolean flushFails;

  /** Whether the store holds as much as it may. */
  private boolean isFull;

  private long retryAt = Long.MAX_VALUE;

  private record Connected(TaskStore store, Doer doer) {}

  private record Waiting(long position, Effect.Reply reply) {}

  /**
   * @param clock monotonic nanoseconds
   * @param whole gives all that is known of a task
   * @param reports takes what the supervisor must know
   */
  TaskKeeper(
      LongSupplier clock,
      LongFunction<Optional<TaskEntry.Whole>> whole,
      Consumer<TaskReport> reports) {
    this.clock = clock;
    this.whole = whole;
    this.reports = reports;
  }

  /** Says where tasks are kept and who does what is to be done. Before the first event. */
  void connect(TaskStore store, Doer doer) {
    connected = Optional.of(new Connected(store, doer));
  }

  private TaskStore store() {
    return connected.orElseThrow().store();
  }

  private Doer doer() {
    return connected.orElseThrow().doer();
  }

  /** Takes what was decided in a turn. */
  void add(TaskEntry entry) {
    entries.add(entry);
  }

  /** Takes what is to be done once the entries of the turn are kept. */
  void add(Effect effect) {
    if (blocked && effect instanceof Effect.Reply reply && !acknowledges(reply.answer())) {
      // Nothing of it waits for the disk, and neither shall who asked.
      doer().answer(reply);
    } else if (blocked && effect instanceof Effect.Reply reply && isDoing(reply)) {
      tryAgain(reply, trouble);
    } else {
      effects.add(effect);
    }
  }

  /**
   * Returns whether an answer says that somebody's wish about tasks that were there is done. If it
   * cannot be kept now it will be later, and to wish it again changes nothing.
   */
  private static boolean isDoing(Effect.Reply reply) {
    List<TaskOutcome> outcomes = outcomes(reply);
    for (int i = 0; i < outcomes.size(); i++) {
      TaskOutcome outcome = outcomes.get(i);
      boolean isDone =
          switch (outcome.state()) {
            case CANCELLED, QUEUED, RUNNING -> !outcome.isNew() && !outcome.isRefused();
            case SUCCEEDED, FAILED, TIMED_OUT -> false;
          };
      if (isDone) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether an answer says that something is so which has to be kept first. */
  private static boolean acknowledges(Answer answer) {
    return switch (answer) {
      case Answer.Tasks tasks -> isAnyDone(tasks.outcomes());
      case Answer.QueueFull full -> !full.accepted().isEmpty();
      case Answer.Outcomes _, Answer.Applied _ -> true;
      case Answer.TryAgain _, Answer.NoMatch _, Answer.Refused _ -> false;
    };
  }

  /** Returns whether an effect has to wait for what is kept of tasks. */
  static boolean isOurs(Effect effect) {
    return effect instanceof TaskEffect.Send
        || effect instanceof TaskEffect
        || (effect instanceof Effect.Reply reply && reply.afterTasks());
  }

  private static boolean isAnyDone(List<TaskOutcome> outcomes) {
    for (int i = 0; i < outcomes.size(); i++) {
      if (!outcomes.get(i).isRefused()) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether something waits that can be tried now. */
  boolean hasWork() {
    return (isTurnWanted || !entries.isEmpty() || !effects.isEmpty())
        && !(blocked && clock.getAsLong() < retryAt);
  }

  /** Returns whether entries cannot be kept for now. */
  boolean isBlocked() {
    return blocked;
  }

  /** Returns when it is tried again; {@link Long#MAX_VALUE} if it works. */
  long nextDeadlineNanos() {
    return blocked ? retryAt : Long.MAX_VALUE;
  }

  /** Returns whether nothing is on its way to the disk that somebody waits for. */
  boolean isIdle() {
    return waiting.isEmpty() && !blocked;
  }

  /** Keeps the entries and does what follows from them. */
  void keep() {
    boolean isAny = !entries.isEmpty();
    if ((isTurnWanted || !entries.isEmpty()) && !written()) {
      return;
    }
    List<Effect> now = effects;
    effects = spare;
    for (int i = 0; i < now.size(); i++) {
      Effect effect = now.get(i);
      // Nearly all are these, and whether something is of one class is known at once.
      if (effect instanceof TaskEffect.Send send) {
        doer().act(send);
      } else if (effect instanceof TaskEffect task) {
        doer().act(task);
      } else if (effect instanceof Effect.Reply reply) {
        answer(reply);
      } else {
        throw new IllegalStateException("not about tasks: " + effect);
      }
    }
    now.clear();
    spare = now;
    lost.clear();
    if (isFlushDue) {
      isFlushDue = false;
      store().flush(position);
    }
    if (isAny) {
      lookForRoom();
    }
  }

  /** What the store holds too much of is forgotten, some in each turn. */
  private void lookForRoom() {
    String fullness = store().fullness();
    boolean isNow = !fullness.isEmpty();
    if (isNow || isFull) {
      isFull = isNow;
      reports.accept(new TaskReport.StoreFull(isNow, fullness));
    }
  }

  private boolean written() {
    try {
      position = store().keep(entries, whole);
    } catch (KeepException failed) {
      if (!blocked) {
        blocked = true;
        trouble = String.valueOf(failed.getMessage());
        LOG.error("{}; no task is taken in or given out until it can be kept", failed.getMessage());
        refuseUnkept(trouble);
      }
      retryAt = clock.getAsLong() + RETRY_NANOS;
      return false;
    }
    entries.clear();
    isTurnWanted = false;
    if (blocked) {
      blocked = false;
      retryAt = Long.MAX_VALUE;
      LOG.info("tasks can be kept again");
      if (!flushFails) {
        reports.accept(new TaskReport.StoreWorks());
      }
    }
    return true;
  }

  /** Whoever has just submitted something is told so, and does not wait for room on the disk. */
  private void refuseUnkept(String why) {
    List<String> refused = new ArrayList<>();
    List<Effect> later = new ArrayList<>();
    for (Effect effect : effects) {
      if (!(effect instanceof Effect.Reply reply)) {
        later.add(effect);
      } else if (!acknowledges(reply.answer())) {
        doer().answer(reply);
      } else if (!loses(reply, refused, why)) {
        later.add(reply);
      }
    }
    effects.clear();
    effects.addAll(later);
    reports.accept(new TaskReport.StoreFailed(why, refused));
  }

  /**
   * Answers a reply that acknowledges tasks for the first time, or such as are lost, or a wish
   * about others: it could not be kept.
   *
   * @param ids takes the tasks that are lost with it
   * @return whether it was one
   */
  private boolean loses(Effect.Reply reply, List<String> ids, String why) {
    List<String> submitted = submitted(reply);
    if (submitted.isEmpty() && !isLost(reply) && !isDoing(reply)) {
      return false;
    }
    ids.addAll(submitted);
    lost.addAll(submitted);
    tryAgain(reply, submitted.isEmpty() || blocked ? why : why + MAY_RUN);
    return true;
  }

  private void tryAgain(Effect.Reply reply, String why) {
    doer().answer(new Effect.Reply(reply.request(), new Answer.TryAgain(why), 0));
  }

  /** Returns whether an answer says of a task which is lost that it is there. */
  private boolean isLost(Effect.Reply reply) {
    return !lost.isEmpty()
        && outcomes(reply).stream()
            .anyMatch(outcome -> !outcome.state().isEnd() && lost.contains(outcome.id()));
  }

  private void answer(Effect.Reply reply) {
    if (isLost(reply)) {
      // It was decided before that was known.
      tryAgain(reply, "a task could not be kept");
    } else if (position <= safe || !acknowledges(reply.answer())) {
      doer().answer(reply);
    } else {
      waiting.add(new Waiting(position, reply));
      isFlushDue = true;
    }
  }

  @Override
  public void flushed(long flushedPosition) {
    safe = Math.max(safe, flushedPosition);
    for (Waiting first = waiting.peek();
        first != null && first.position() <= safe;
        first = waiting.peek()) {
      waiting.remove();
      doer().answer(first.reply());
    }
  }

  @Override
  public void failed(long failedPosition, String why) {
    flushFails = true;
    LOG.error("{}; no task is acknowledged until it can be kept safely", why);
    List<String> refused = new ArrayList<>();
    ArrayDeque<Waiting> later = new ArrayDeque<>();
    for (Waiting each : waiting) {
      boolean isBehind = each.position() > failedPosition && !isLost(each.reply());
      if (isBehind || !loses(each.reply(), refused, why)) {
        later.add(each);
      }
    }
    waiting.clear();
    waiting.addAll(later);
    reports.accept(new TaskReport.StoreFailed(why, refused));
  }

  private static List<TaskOutcome> outcomes(Effect.Reply reply) {
    return switch (reply.answer()) {
      case Answer.Tasks tasks -> tasks.outcomes();
      case Answer.QueueFull full -> full.accepted();
      case Answer.Outcomes _,
          Answer.Applied _,
          Answer.TryAgain _,
          Answer.NoMatch _,
          Answer.Refused _ ->
          List.of();
    };
  }

  /** Returns the tasks that an answer would acknowledge for the first time. */
  private static List<String> submitted(Effect.Reply reply) {
    List<String> ids = new ArrayList<>();
    for (TaskOutcome outcome : outcomes(reply)) {
      if (outcome.isNew() && !outcome.state().isEnd()) {
        ids.add(outcome.id());
      }
    }
    return ids;
  }

  @Override
  public void wantsTurn() {
    isTurnWanted = true;
  }

  @Override
  public void works() {
    flushFails = false;
    LOG.info("tasks can be kept safely again");
    if (!blocked) {
      reports.accept(new TaskReport.StoreWorks());
    }
    if (!waiting.isEmpty()) {
      store().flush(position);
    }
  }
}
