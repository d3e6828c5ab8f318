package pm.daemon.core.task;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tasks by their numbers. An open-addressing table that holds nothing but the tasks: four bytes a
 * slot, and no number is boxed.
 */
final class TaskTable {
  private static final int LEAST = 16;

  /** 2^64 divided by the golden ratio: spreads numbers that follow one another. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private @Nullable Task[] slots = new @Nullable Task[LEAST];
  private int size;

  int size() {
    return size;
  }

  @Nullable Task get(long number) {
    int mask = slots.length - 1;
    int slot = home(number);
    Task found = slots[slot];
    while (found != null && found.number() != number) {
      slot = (slot + 1) & mask;
      found = slots[slot];
    }
    return found;
  }

  /** Adds a task whose number is not in it. */
  void add(Task task) {
    // At most two of three slots are taken, so that a search is short.
    if (3 * (size + 1) > 2 * slots.length) {
      resize(2 * slots.length);
    }
    place(task);
    size++;
  }

  private void place(Task task) {
    int mask = slots.length - 1;
    int slot = home(task.number());
    Task taken = slots[slot];
    while (taken != null) {
      if (taken.number() == task.number()) {
        throw new IllegalStateException("there is a task " + task.number() + " already");
      }
      slot = (slot + 1) & mask;
      taken = slots[slot];
    }
    slots[slot] = task;
  }

  /** Takes a task out that is in it. */
  void remove(Task task) {
    int mask = slots.length - 1;
    int hole = home(task.number());
    while (slots[hole] != task) {
      if (slots[hole] == null) {
        throw new IllegalStateException("there is no task " + task.number());
      }
      hole = (hole + 1) & mask;
    }
    // Whoever was pushed further by it moves up, so that no search ends at the hole.
    int next = (hole + 1) & mask;
    Task follower = slots[next];
    while (follower != null) {
      int home = home(follower.number());
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        slots[hole] = follower;
        hole = next;
      }
      next = (next + 1) & mask;
      follower = slots[next];
    }
    slots[hole] = null;
    size--;
    if (slots.length > LEAST && 8 * size < slots.length) {
      resize(slots.length / 2);
    }
  }

  /** Shows each task, in no order. Nothing may be added or taken out meanwhile. */
  void forEach(Consumer<Task> visitor) {
    for (Task task : slots) {
      if (task != null) {
        visitor.accept(task);
      }
    }
  }

  private void resize(int length) {
    @Nullable Task[] before = slots;
    slots = new @Nullable Task[length];
    for (Task task : before) {
      if (task != null) {
        place(task);
      }
    }
  }

  private int home(long number) {
    return (int) ((number * SPREAD) >>> (64 - Integer.numberOfTrailingZeros(slots.length)));
  }
}
