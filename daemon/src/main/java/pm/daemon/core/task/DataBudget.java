package pm.daemon.core.task;

/**
 * How much data of waiting tasks is held in memory; the rest stays in the store until it is sent.
 * Small data are held, until there is too much of them all together.
 */
final class DataBudget {
  /** Longer data are never held. */
  static final int LONGEST = 4096;

  /** All that is held. */
  static final long MOST = 2 << 20;

  /** What an array costs beside its bytes. */
  private static final int OVERHEAD = 24;

  private long most = MOST;
  private long held;

  /** Holds no data from now on. */
  void holdNothing() {
    most = 0;
  }

  /** Holds the data of a task, if there is room. */
  void hold(Task task, byte[] data) {
    int cost = data.length + OVERHEAD;
    if (data.length > 0 && data.length <= LONGEST && held + cost <= most) {
      task.data = data;
      held += cost;
    }
  }

  /** Lets go of the data of a task; returns them, or no bytes if the store has them. */
  byte[] release(Task task) {
    byte[] data = task.data;
    if (data.length > 0) {
      task.data = Task.NO_DATA;
      held -= data.length + OVERHEAD;
    }
    return data;
  }

  long held() {
    return held;
  }
}
