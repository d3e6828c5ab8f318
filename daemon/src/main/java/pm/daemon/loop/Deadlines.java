package pm.daemon.loop;

import java.util.TreeSet;

/**
 * Moments at which something that is under way has taken too long. The loop sleeps no longer than
 * until {@link #next()}; without any, nothing wakes it. Loop thread only.
 */
public final class Deadlines {
  /** One moment, until it comes or is dropped. */
  public static final class Deadline implements Comparable<Deadline> {
    private final long nanos;
    private final long number;
    private final Runnable work;

    private Deadline(long nanos, long number, Runnable work) {
      this.nanos = nanos;
      this.number = number;
      this.work = work;
    }

    @Override
    public int compareTo(Deadline other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(number);
    }
  }

  private final TreeSet<Deadline> waiting = new TreeSet<>();
  private long number;

  /**
   * Has {@code work} done once at a moment, unless it is dropped before.
   *
   * @param nanos of the clock that {@link #pass} is told
   */
  public Deadline at(long nanos, Runnable work) {
    Deadline deadline = new Deadline(nanos, number++, work);
    waiting.add(deadline);
    return deadline;
  }

  /** Forgets a moment; nothing happens if it has come or is dropped already. */
  public void drop(Deadline deadline) {
    waiting.remove(deadline);
  }

  /** Returns the first moment, {@link Long#MAX_VALUE} if there is none. */
  public long next() {
    return waiting.isEmpty() ? Long.MAX_VALUE : waiting.first().nanos;
  }

  /** Does what is due; what that adds waits for the next time. */
  public void pass(long nowNanos) {
    long before = number;
    while (!waiting.isEmpty() && waiting.first().nanos <= nowNanos) {
      Deadline due = waiting.first();
      if (due.number >= before) {
        return;
      }
      waiting.remove(due);
      due.work.run();
    }
  }
}
