package pm.daemon.core.task;

import org.jspecify.annotations.Nullable;

/**
 * Tasks in the order in which they were added. The links are in the tasks, so nothing is allocated
 * and any of them is taken out at once; a task is in one list or heap at a time.
 */
final class TaskList {
  private @Nullable Task first;
  private @Nullable Task last;
  private int size;

  int size() {
    return size;
  }

  @Nullable Task first() {
    return first;
  }

  @Nullable Task last() {
    return last;
  }

  void add(Task task) {
    if (task.place != Place.NONE) {
      throw new IllegalStateException(task + " is in " + task.place + " already");
    }
    task.place = Place.LIST;
    task.previous = last;
    if (last == null) {
      first = task;
    } else {
      last.next = task;
    }
    last = task;
    size++;
  }

  void remove(Task task) {
    if (task.place != Place.LIST) {
      throw new IllegalStateException(task + " is in " + task.place + ", not in a list");
    }
    Task before = task.previous;
    Task after = task.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    task.previous = null;
    task.next = null;
    task.place = Place.NONE;
    size--;
  }
}
