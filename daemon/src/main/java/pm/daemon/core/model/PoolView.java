package pm.daemon.core.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.config.PoolSpec;

/**
 * What is shown of a pool.
 *
 * @param name that of its program
 * @param spec its rules in force
 * @param intake whether it takes tasks in and gives them out
 * @param breaker {@code closed}, {@code open} or {@code half-open}
 * @param breakerUntil when an open breaker lets a trial through, monotonic; {@link Moment#NEVER} if
 *     it is not open
 * @param held why nothing is dispatched although there are tasks, in words; empty where that is not
 *     so
 * @param depth tasks that wait, by the level they have risen to; those that wait for their time are
 *     among them
 * @param delayed how many of these wait for their time
 * @param running tasks in hand
 * @param oldestWaitNanos how long the oldest task that could be dispatched has waited; 0 for none
 * @param isStalled whether its queue is not empty and nothing has ended for too long
 * @param workers its slots, ascending
 * @param counts totals since this daemon began, by name: {@code submitted}, {@code succeeded},
 *     {@code failed}, {@code timed_out}, {@code cancelled}, {@code attempts}, {@code retried},
 *     {@code lost} (leases that ended with their worker), {@code stale} (results that came too
 *     late), {@code refused_full}
 * @param waits how long tasks waited before their first attempt
 * @param runs how long attempts lasted
 */
public record PoolView(
    String name,
    PoolSpec spec,
    Intake intake,
    String breaker,
    long breakerUntil,
    Optional<String> held,
    Map<Priority, Integer> depth,
    int delayed,
    int running,
    long oldestWaitNanos,
    boolean isStalled,
    List<Worker> workers,
    Map<String, Long> counts,
    Histogram waits,
    Histogram runs) {

  /** Whether a pool takes tasks in and gives them out. */
  public enum Intake {
    /** Both. */
    OPEN,
    /** It takes in, and gives out nothing. */
    PAUSED,
    /** It gives out, and takes in nothing. */
    DRAINING,
    /** Neither: its program is gone, or has no pool any more, and tasks of it are left. */
    REMOVED
  }

  /**
   * One slot.
   *
   * @param state its state as users see it
   * @param inHand tasks that it has in hand
   * @param done tasks that this invocation has ended
   */
  public record Worker(InstanceName instance, InstanceState state, int inHand, long done) {}

  /**
   * How often something lasted how long.
   *
   * @param bounds upper bounds in seconds, ascending
   * @param counts how many were within each bound and above the one before; one more than there are
   *     bounds, for those above all
   * @param sumSeconds of all
   */
  public record Histogram(List<Double> bounds, List<Long> counts, double sumSeconds) {
    public Histogram {
      bounds = List.copyOf(bounds);
      counts = List.copyOf(counts);
    }
  }
}
