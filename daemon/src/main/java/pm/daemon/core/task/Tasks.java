package pm.daemon.core.task;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskState;

/**
 * All tasks that are known, of all pools. It changes only as entries say, one method for each, by
 * which those of a daemon before us are replayed as well; so what a later daemon knows is what this
 * one knows. It decides nothing. Loop thread only.
 */
public final class Tasks {
  private static final int MOST_SPARE = 4096;

  /** Of a positive int. */
  private static final int MOST_DIGITS = 10;

  /** 2 to the power of 35, divided by 10: exact for all ints of 0 or more. */
  private static final long TENTH = 3_435_973_837L;

  private static final int TENTH_SHIFT = 35;

  /** So many numbers are looked for one by one when tasks are listed. */
  private static final int MOST_STEPS = 4096;

  /** About how many bytes all tasks may take in memory, without their data: some 90,000 tasks. */
  static final long MOST_BYTES = 28L << 20;

  /** Bytes of errors and the like beyond which little is remembered of each. */
  static final long MOST_TEXT_BYTES = 4L << 20;

  private final TaskTable byNumber = new TaskTable();
  private final Map<String, Task> byKey = new HashMap<>();
  private final Map<String, PoolTasks> byPool = new HashMap<>();
  private final List<PoolTasks> pools = new ArrayList<>();
  private final DataBudget budget = new DataBudget();

  /** Objects of forgotten tasks, for later ones: in a busy pool they come and go as fast. */
  private final ArrayList<Task> spare = new ArrayList<>();

  private String prefix = "-";

  /** Where an id is put together. */
  private char[] id = new char[MOST_DIGITS];

  private long lastNumber;
  private long bytes;
  private long textBytes;
  private boolean isStoreFull;

  /**
   * Takes what ids begin with.
   *
   * @param last the greatest number that was ever given
   */
  public void begin(String epoch, long last) {
    prefix = epoch + "-";
    id = new char[prefix.length() + MOST_DIGITS];
    lastNumber = Math.max(lastNumber, last);
  }

  /** Holds no data, for the store has them at hand. Before the first task. */
  public void leaveData() {
    budget.holdNothing();
  }

  /** Returns the number of the next task. */
  public long nextNumber() {
    return lastNumber + 1;
  }

  /** Returns the id of a task. */
  public String id(Task task) {
    return task.key().isEmpty() ? id(task.number()) : task.key();
  }

  /** Returns the id that a task without a key has by its number. */
  public String id(long number) {
    if (number > Integer.MAX_VALUE) {
      return prefix + number;
    }
    int at = id.length;
    int rest = (int) number;
    do {
      // Divided by a multiplication, which is many times as fast under C1.
      int tenth = (int) ((rest * TENTH) >>> TENTH_SHIFT);
      id[--at] = (char) ('0' + rest - 10 * tenth);
      rest = tenth;
    } while (rest > 0);
    at -= prefix.length();
    prefix.getChars(0, prefix.length(), id, at);
    return String.valueOf(id, at, id.length - at);
  }

  /** Returns whether only a task without a key could have this id. */
  public boolean isOurs(String id) {
    return id.startsWith(prefix);
  }

  public @Nullable Task find(long number) {
    return byNumber.get(number);
  }

  /** Returns the task with this id. */
  public @Nullable Task find(String id) {
    if (!isOurs(id)) {
      return byKey.get(id);
    }
    long number = number(id);
    Task task = number < 1 ? null : byNumber.get(number);
    return task != null && task.key().isEmpty() ? task : null;
  }

  /** Returns the number that an id names, written as we write it; 0 where it names none. */
  private long number(String id) {
    int digits = id.length() - prefix.length();
    if (digits < 1 || digits > 18 || id.charAt(prefix.length()) == '0') {
      return 0;
    }
    long number = 0;
    for (int i = prefix.length(); i < id.length(); i++) {
      char digit = id.charAt(i);
      if (digit < '0' || digit > '9') {
        return 0;
      }
      number = number * 10 + (digit - '0');
    }
    return number;
  }

  /** Returns the tasks of a pool, which needs no definition. */
  public PoolTasks pool(String name) {
    PoolTasks known = byPool.get(name);
    if (known != null) {
      return known;
    }
    PoolTasks pool = new PoolTasks(name, pools.size());
    pools.add(pool);
    byPool.put(name, pool);
    return pool;
  }

