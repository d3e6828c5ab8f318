package pm.daemon.core.task;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * One task, as long as it is known. What is kept of it changes only as entries say, which {@link
 * Tasks} sees to; the rest, such as its grace, is of this daemon and set by whoever decides about
 * it.
 *
 * <p>There may be very many, so it is one flat object, and the object of a forgotten task becomes
 * that of a later one: nobody may hold on to it.
 */
public final class Task {

  /** The most attempts that are over and remembered; the youngest. */
  static final int MOST_PAST = 10;

  /** What the end of an attempt begins with whose worker died of it. */
  private static final String DIED = "worker died: ";

  private static final String SO_DID = "; so did before: ";

  static final byte[] NO_DATA = {};

  /** About what an object costs with its places in tables, and what a key costs beside its text. */
  private static final int BYTES = 320;

  private static final int KEY_BYTES = 120;

  /** About what an attempt costs that is over, beside its texts. */
  private static final int ATTEMPT_BYTES = 200;

  /** What is left of texts where there is too much of them: so many attempts and characters. */
  private static final int SHORT_PAST = 2;

  private static final int SHORT_TEXT = 160;

  private static final InvocationId NOBODY = new InvocationId("0".repeat(32));

  private long number;
  private PoolTasks pool = PoolTasks.NONE;
  private String key = "";
  private String type = NewTask.DEFAULT_TYPE;
  private Priority priority = Priority.NORMAL;
  private long timeoutNanos;
  private int retries;
  private String by = "";

  private TaskState state = TaskState.QUEUED;
  private long enqueuedNanos;
  private long enqueuedMillis;
  private long sinceNanos;
  private long notBeforeNanos;
  private int attempts;
  private int failures;
  private int deaths;
  private InvocationId invocation = NOBODY;
  private int slot;
  private long sequence;
  private long startedNanos;
  private long startedMillis;
  private long deadlineNanos;
  private boolean isCancelling;
  private long endedNanos;
  private long endedMillis;
  private String error = "";
  private List<TaskView.Attempt> past = List.of();
  private int resultBytes;
  private int dataBytes;

  private long graceNanos = Moment.NEVER;
  private int handIndex;
  private boolean isAwaited;
  private Progress progress = Progress.NONE;

  byte[] data = NO_DATA;

  /** What {@link #textBytes} was when it was counted last. */
  int countedBytes;

  boolean isReady;
  Place place = Place.NONE;
  @Nullable Task previous;
  @Nullable Task next;
  int heapIndex;

  Task() {}

  // What entries say.

  void queued(TaskEntry.Queued entry, PoolTasks of) {
    pool = of;
    content(entry.task(), entry.content(), entry.by());
    enqueuedNanos = entry.enqueuedNanos();
    enqueuedMillis = entry.enqueuedMillis();
    notBeforeNanos = entry.notBeforeNanos();
    sinceNanos = entry.notBeforeNanos();
    dataBytes = entry.content().data().length;
  }

  private void content(long named, NewTask content, String submitter) {
    number = named;
    key = content.key();
    type = pool.canonicalType(content.type());
    by = pool.canonicalSubmitter(submitter);
    priority = content.priority();
    timeoutNanos = content.timeoutNanos();
    retries = content.retries();
  }

  void started(TaskEntry.Started entry) {
    state = TaskState.RUNNING;
    attempts = entry.attempt();
    invocation = entry.invocation();
    slot = entry.slot();
    sequence = entry.sequence();
    startedNanos = entry.startedNanos();
    startedMillis = entry.startedMillis();
    deadlineNanos = entry.deadlineNanos();
    graceNanos = Moment.NEVER;
    progress = Progress.NONE;
  }

  void cancelling(TaskEntry.Cancelling entry) {
    isCancelling = true;
    error = "cancelled by " + entry.by();
  }

  void returned(TaskEntry.Returned entry) {
    remember(entry.endedMillis(), entry.end());
    state = TaskState.QUEUED;
    notBeforeNanos = entry.notBeforeNanos();
    failures += entry.isFailure() ? 1 : 0;
    deaths += entry.isDeath() ? 1 : 0;
    if (entry.isFailure() || entry.isDeath()) {
      error = entry.end();
    }
    graceNanos = Moment.NEVER;
    progress = Progress.NONE;
  }

  void ended(TaskEntry.Ended entry) {
    if (entry.isDeath()) {
      deaths++;
      remember(entry.endedMillis(), entry.error());
    }
    state = entry.state();
    endedNanos = entry.endedNanos();
    endedMillis = entry.endedMillis();
    error = entry.error();
    resultBytes = entry.result().length;
    graceNanos = Moment.NEVER;
  }

