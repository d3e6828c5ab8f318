package pm.daemon.core.task;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tasks by a time, the earliest first; of equal ones that with the smaller number. A binary heap
 * whose tasks know their place, so that any of them is taken out without a search.
 */
final class TaskHeap {
  private static final int LEAST = 8;

  private long[] times = new long[LEAST];
  private @Nullable Task[] tasks = new @Nullable Task[LEAST];
  private int size;

  int size() {
    return size;
  }

  /** Returns the earliest; null if there is none. */
  @Nullable Task first() {
    return tasks[0];
  }

  /** Returns the time of the earliest; only if there is one. */
  long firstTime() {
    return times[0];
  }

  /** Returns any of them, by a number from 0 to {@link #size} - 1, in no order. */
  Task at(int index) {
    Task task = tasks[index];
    if (task == null) {
      throw new IndexOutOfBoundsException(index);
    }
    return task;
  }

  void add(Task task, long time) {
    if (task.place != Place.NONE) {
      throw new IllegalStateException(task + " is in " + task.place + " already");
    }
    if (size == tasks.length) {
      times = Arrays.copyOf(times, 2 * size);
      tasks = Arrays.copyOf(tasks, 2 * size);
    }
    task.place = Place.HEAP;
    rise(size++, task, time);
  }

  void remove(Task task) {
    if (task.place != Place.HEAP || tasks[task.heapIndex] != task) {
      throw new IllegalStateException(task + " is not in this heap");
    }
    int hole = task.heapIndex;
    task.place = Place.NONE;
    size--;
    Task moved = at(size);
    long time = times[size];
    tasks[size] = null;
    if (hole < size) {
      sink(hole, moved, time);
      if (moved.heapIndex == hole) {
        rise(hole, moved, time);
      }
    }
    shrink();
  }

  private void shrink() {
    if (tasks.length > LEAST && size < tasks.length / 4) {
      times = Arrays.copyOf(times, tasks.length / 2);
      tasks = Arrays.copyOf(tasks, tasks.length / 2);
    }
  }

  private void rise(int from, Task task, long time) {
    int index = from;
    while (index > 0) {
      int parent = (index - 1) >>> 1;
      if (!isBefore(time, task, parent)) {
        break;
      }
      put(index, at(parent), times[parent]);
      index = parent;
    }
    put(index, task, time);
  }

  private void sink(int from, Task task, long time) {
    int index = from;
    int child = 2 * index + 1;
    while (child < size) {
      if (child + 1 < size && isBefore(times[child + 1], at(child + 1), child)) {
        child++;
      }
      if (isBefore(time, task, child)) {
        break;
      }
      put(index, at(child), times[child]);
      index = child;
      child = 2 * index + 1;
    }
    put(index, task, time);
  }

  private boolean isBefore(long time, Task task, int other) {
    return time != times[other] ? time < times[other] : task.number() < at(other).number();
  }

  private void put(int index, Task task, long time) {
    times[index] = time;
    tasks[index] = task;
    task.heapIndex = index;
  }
}
