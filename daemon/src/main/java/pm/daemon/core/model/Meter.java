package pm.daemon.core.model;

/**
 * What is known of the use of an instance whose limits are watched rather than enforced.
 *
 * @param nextAt when it is read next; {@link Moment#NEVER} where nothing is watched
 * @param readAt when its processor time was read last; {@link Moment#NEVER} before the first time
 * @param cpuNanos its processor time then
 * @param overMemory whether it was over its memory at the last reading
 * @param overCpu whether it was over its share of the processors
 * @param overTasks whether it had too many tasks
 */
public record Meter(
    long nextAt,
    long readAt,
    long cpuNanos,
    boolean overMemory,
    boolean overCpu,
    boolean overTasks) {

  /** Watches nothing. */
  public static final Meter OFF = from(Moment.NEVER);

  /** Returns one that reads first at {@code nanos}. */
  public static Meter from(long nanos) {
    return new Meter(nanos, Moment.NEVER, 0, false, false, false);
  }

  /** Returns this one with another time of the next reading. */
  public Meter next(long nanos) {
    return new Meter(nanos, readAt, cpuNanos, overMemory, overCpu, overTasks);
  }
}
