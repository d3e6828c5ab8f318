package pm.daemon.store;

/** Has something done later on the loop thread, without a thread that waits for it. */
public interface TaskTimer {
  /** Runs {@code work} on the loop thread after so many nanoseconds. */
  void after(long nanos, Runnable work);
}
