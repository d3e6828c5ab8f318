package pm.daemon.core.pool;

import pm.config.PoolSpec;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;

/**
 * How many workers a pool has between its bounds.
 *
 * <p>More, by a step, when the oldest task has waited too long, unless those that are starting will
 * be enough; one less for each that was idle for too long. It turns round at most once in {@code
 * scale_down.idle}, so that it does not swing. To start the first one where there is none is not
 * scaling and never waits.
 */
final class Autoscaler {

  private enum Direction {
    NONE,
    UP,
    DOWN
  }

  /**
   * What a pool looks like.
   *
   * @param ready tasks that could be given out
   * @param oldestSince since when the oldest of them has waited; {@link Moment#NEVER} for none
   * @param coming workers that are starting
   * @param present workers that are there or starting and stay
   * @param room how many more there may be at once
   */
  record Look(int ready, long oldestSince, int coming, int present, int room) {}

  private Direction last = Direction.NONE;
  private long turnedNanos = Long.MIN_VALUE / 2;
  private long grewNanos = Long.MIN_VALUE / 2;

  /** Returns how many workers are to be started now. */
  int more(Look look, PoolSpec spec, long nowNanos) {
    if (look.ready() == 0 || look.room() == 0) {
      return 0;
    }
    if (look.present() == 0) {
      return 1;
    }
    int missing = missing(look, spec);
    return missing == 0 || nowNanos < nextGrowth(look, spec)
        ? 0
        : Math.min(missing, spec.scaleUp().step());
  }

  /** Workers that would have to be started for all tasks that wait, at most as many as may be. */
  private static int missing(Look look, PoolSpec spec) {
    long uncovered = look.ready() - (long) look.coming() * spec.concurrency();
    if (uncovered <= 0) {
      return 0;
    }
    long wanted = (uncovered + spec.concurrency() - 1) / spec.concurrency();
    return (int) Math.min(wanted, Math.min(look.room(), spec.max() - look.present()));
  }

  /** Returns when there may be more; {@link Moment#NEVER} if nobody is missing. */
  long nextGrowth(Look look, PoolSpec spec) {
    if (look.ready() == 0 || look.room() == 0 || missing(look, spec) <= 0) {
      return Moment.NEVER;
    }
    long waited = Durations.nanos(spec.scaleUp().waited());
    long next = Math.max(Durations.after(look.oldestSince(), waited), grewNanos + waited);
    return last == Direction.DOWN ? Math.max(next, turnsNanos(spec)) : next;
  }

  /** Returns from when on there may be less. */
  long nextShrink(PoolSpec spec) {
    return last == Direction.UP ? turnsNanos(spec) : Long.MIN_VALUE;
  }

  private long turnsNanos(PoolSpec spec) {
    return Durations.after(turnedNanos, Durations.nanos(spec.scaleDownIdle()));
  }

  /** There are more now. */
  void grew(long nowNanos) {
    grewNanos = nowNanos;
    turn(Direction.UP, nowNanos);
  }

  /** There are less now. */
  void shrank(long nowNanos) {
    turn(Direction.DOWN, nowNanos);
  }

  private void turn(Direction direction, long nowNanos) {
    if (last != Direction.NONE && last != direction) {
      turnedNanos = nowNanos;
    }
    last = direction;
  }
}
