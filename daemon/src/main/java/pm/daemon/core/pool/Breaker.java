package pm.daemon.core.pool;

import pm.config.PoolSpec.BreakerSpec;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;

/**
 * Whether the attempts of a pool are worth trying.
 *
 * <pre>
 * CLOSED    -> OPEN       so many attempts in a row have failed
 * OPEN      -> HALF_OPEN  reset_after is over
 * HALF_OPEN -> CLOSED     the one that was let through has succeeded
 * HALF_OPEN -> OPEN       it has failed
 * </pre>
 *
 * <p>What began before it opened and ends later says nothing new. A trial that ends without a
 * verdict, because it was cancelled or its worker stopped, is followed by another.
 */
final class Breaker {

  enum State {
    CLOSED,
    OPEN,
    HALF_OPEN
  }

  private static final long NO_TRIAL = 0;

  private State state = State.CLOSED;
  private int failures;
  private long until = Moment.NEVER;
  private long trial = NO_TRIAL;

  State state() {
    return state;
  }

  /** Returns when it lets a trial through; {@link Moment#NEVER} if it is not open. */
  long until() {
    return until;
  }

  /** Returns how many attempts in a row have failed. */
  int failures() {
    return failures;
  }

  /** Returns whether one more may be given out. */
  boolean permits() {
    return switch (state) {
      case CLOSED -> true;
      case OPEN -> false;
      case HALF_OPEN -> trial == NO_TRIAL;
    };
  }

  /** Time has passed; returns whether it has become half-open. */
  boolean passed(long nowNanos) {
    if (state != State.OPEN || nowNanos < until) {
      return false;
    }
    state = State.HALF_OPEN;
    until = Moment.NEVER;
    trial = NO_TRIAL;
    return true;
  }

  /** A task was given out. */
  void given(long task) {
    if (state == State.HALF_OPEN) {
      trial = task;
    }
  }

  /** An attempt has succeeded; returns whether that has closed it. */
  boolean succeeded(long task) {
    switch (state) {
      case CLOSED -> failures = 0;
      case OPEN -> {}
      case HALF_OPEN -> {
        if (task == trial) {
          state = State.CLOSED;
          trial = NO_TRIAL;
          failures = 0;
          return true;
        }
      }
    }
    return false;
  }

  /** An attempt has failed; returns whether that has opened it. */
  boolean failed(long task, BreakerSpec rule, long nowNanos) {
    boolean opens =
        switch (state) {
          case CLOSED -> ++failures >= rule.failures();
          case OPEN -> false;
          case HALF_OPEN -> task == trial;
        };
    if (opens) {
      state = State.OPEN;
      trial = NO_TRIAL;
      until = Durations.after(nowNanos, Durations.nanos(rule.resetAfter()));
    }
    return opens;
  }

  /** An attempt has ended without a verdict. */
  void voided(long task) {
    if (task == trial) {
      trial = NO_TRIAL;
    }
  }
}