  void noted(TaskEntry.Noted entry) {
    List<TaskView.Attempt> longer = new ArrayList<>(past);
    longer.replaceAll(
        attempt ->
            attempt.number() == entry.attempt()
                ? new TaskView.Attempt(
                    attempt.number(),
                    attempt.instance(),
                    attempt.startedAt(),
                    attempt.endedAt(),
                    attempt.end(),
                    entry.evidence())
                : attempt);
    past = List.copyOf(longer);
  }

  void putBack(TaskEntry.PutBack entry) {
    state = TaskState.QUEUED;
    enqueuedNanos = entry.enqueuedNanos();
    enqueuedMillis = entry.enqueuedMillis();
    sinceNanos = enqueuedNanos;
    notBeforeNanos = enqueuedNanos;
    failures = 0;
    deaths = 0;
    isCancelling = false;
    error = "";
    progress = Progress.NONE;
  }

  void whole(TaskEntry.Whole entry, PoolTasks of) {
    pool = of;
    content(entry.task(), entry.content(), entry.by());
    state = entry.state();
    enqueuedNanos = entry.enqueuedNanos();
    enqueuedMillis = entry.enqueuedMillis();
    sinceNanos = enqueuedNanos + entry.content().delayNanos();
    notBeforeNanos = entry.notBeforeNanos();
    attempts = entry.attempts();
    failures = entry.failures();
    deaths = entry.deaths();
    invocation = entry.invocation();
    slot = entry.slot();
    sequence = entry.sequence();
    startedNanos = entry.startedNanos();
    startedMillis = entry.startedMillis();
    deadlineNanos = entry.deadlineNanos();
    isCancelling = entry.isCancelling();
    endedNanos = entry.endedNanos();
    endedMillis = entry.endedMillis();
    error = entry.error();
    past = entry.past();
    dataBytes = entry.content().data().length;
  }

  private void remember(long untilMillis, String end) {
    List<TaskView.Attempt> longer = new ArrayList<>(past);
    if (longer.size() == MOST_PAST) {
      longer.removeFirst();
    }
    longer.add(
        new TaskView.Attempt(
            attempts,
            pool.name() + "@" + slot,
            Instant.ofEpochMilli(startedMillis),
            Instant.ofEpochMilli(untilMillis),
            end,
            ""));
    past = List.copyOf(longer);
  }

  /** Returns about how many bytes it takes in memory, without its data and texts. */
  int bytes() {
    return BYTES + (key.isEmpty() ? 0 : KEY_BYTES + key.length());
  }

  /** Returns about how many bytes what is told of its attempts takes in memory. */
  int textBytes() {
    int bytes = error.length();
    for (int i = 0; i < past.size(); i++) {
      TaskView.Attempt attempt = past.get(i);
      bytes += ATTEMPT_BYTES + attempt.end().length() + attempt.evidence().length();
    }
    return bytes;
  }

  /** Remembers less of what is told of its attempts. */
  void shorten() {
    error = shortened(error);
    past =
        past.subList(Math.max(0, past.size() - SHORT_PAST), past.size()).stream()
            .map(
                attempt ->
                    new TaskView.Attempt(
                        attempt.number(),
                        attempt.instance(),
                        attempt.startedAt(),
                        attempt.endedAt(),
                        shortened(attempt.end()),
                        shortened(attempt.evidence())))
            .toList();
  }

  private static String shortened(String text) {
    if (text.length() <= SHORT_TEXT) {
      return text;
    }
    int end = SHORT_TEXT - (Character.isHighSurrogate(text.charAt(SHORT_TEXT - 2)) ? 2 : 1);
    return text.substring(0, end) + "…";
  }

  /** Returns to what a new object is. */
  void reset() {
    countedBytes = 0;
    pool = PoolTasks.NONE;
    key = "";
    type = NewTask.DEFAULT_TYPE;
    by = "";
    state = TaskState.QUEUED;
    attempts = 0;
    failures = 0;
    deaths = 0;
    invocation = NOBODY;
    slot = 0;
    sequence = 0;
    startedNanos = 0;
    startedMillis = 0;
    deadlineNanos = 0;
    isCancelling = false;
    endedNanos = 0;
    endedMillis = 0;
    error = "";
    past = List.of();
    resultBytes = 0;
    dataBytes = 0;
    graceNanos = Moment.NEVER;
    isAwaited = false;
    progress = Progress.NONE;
    data = NO_DATA;
  }

  // What is of this daemon only.

  /** From now on it ends well or not at all: at {@code nanos} its worker is killed. */
  public void allowUntil(long nanos) {
    graceNanos = Math.min(graceNanos, nanos);
  }

  /** Returns when its worker is killed; {@link Moment#NEVER} if it was not told to stop. */
  public long graceNanos() {
    return graceNanos;
  }

  /** Its place in the hand of its worker. */
  public void inHandAt(int index) {
    handIndex = index;
  }

