package pm.daemon.core.task;

import java.time.Instant;
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
 * <p>There may be very many, so it is flat, and the object of a forgotten task becomes that of a
 * later one: nobody may hold on to it.
 */
public final class Task {
  static final byte[] NO_DATA = {};

  /** About what an object costs with its places in tables, and what a key costs beside its text. */
  private static final int BYTES = 320;

  private static final int KEY_BYTES = 120;

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
  private Course course = Course.NONE;
  private @Nullable Waiter waiter;

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

  /** Returns its course, to be changed. */
  private Course own() {
    if (course == Course.NONE) {
      course = new Course();
    }
    return course;
  }

  void started(TaskEntry.Started entry) {
    state = TaskState.RUNNING;
    own().started(entry);
  }

  void cancelling(TaskEntry.Cancelling entry) {
    own().cancelling(entry);
  }

  void returned(TaskEntry.Returned entry) {
    state = TaskState.QUEUED;
    notBeforeNanos = entry.notBeforeNanos();
    own().returned(entry, pool.name());
  }

  void ended(TaskEntry.Ended entry) {
    state = entry.state();
    own().ended(entry, pool.name());
  }

  void noted(TaskEntry.Noted entry) {
    own().noted(entry);
  }

  void putBack(TaskEntry.PutBack entry) {
    state = TaskState.QUEUED;
    enqueuedNanos = entry.enqueuedNanos();
    enqueuedMillis = entry.enqueuedMillis();
    sinceNanos = enqueuedNanos;
    notBeforeNanos = enqueuedNanos;
    own().putBack();
  }

  void whole(TaskEntry.Whole entry, PoolTasks of) {
    pool = of;
    content(entry.task(), entry.content(), entry.by());
    state = entry.state();
    enqueuedNanos = entry.enqueuedNanos();
    enqueuedMillis = entry.enqueuedMillis();
    sinceNanos = enqueuedNanos + entry.content().delayNanos();
    notBeforeNanos = entry.notBeforeNanos();
    if (entry.attempts() > 0 || entry.state() != TaskState.QUEUED) {
      own().whole(entry);
    }
  }

  /** Returns about how many bytes it takes in memory, without its data and texts. */
  int bytes() {
    return BYTES + (key.isEmpty() ? 0 : KEY_BYTES + key.length());
  }

  /** Returns about how many bytes what is told of its attempts takes in memory. */
  int textBytes() {
    return course.textBytes();
  }

  /** Remembers less of what is told of its attempts. */
  void shorten() {
    own().shorten();
  }

  /** Returns to what a new object is. */
  void reset() {
    countedBytes = 0;
    pool = PoolTasks.NONE;
    key = "";
    type = NewTask.DEFAULT_TYPE;
    by = "";
    state = TaskState.QUEUED;
    waiter = null;
    data = NO_DATA;
    if (course != Course.NONE) {
      course.reset();
    }
  }

  // What is of this daemon only.

  /** From now on it ends well or not at all: at {@code nanos} its worker is killed. */
  public void allowUntil(long nanos) {
    Course mine = own();
    mine.graceNanos = Math.min(mine.graceNanos, nanos);
  }

  /** Returns when its worker is killed; {@link Moment#NEVER} if it was not told to stop. */
  public long graceNanos() {
    return course.graceNanos;
  }

  /** Its place in the hand of its worker. */
  public void inHandAt(int index) {
    own().handIndex = index;
  }

  public int handIndex() {
    return course.handIndex;
  }

  /** One who waits for its end; there may be others behind it. */
  public interface Waiter {}

  /** Somebody waits for its end, or nobody does any more. */
  public void await(@Nullable Waiter first) {
    waiter = first;
  }

  /** Returns the first of those who wait for its end; null if nobody does. */
  public @Nullable Waiter waiter() {
    return waiter;
  }

  public boolean isAwaited() {
    return waiter != null;
  }

  /** Its worker says how far it is. */
  public void progress(Progress told) {
    own().progress = told;
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

  /** Returns when it may be given out. */
  public long notBeforeNanos() {
    return notBeforeNanos;
  }

  /** Returns how often a worker got it; it never counts from the start again. */
  public int attempts() {
    return course.attempts;
  }

  /** Returns how many attempts have failed since it was submitted or put back. */
  public int failures() {
    return course.failures;
  }

  /** Returns how many workers have died of it since it was submitted or put back. */
  public int deaths() {
    return course.deaths;
  }

  /** Returns who got it last; an id of nobody before that. */
  public InvocationId invocation() {
    return course.invocation;
  }

  public int slot() {
    return course.slot;
  }

  public long sequence() {
    return course.sequence;
  }

  public long startedNanos() {
    return course.startedNanos;
  }

  public long deadlineNanos() {
    return course.deadlineNanos;
  }

  public boolean isCancelling() {
    return course.isCancelling;
  }

  public long endedNanos() {
    return course.endedNanos;
  }

  /** Returns why it has not succeeded so far, in words; empty for nothing. */
  public String error() {
    return course.error;
  }

  /** Returns whether this invocation has this attempt of it in hand. */
  public boolean isHeldBy(InvocationId by, int attempt) {
    return state == TaskState.RUNNING
        && course.attempts == attempt
        && (course.invocation == by || course.invocation.equals(by));
  }

  /** Returns the end of an attempt in words whose worker died of it, as those before it did. */
  public String deathInWords(String cause) {
    return course.deathInWords(cause);
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
        now.wallAt(notBeforeNanos).toEpochMilli(),
        course.attempts,
        course.failures,
        course.deaths,
        course.invocation,
        course.slot,
        course.sequence,
        course.startedNanos,
        course.startedMillis,
        course.deadlineNanos,
        course.isCancelling,
        course.endedNanos,
        course.endedMillis,
        course.error,
        by,
        course.past);
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
        course.attempts,
        course.failures,
        retries(poolsRetries),
        Instant.ofEpochMilli(enqueuedMillis),
        when(state == TaskState.QUEUED && notBeforeNanos > now.nanos(), now.wallAt(notBeforeNanos)),
        when(course.attempts > 0, Instant.ofEpochMilli(course.startedMillis)),
        when(isRunning, now.wallAt(course.deadlineNanos)),
        when(state.isEnd(), Instant.ofEpochMilli(course.endedMillis)),
        isRunning ? pool.name() + "@" + course.slot : "",
        course.error,
        course.past,
        course.progress.value(),
        course.progress.message(),
        by);
  }

  private static Optional<Instant> when(boolean isSo, Instant moment) {
    return isSo ? Optional.of(moment) : Optional.empty();
  }

  @Override
  public String toString() {
    return "task " + number;
  }
}
