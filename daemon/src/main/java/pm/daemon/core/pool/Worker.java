package pm.daemon.core.pool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.task.Task;

/** One slot of a pool, as far as tasks are concerned: what its invocation has in hand. */
final class Worker {

  /** Where its instance is, as far as that matters here. */
  enum Status {
    /** No process, and none comes by itself. */
    DOWN,
    /** It is starting, or will by itself. */
    COMING,
    /** It takes tasks. */
    UP,
    /** It lives and its liveness is lost: it gets no more tasks until it is well again. */
    UNWELL,
    /** On its way out. */
    LEAVING
  }

  private static final InvocationId NOBODY = new InvocationId("0".repeat(32));

  final InstanceName name;

  Status status = Status.DOWN;

  /** The state of its instance. */
  InstanceState state = InstanceState.DEAD;

  /** Whether its pool may start it if it is down. */
  boolean mayStart;

  /** Whether its state is shown as BUSY. */
  boolean isShownBusy;

  /** Whether something was wished of it of which nothing has been heard yet. */
  boolean isAsked;

  InvocationId invocation = NOBODY;
  boolean hasInvocation;

  /** Whether it was taken over, and it is not known yet which of its leases it has got. */
  boolean isUnheard;

  /** Since when nothing can be told to it any more; NEVER if it can be reached. */
  long unreachableNanos = Moment.NEVER;

  boolean canAnswer = true;
  String unreachableWhy = "";

  /** Leases after the one of these sequences and up to the other are given to it again. */
  long resentAfter;

  long resentThrough;

  /** Whether we have asked for its end, so that what it has in hand is not to blame. */
  boolean isToEnd;

  /** Whether it is started again after that. */
  boolean isToReturn;

  boolean isKilled;

  /** It takes no more tasks: another has taken its place. */
  boolean isClosed;

  /** It takes no more tasks: there are too many. */
  boolean isSurplus;

  long sequence;
  long done;
  long upSinceNanos;
  long idleSinceNanos;

  /** What it draws when it begins; see {@link Recycling}. */
  long taskLimit = Long.MAX_VALUE;

  long ageLimitNanos = Moment.NEVER;
  long memoryBytes;
  boolean isMemoryKnown;
  boolean isLargeFromTheStart;
  long memoryAskedNanos;
  long memoryAskedDone;

  /** For {@link Strategy} weighted-round-robin. */
  int credit;

  /** Its place among the open ones of its pool; -1 if it is not open. */
  int openIndex = -1;

  private @Nullable Task[] hand = new @Nullable Task[1];
  private int inHand;

  /** No deadline of what it has in hand is earlier. */
  private long earliest = Moment.NEVER;

  Worker(InstanceName name) {
    this.name = name;
  }

  int slot() {
    return name.number();
  }

  int inHand() {
    return inHand;
  }

  Task inHand(int index) {
    Task task = hand[index];
    if (task == null || index >= inHand) {
      throw new IndexOutOfBoundsException(index);
    }
    return task;
  }

  /** A new invocation begins, with empty hands. */
  void begin(InvocationId next, long lastSequence) {
    if (inHand > 0) {
      throw new IllegalStateException(name + " begins anew with " + inHand + " tasks in hand");
    }
    invocation = next;
    hasInvocation = true;
    isUnheard = false;
    unreachableNanos = Moment.NEVER;
    canAnswer = true;
    resentAfter = 0;
    resentThrough = 0;
    unreachableWhy = "";
    isToEnd = false;
    isToReturn = false;
    isKilled = false;
    isClosed = false;
    isSurplus = false;
    sequence = lastSequence;
    done = 0;
    credit = 0;
    isMemoryKnown = false;
    isLargeFromTheStart = false;
    memoryBytes = 0;
    memoryAskedDone = -1;
  }

  /** Its invocation is over, and its hands are empty. */
  void end() {
    begin(NOBODY, 0);
    hasInvocation = false;
  }

  /** Takes a task in hand. */
  void take(Task task) {
    if (inHand == hand.length) {
      hand = Arrays.copyOf(hand, 2 * inHand);
    }
    hand[inHand] = task;
    task.inHandAt(inHand++);
    dueAt(task.deadlineNanos());
  }

  /** Lets go of a task. */
  void drop(Task task, long nowNanos) {
    int index = task.handIndex();
    if (index >= inHand || hand[index] != task) {
      throw new IllegalStateException(name + " does not have " + task + " in hand");
    }
    Task last = inHand(inHand - 1);
    hand[index] = last;
    last.inHandAt(index);
    hand[--inHand] = null;
    if (inHand == 0) {
      earliest = Moment.NEVER;
      idleSinceNanos = nowNanos;
    }
  }

  /** Something is to be done about one of its tasks at {@code nanos}. */
  void dueAt(long nanos) {
    earliest = Math.min(earliest, nanos);
  }

  /** Returns a time before which nothing is to be done about any of its tasks. */
  long earliest() {
    return earliest;
  }

  /** Finds out when something is to be done next, now that all has been done up to now. */
  void recount() {
    earliest = Moment.NEVER;
    for (int i = 0; i < inHand; i++) {
      Task task = inHand(i);
      dueAt(task.graceNanos() == Moment.NEVER ? task.deadlineNanos() : task.graceNanos());
    }
  }

  /** Returns whether it may have got an attempt of this task from a daemon before. */
  boolean mayHaveGotBefore(Task task) {
    return task.sequence() > resentAfter && task.sequence() <= resentThrough;
  }

  /** Returns whether it has done, or has in hand, so much that another is to take its place. */
  boolean hasDoneItsShare() {
    return done + inHand >= taskLimit;
  }

  /**
   * Returns whether it has done, or has in hand, all that it may: its share and, while nobody was
   * ready to take its place, as much again.
   */
  boolean isSpent() {
    return done + inHand - taskLimit >= taskLimit;
  }

  boolean canBeReached() {
    return unreachableNanos == Moment.NEVER;
  }

  /** Returns whether it may get one more. */
  boolean isOpen(int concurrency) {
    return status == Status.UP
        && inHand < concurrency
        && !isUnheard
        && canBeReached()
        && !isClosed
        && !isSurplus
        && !isToEnd
        && !isSpent();
  }

  /**
   * Returns whether it is there, comes or goes: whether it counts against the most there may be.
   */
  boolean isThere() {
    return status != Status.DOWN || isAsked;
  }

  /** Returns whether it can be started. */
  boolean isStartable() {
    return status == Status.DOWN && mayStart && !isAsked;
  }

  /** Returns whether it is there to stay, or comes. */
  boolean isPresent() {
    return switch (status) {
      case DOWN -> isAsked;
      case COMING, UP, UNWELL -> !isToEnd || isToReturn;
      case LEAVING -> false;
    };
  }

  /** Returns whether it is up, has nothing in hand, and could get a task. */
  boolean isIdle() {
    return status == Status.UP && inHand == 0 && !isToEnd && !isUnheard && canBeReached();
  }

  @Override
  public String toString() {
    return name + " " + status + " " + inHand + " in hand";
  }
}