  public int handIndex() {
    return handIndex;
  }

  /** Somebody waits for its end, or nobody does any more. */
  public void await(boolean awaited) {
    isAwaited = awaited;
  }

  public boolean isAwaited() {
    return isAwaited;
  }

  /** Its worker says how far it is. */
  public void progress(Progress told) {
    progress = told;
  }

  public Progress progress() {
    return progress;
  }

  // What is known of it.

  public long number() {
    return number;
  }

  public PoolTasks pool() {
    return pool;
  }

  /** Returns what made its submit idempotent; empty for none. */
  public String key() {
    return key;
  }

  public String type() {
    return type;
  }

  public Priority priority() {
    return priority;
  }

  public TaskState state() {
    return state;
  }

  /** Returns how long an attempt may last; {@code pools} where it has no rule of its own. */
  public long timeoutNanos(long pools) {
    return timeoutNanos == NewTask.POOLS ? pools : timeoutNanos;
  }

  /** Returns how often it is tried again; {@code pools} where it has no rule of its own. */
  public int retries(int pools) {
    return retries == NewTask.POOLS ? pools : retries;
  }

  /** Returns since when it has waited, which is its place among those of its level. */
  public long sinceNanos() {
    return sinceNanos;
  }

  public long notBeforeNanos() {
    return notBeforeNanos;
  }

  public int attempts() {
    return attempts;
  }

  public int failures() {
    return failures;
  }

  public int deaths() {
    return deaths;
  }

  /** Returns who got it last; an id of nobody before that. */
  public InvocationId invocation() {
    return invocation;
  }

  public int slot() {
    return slot;
  }

  public long sequence() {
    return sequence;
  }

  public long startedNanos() {
    return startedNanos;
  }

  public long deadlineNanos() {
    return deadlineNanos;
  }

  public boolean isCancelling() {
    return isCancelling;
  }

  public long endedNanos() {
    return endedNanos;
  }

  public String error() {
    return error;
  }

  /** Returns whether this invocation has this attempt of it in hand. */
  public boolean isHeldBy(InvocationId by, int attempt) {
    return state == TaskState.RUNNING
        && attempts == attempt
        && (invocation == by || invocation.equals(by));
  }

  /** Returns the end of an attempt in words whose worker died of it, as those before it did. */
  public String deathInWords(String cause) {
    List<String> before = new ArrayList<>();
    for (TaskView.Attempt attempt : past) {
      if (attempt.end().startsWith(DIED)) {
        int length = attempt.end().indexOf(SO_DID);
        before.add(
            attempt.end().substring(DIED.length(), length < 0 ? attempt.end().length() : length));
      }
    }
    List<String> counted = before.subList(Math.max(0, before.size() - deaths), before.size());
    return DIED + cause + (counted.isEmpty() ? "" : SO_DID + String.join(", ", counted));
  }

  TaskEntry.Whole whole(Moment now) {
    return new TaskEntry.Whole(
        number,
        pool.name(),
        new NewTask(
            key, type, priority, timeoutNanos, retries, sinceNanos - enqueuedNanos, NO_DATA),
        state,
        enqueuedNanos,
        enqueuedMillis,
        notBeforeNanos,
        millisAt(notBeforeNanos, now),
        attempts,
        failures,
        deaths,
        invocation,
        slot,
        sequence,
        startedNanos,
        startedMillis,
        deadlineNanos,
        isCancelling,
        endedNanos,
        endedMillis,
        error,
        by,
        past);
  }

  private static long millisAt(long nanos, Moment now) {
    return now.wallAt(nanos).toEpochMilli();
  }

  /**
   * Returns what is shown of it.
   *
   * @param id its id
   * @param poolsRetries the pool's rule for who has none of his own
   */
  public TaskView view(String id, int poolsRetries, Moment now) {
    boolean isRunning = state == TaskState.RUNNING;
    return new TaskView(
        number,
        id,
        pool.name(),
        type,
        state,
        priority,
        attempts,
        failures,
        retries(poolsRetries),
        Instant.ofEpochMilli(enqueuedMillis),
        state == TaskState.QUEUED && notBeforeNanos > now.nanos()
            ? Optional.of(now.wallAt(notBeforeNanos))
            : Optional.empty(),
        attempts > 0 ? Optional.of(Instant.ofEpochMilli(startedMillis)) : Optional.empty(),
        isRunning ? Optional.of(now.wallAt(deadlineNanos)) : Optional.empty(),
        state.isEnd() ? Optional.of(Instant.ofEpochMilli(endedMillis)) : Optional.empty(),
        isRunning ? pool.name() + "@" + slot : "",
        error,
        past,
        progress.value(),
        progress.message(),
        dataBytes,
        resultBytes,
        by);
  }

  @Override
  public String toString() {
    return "task " + number;
  }
}
