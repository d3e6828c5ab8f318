package pm.daemon.loop;

/**
 * How long turns of the loop took, from the wake-up to the end of the batch: what comes meanwhile
 * waits as long. Counting one makes nothing and asks nothing. Loop thread only.
 */
public final class TurnMeter {
  /** Upper bounds in nanoseconds, ascending; one more place counts what is above all. */
  private static final long[] BOUNDS = {
    10_000,
    30_000,
    100_000,
    300_000,
    1_000_000,
    3_000_000,
    10_000_000,
    30_000_000,
    100_000_000,
    300_000_000,
    1_000_000_000,
  };

  private final long[] counts = new long[BOUNDS.length + 1];
  private long sumNanos;

  void took(long nanos) {
    int place = 0;
    while (place < BOUNDS.length && nanos > BOUNDS[place]) {
      place++;
    }
    counts[place]++;
    sumNanos += nanos;
  }

  /** Returns the upper bounds in nanoseconds, ascending. */
  public long[] boundsNanos() {
    return BOUNDS.clone();
  }

  /**
   * Returns how many turns were within each bound and above the one before; one more than there are
   * bounds, for those above all.
   */
  public long[] counts() {
    return counts.clone();
  }

  /** Returns how long all of them took together, in nanoseconds. */
  public long sumNanos() {
    return sumNanos;
  }
}
