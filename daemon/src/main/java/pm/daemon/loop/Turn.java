package pm.daemon.loop;

/** What the owner of the loop does around each batch of work. Called on the loop thread only. */
public interface Turn {

  /**
   * All descriptors that were ready and all posted work of this wake-up have been handled: the
   * place to keep what was decided in one write and to run the effects.
   */
  void endOfBatch();

  /**
   * Returns when {@link #timePassed()} is due, in nanoseconds of the clock that the loop was given;
   * {@link Long#MAX_VALUE} for never. Asked anew before each sleep.
   */
  long nextDeadlineNanos();

  /** The deadline has come. Followed by {@link #endOfBatch()}. */
  void timePassed();
}