  /** Returns all pools of which there is or was a task or a definition, by their numbers. */
  public List<PoolTasks> pools() {
    return Collections.unmodifiableList(pools);
  }

  /** Shows each task, in no order. None may be added or forgotten meanwhile. */
  public void forEach(Consumer<Task> visitor) {
    byNumber.forEach(visitor);
  }

  /**
   * Returns the tasks with the smallest numbers, ascending.
   *
   * @param after only greater ones
   * @param most so many at most
   * @param isAsked which of them
   */
  public List<Task> page(long after, int most, Predicate<Task> isAsked) {
    List<Task> page = new ArrayList<>();
    // Those that are asked for mostly follow one another; else all are gone through once.
    long number = after;
    for (int i = 0; i < MOST_STEPS && number < lastNumber && page.size() < most; i++) {
      Task task = byNumber.get(++number);
      if (task != null && isAsked.test(task)) {
        page.add(task);
      }
    }
    if (page.size() < most && number < lastNumber) {
      page.addAll(smallest(number, most - page.size(), isAsked));
    }
    return page;
  }

  private List<Task> smallest(long after, int most, Predicate<Task> isAsked) {
    // The greatest of those found so far is on top, and goes when a smaller one is found.
    PriorityQueue<Task> found =
        new PriorityQueue<>(Comparator.comparingLong(Task::number).reversed());
    byNumber.forEach(
        task -> {
          if (task.number() > after
              && (found.size() < most || task.number() < found.element().number())
              && isAsked.test(task)) {
            found.add(task);
            if (found.size() > most) {
              found.remove();
            }
          }
        });
    return found.stream().sorted(Comparator.comparingLong(Task::number)).toList();
  }

  public int size() {
    return byNumber.size();
  }

  /** Returns whether there is memory for one more, here and in the store. */
  public boolean hasRoom() {
    return bytes < MOST_BYTES && !isStoreFull;
  }

  /** Returns whether the store has no memory for one more. */
  public boolean isStoreFull() {
    return isStoreFull;
  }

  /** The store holds as much as it may, or does not any more. */
  public void storeFull(boolean isFull) {
    isStoreFull = isFull;
  }

  /** Returns whether there soon will be none, so that some should be forgotten that have ended. */
  public boolean isCrowded() {
    return bytes > MOST_BYTES - MOST_BYTES / 8;
  }

  /** What is told of a task has changed. */
  private void count(Task task) {
    int text = task.textBytes();
    if (text > task.countedBytes && textBytes > MOST_TEXT_BYTES) {
      task.shorten();
      text = task.textBytes();
    }
    bytes += text - task.countedBytes;
    textBytes += text - task.countedBytes;
    task.countedBytes = text;
  }

  /** A task comes in. */
  public Task queue(TaskEntry.Queued entry) {
    PoolTasks pool = pool(entry.pool());
    Task task = blank();
    task.queued(entry, pool);
    add(task);
    budget.hold(task, entry.content().data());
    if (entry.notBeforeNanos() > entry.enqueuedNanos()) {
      pool.waiting.delay(task);
    } else {
      pool.waiting.add(task);
    }
    return task;
  }

  private Task blank() {
    return spare.isEmpty() ? new Task() : spare.removeLast();
  }

  private void add(Task task) {
    byNumber.add(task);
    bytes += task.bytes();
    count(task);
    if (!task.key().isEmpty()) {
      byKey.put(task.key(), task);
    }
    lastNumber = Math.max(lastNumber, task.number());
  }

  /** A worker gets it. Returns its data; no bytes if the store has them. */
  public byte[] start(Task task, TaskEntry.Started entry) {
    expect(task, TaskState.QUEUED);
    task.pool().waiting.remove(task);
    task.pool().running++;
    task.started(entry);
    return budget.release(task);
  }

  /** It is to be given up while it is in hand. */
  public void cancel(Task task, TaskEntry.Cancelling entry) {
    expect(task, TaskState.RUNNING);
    task.cancelling(entry);
    count(task);
  }

  /** Its attempt is over, and there will be another. */
  public void giveBack(Task task, TaskEntry.Returned entry) {
    expect(task, TaskState.RUNNING);
    task.returned(entry);
    count(task);
    task.pool().running--;
    task.pool().waiting.delay(task);
  }

