package pm.daemon.core.pool;

import java.util.OptionalInt;
import pm.config.PoolSpec;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Moment;

/**
 * How loaded the machine is, and whether that is too much for a pool.
 *
 * <p>It is looked at only while tasks wait for whom it matters, once a second. An old look says
 * nothing: what waits then is given out, and the next look follows at once.
 */
final class Throttle {
  static final long INTERVAL_NANOS = 1_000_000_000L;

  /** So long a look counts. */
  static final long FRESH_NANOS = 5 * INTERVAL_NANOS;

  private double cpuPercent = -1;
  private double memoryPercent = -1;
  private long lookedNanos = Long.MIN_VALUE / 2;
  private long askedNanos = Long.MIN_VALUE / 2;

  /** Returns whether it is to be looked at now, and takes it that it is. */
  boolean asks(long nowNanos) {
    if (nowNanos - askedNanos < INTERVAL_NANOS) {
      return false;
    }
    askedNanos = nowNanos;
    return true;
  }

  /** Returns when it is to be looked at next, while tasks wait. */
  long nextNanos() {
    return askedNanos + INTERVAL_NANOS;
  }

  void looked(TaskReport.Load load, Moment now) {
    cpuPercent = load.cpuPercent();
    memoryPercent = load.memoryPercent();
    lookedNanos = now.nanos();
  }

  /** Returns whether the machine uses more than these rules allow. */
  boolean isAbove(PoolSpec.Throttle rule, long nowNanos) {
    return rule.isAny()
        && nowNanos - lookedNanos < FRESH_NANOS
        && (isAbove(cpuPercent, rule.cpuPercent()) || isAbove(memoryPercent, rule.memoryPercent()));
  }

  private static boolean isAbove(double percent, OptionalInt most) {
    return most.isPresent() && percent > most.getAsInt();
  }

  /** Tells what is too much: {@code the machine uses 97% of cpu, more than 90%}. */
  String inWords(PoolSpec.Throttle rule) {
    return isAbove(cpuPercent, rule.cpuPercent())
        ? inWords("cpu", cpuPercent, rule.cpuPercent())
        : inWords("memory", memoryPercent, rule.memoryPercent());
  }

  private static String inWords(String what, double percent, OptionalInt most) {
    return "the machine uses "
        + Math.round(percent)
        + "% of "
        + what
        + ", more than "
        + most.orElse(100)
        + "%";
  }
}
