package pm.daemon.loop;

/** Has work done on the loop thread after a while. Loop thread only. */
@FunctionalInterface
public interface Later {
  /** Has it done once, so many nanoseconds from now or a little later. */
  void in(long nanos, Runnable work);
}