  /** It has ended. */
  public void end(Task task, TaskEntry.Ended entry) {
    if (task.state() == TaskState.QUEUED) {
      task.pool().waiting.remove(task);
      budget.release(task);
    } else {
      expect(task, TaskState.RUNNING);
      task.pool().running--;
    }
    task.ended(entry);
    count(task);
    task.pool().ended.add(task);
  }

  /** What a worker left that died of it. */
  public void note(Task task, TaskEntry.Noted entry) {
    task.noted(entry);
    count(task);
  }

  /** It is put back. */
  public void putBack(Task task, TaskEntry.PutBack entry) {
    if (!task.state().isEnd()) {
      throw new IllegalStateException(task + " is " + task.state() + " and was put back");
    }
    task.pool().ended.remove(task);
    task.putBack(entry);
    count(task);
    task.pool().waiting.add(task);
  }

  /** It is no longer known. Its object may become another task's. */
  public void forget(Task task) {
    switch (task.state()) {
      case QUEUED -> task.pool().waiting.remove(task);
      case RUNNING -> task.pool().running--;
      case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED -> task.pool().ended.remove(task);
    }
    budget.release(task);
    byNumber.remove(task);
    bytes -= task.bytes() + task.countedBytes;
    textBytes -= task.countedBytes;
    if (!task.key().isEmpty()) {
      byKey.remove(task.key());
    }
    task.reset();
    if (spare.size() < MOST_SPARE) {
      spare.add(task);
    }
  }

  private static void expect(Task task, TaskState state) {
    if (task.state() != state) {
      throw new IllegalStateException(task + " is " + task.state() + ", not " + state);
    }
  }

  /**
   * Takes what a daemon before us kept. What is said of a task that is not known, because the rest
   * of it was dropped, means nothing.
   */
  public void replay(TaskEntry entry) {
    lastNumber = Math.max(lastNumber, entry.task());
    Task task = byNumber.get(entry.task());
    if (entry instanceof TaskEntry.Queued queued) {
      if (task == null) {
        queue(queued);
      }
    } else if (entry instanceof TaskEntry.Whole whole) {
      if (task != null) {
        forget(task);
      }
      takeWhole(whole);
    } else if (task != null) {
      replay(task, entry);
    }
  }

  private void replay(Task task, TaskEntry entry) {
    switch (entry) {
      case TaskEntry.Started started -> {
        start(task, started);
        task.pool().leased(started.slot(), started.invocation(), started.sequence());
      }
      case TaskEntry.Cancelling cancelling -> cancel(task, cancelling);
      case TaskEntry.Returned returned -> giveBack(task, returned);
      case TaskEntry.Ended ended -> end(task, ended);
      case TaskEntry.Noted noted -> note(task, noted);
      case TaskEntry.PutBack back -> putBack(task, back);
      case TaskEntry.Forgotten forgotten -> forget(task);
      case TaskEntry.Queued queued -> throw new IllegalStateException("queued twice: " + queued);
      case TaskEntry.Whole whole -> throw new IllegalStateException("a whole one: " + whole);
    }
  }

  /** Ends a replay: brings the tasks that have ended into the order in which they did. */
  public void replayed() {
    for (PoolTasks pool : pools) {
      List<Task> ended = new ArrayList<>(pool.ended.size());
      Task first = pool.ended.first();
      while (first != null) {
        pool.ended.remove(first);
        ended.add(first);
        first = pool.ended.first();
      }
      ended.sort(Comparator.comparingLong(Task::endedNanos).thenComparingLong(Task::number));
      ended.forEach(pool.ended::add);
    }
  }

  private void takeWhole(TaskEntry.Whole entry) {
    PoolTasks pool = pool(entry.pool());
    Task task = blank();
    task.whole(entry, pool);
    add(task);
    switch (task.state()) {
      case QUEUED -> {
        budget.hold(task, entry.content().data());
        pool.waiting.delay(task);
      }
      case RUNNING -> pool.running++;
      case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED -> pool.ended.add(task);
    }
    if (entry.sequence() > 0) {
      pool.leased(entry.slot(), entry.invocation(), entry.sequence());
    }
  }

  /** Returns all that is known of a task, but for its data and result; empty if it is not known. */
  public Optional<TaskEntry.Whole> whole(long number, Moment now) {
    Task task = byNumber.get(number);
    return task == null ? Optional.empty() : Optional.of(task.whole(now));
  }
}
