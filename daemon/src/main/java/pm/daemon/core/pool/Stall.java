package pm.daemon.core.pool;

import pm.config.PoolSpec;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;

/**
 * Whether a pool is stuck: tasks could be given out or are in hand while others wait, and for too
 * long none has ended and no worker has said that it gets on.
 */
final class Stall {
  private long sinceNanos = Moment.NEVER;
  private boolean isStalled;

  /** Something was given out, has ended, or gets on. */
  void moved(long nowNanos) {
    if (sinceNanos != Moment.NEVER) {
      sinceNanos = nowNanos;
      isStalled = false;
    }
  }

  /**
   * Looks whether it is stuck.
   *
   * @param isWaited whether tasks wait and nothing holds them back on purpose
   * @return whether something is to be done about it: when it has become stuck, and where it is
   *     restarted, each time when that has not helped
   */
  boolean look(boolean isWaited, PoolSpec.Stall rule, long nowNanos) {
    if (!isWaited || rule.after().isEmpty()) {
      sinceNanos = Moment.NEVER;
      isStalled = false;
      return false;
    }
    if (sinceNanos == Moment.NEVER) {
      sinceNanos = nowNanos;
    }
    if (nowNanos < nextNanos(rule)) {
      return false;
    }
    sinceNanos = nowNanos;
    isStalled = true;
    return true;
  }

  boolean isStalled() {
    return isStalled;
  }

  /** Returns when to look again; {@link Moment#NEVER} if nothing waits, or nothing follows. */
  long nextNanos(PoolSpec.Stall rule) {
    boolean isTold = isStalled && rule.action() == PoolSpec.StallAction.REPORT;
    return sinceNanos == Moment.NEVER || isTold || rule.after().isEmpty()
        ? Moment.NEVER
        : Durations.after(sinceNanos, Durations.nanos(rule.after().get()));
  }
}
