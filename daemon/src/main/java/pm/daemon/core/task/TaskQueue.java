package pm.daemon.core.task;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Priority;

/**
 * The tasks of a pool that wait for a worker, and those that wait for their time.
 *
 * <p>One that could be given out has a place: before those of a lower level, and within its level
 * after those that have waited longer. Each {@code aging} that it has waited raises it by a level.
 * As the head of each of the four levels has waited longest there, only the heads are compared.
 *
 * <p>Most tasks come in the order of their places and are linked one behind the other; one that
 * comes back to its old place goes to a heap beside them.
 */
public final class TaskQueue {
  private static final Priority[] LEVELS = Priority.values();

  private static final class Level {
    final TaskList inOrder = new TaskList();
    final TaskHeap returned = new TaskHeap();

    void add(Task task) {
      Task last = inOrder.last();
      if (last == null || isBefore(last, task)) {
        inOrder.add(task);
      } else {
        returned.add(task, task.sinceNanos());
      }
    }

    @Nullable Task first() {
      Task first = inOrder.first();
      Task back = returned.first();
      return first == null || (back != null && isBefore(back, first)) ? back : first;
    }

    int size() {
      return inOrder.size() + returned.size();
    }
  }

  private final Level[] levels = new Level[LEVELS.length];
  private final TaskHeap delayed = new TaskHeap();
  private int ready;

  TaskQueue() {
    for (int i = 0; i < levels.length; i++) {
      levels[i] = new Level();
    }
  }

  private static boolean isBefore(Task task, Task other) {
    return task.sinceNanos() != other.sinceNanos()
        ? task.sinceNanos() < other.sinceNanos()
        : task.number() < other.number();
  }

  /** Adds one that can be given out at once. */
  void add(Task task) {
    levels[task.priority().rank()].add(task);
    task.isReady = true;
    ready++;
  }

  /** Adds one that waits for its time first. */
  void delay(Task task) {
    delayed.add(task, task.notBeforeNanos());
    task.isReady = false;
  }

  /** Takes one out, wherever it is. */
  void remove(Task task) {
    if (!task.isReady) {
      delayed.remove(task);
      return;
    }
    Level level = levels[task.priority().rank()];
    if (task.place == Place.LIST) {
      level.inOrder.remove(task);
    } else {
      level.returned.remove(task);
    }
    ready--;
  }

  /** Those whose time has come can be given out from now on. */
  public void wake(long nowNanos) {
    Task first = delayed.first();
    while (first != null && delayed.firstTime() <= nowNanos) {
      delayed.remove(first);
      add(first);
      first = delayed.first();
    }
  }

  /** Returns when the next one's time comes; {@link Moment#NEVER} if none waits for its time. */
  public long nextWake() {
    return delayed.size() == 0 ? Moment.NEVER : delayed.firstTime();
  }

  /**
   * Returns the one to be given out next; null if there is none.
   *
   * @param agingNanos positive
   */
  public @Nullable Task first(long nowNanos, long agingNanos) {
    if (ready == 0) {
      return null;
    }
    Task best = null;
    long bestLevel = LEVELS.length;
    for (int i = 0; i < levels.length; i++) {
      Task head = levels[i].first();
      if (head == null) {
        continue;
      }
      long level = risen(i, nowNanos - head.sinceNanos(), agingNanos);
      if (best == null || level < bestLevel || (level == bestLevel && isBefore(head, best))) {
        best = head;
        bestLevel = level;
      }
    }
    return best;
  }

  /** Returns the level to which one has risen that was submitted for {@code level}. */
  static long risen(int level, long waitedNanos, long agingNanos) {
    return level == 0 || waitedNanos < agingNanos
        ? level
        : Math.max(0, level - waitedNanos / agingNanos);
  }

  /** Returns how many wait. */
  public int size() {
    return ready + delayed.size();
  }

  /** Returns how many could be given out. */
  public int ready() {
    return ready;
  }

  /** Returns how many wait for their time. */
  public int delayed() {
    return delayed.size();
  }

  /**
   * Returns since when the oldest could have been given out; {@link Moment#NEVER} if none can be.
   * One that came back has not waited while it was in hand, although that counts for its place.
   */
  public long oldestSince() {
    long oldest = Moment.NEVER;
    for (Level level : levels) {
      oldest =
          Math.min(oldest, Math.min(since(level.inOrder.first()), since(level.returned.first())));
    }
    return oldest;
  }

  private static long since(@Nullable Task task) {
    return task == null ? Moment.NEVER : Math.max(task.sinceNanos(), task.notBeforeNanos());
  }

  /** Returns how many wait on each level, as they have risen. Looks at all that have risen. */
  public Map<Priority, Integer> depth(long nowNanos, long agingNanos) {
    int[] counts = new int[LEVELS.length];
    for (int i = 0; i < levels.length; i++) {
      counts[i] += levels[i].size();
      Task task = levels[i].inOrder.first();
      while (task != null && i > 0 && nowNanos - task.sinceNanos() >= agingNanos) {
        count(counts, i, nowNanos - task.sinceNanos(), agingNanos);
        task = task.next;
      }
      for (int j = 0; j < levels[i].returned.size(); j++) {
        count(counts, i, nowNanos - levels[i].returned.at(j).sinceNanos(), agingNanos);
      }
    }
    for (int j = 0; j < delayed.size(); j++) {
      counts[delayed.at(j).priority().rank()]++;
    }
    Map<Priority, Integer> depth = new EnumMap<>(Priority.class);
    for (Priority priority : LEVELS) {
      depth.put(priority, counts[priority.rank()]);
    }
    return depth;
  }

  private static void count(int[] counts, int level, long waitedNanos, long agingNanos) {
    counts[level]--;
    counts[(int) risen(level, waitedNanos, agingNanos)]++;
  }
}
