package pm.daemon.store;

/**
 * Where the journal has what belongs to a task: a map from numbers to numbers, without an object
 * for each. A place stays where it is until the next {@link #put} or {@link #remove}.
 *
 * <p>Open addressing with linear probing; at most two thirds full. 32 bytes a place.
 */
final class TaskIndex {
  /** What {@link #find} returns for a task that is not there. */
  static final int NOWHERE = -1;

  private static final int LEAST = 256;

  /** 2^64 divided by the golden ratio: it spreads consecutive numbers evenly. */
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  private long[] tasks = new long[LEAST];
  private long[] data = new long[LEAST];
  private long[] results = new long[LEAST];
  private int[] firsts = new int[LEAST];
  private int[] sizes = new int[LEAST];
  private int shift = 64 - Integer.numberOfTrailingZeros(LEAST);
  private int count;
  private int generation;

  /** Returns how many tasks there are. */
  int count() {
    return count;
  }

  /** Returns how many places there are, taken or not. */
  int places() {
    return tasks.length;
  }

  /** Returns a number that changes when tasks may have moved to other places. */
  int generation() {
    return generation;
  }

  /** Returns the task at a place; 0 if it is free. */
  long taskAt(int place) {
    return tasks[place];
  }

  /** Returns the place of a task, {@link #NOWHERE} if it is not there. */
  int find(long task) {
    int mask = tasks.length - 1;
    for (int place = home(task); tasks[place] != 0; place = (place + 1) & mask) {
      if (tasks[place] == task) {
        return place;
      }
    }
    return NOWHERE;
  }

  /** Returns the place of a task, a new one with zeros if it was not there. */
  int put(long task) {
    if (task <= 0) {
      throw new IllegalArgumentException("no number of a task: " + task);
    }
    int found = find(task);
    if (found != NOWHERE) {
      return found;
    }
    if ((count + 1) * 3L > tasks.length * 2L) {
      resize(tasks.length * 2);
    }
    count++;
    return add(task);
  }

  private int add(long task) {
    int mask = tasks.length - 1;
    int place = home(task);
    while (tasks[place] != 0) {
      place = (place + 1) & mask;
    }
    tasks[place] = task;
    data[place] = 0;
    results[place] = 0;
    firsts[place] = 0;
    sizes[place] = 0;
    return place;
  }

  /** Frees a place that is taken. */
  void remove(int freed) {
    int mask = tasks.length - 1;
    int gap = freed;
    // Whoever was pushed away by the one that goes moves up, so that probing needs no tombstones.
    for (int place = (gap + 1) & mask; tasks[place] != 0; place = (place + 1) & mask) {
      int home = home(tasks[place]);
      if (((place - home) & mask) >= ((place - gap) & mask)) {
        copy(place, gap);
        gap = place;
      }
    }
    tasks[gap] = 0;
    count--;
    generation++;
    if (tasks.length > LEAST && count * 8L < tasks.length) {
      resize(tasks.length / 2);
    }
  }

  private void copy(int from, int to) {
    tasks[to] = tasks[from];
    data[to] = data[from];
    results[to] = results[from];
    firsts[to] = firsts[from];
    sizes[to] = sizes[from];
  }

  private void resize(int length) {
    final long[] oldTasks = tasks;
    final long[] oldData = data;
    final long[] oldResults = results;
    final int[] oldFirsts = firsts;
    final int[] oldSizes = sizes;
    tasks = new long[length];
    data = new long[length];
    results = new long[length];
    firsts = new int[length];
    sizes = new int[length];
    shift = 64 - Integer.numberOfTrailingZeros(length);
    generation++;
    for (int old = 0; old < oldTasks.length; old++) {
      if (oldTasks[old] != 0) {
        int place = add(oldTasks[old]);
        data[place] = oldData[old];
        results[place] = oldResults[old];
        firsts[place] = oldFirsts[old];
        sizes[place] = oldSizes[old];
      }
    }
  }

  private int home(long task) {
    return (int) ((task * SPREAD) >>> shift);
  }

  /** Returns the {@link Location} of its data, {@link Location#NONE} if it has none. */
  long data(int place) {
    return data[place];
  }

  void data(int place, long location) {
    data[place] = location;
  }

  /** Returns the {@link Location} of its result, {@link Location#NONE} if it has none. */
  long result(int place) {
    return results[place];
  }

  void result(int place, long location) {
    results[place] = location;
  }

  /** Returns the number of the first segment that has anything that is needed of it. */
  int first(int place) {
    return firsts[place];
  }

  void first(int place, int segment) {
    firsts[place] = segment;
  }

  /** Returns about how many bytes it would take to keep it anew, without data and result. */
  int size(int place) {
    return sizes[place];
  }

  void size(int place, int bytes) {
    sizes[place] = bytes;
  }
}
