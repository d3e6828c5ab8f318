package pm.daemon.core.pool;

import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Durations;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView.Intake;
import pm.daemon.core.task.Task;

/** Pairs tasks that wait with workers that may have one more, unless something holds them back. */
final class Dispatcher {

  /** What holds back all tasks of a pool. */
  enum Hold {
    NOTHING,
    SHUTDOWN,
    STORE,
    UNDEFINED,
    PAUSED,
    BREAKER,
    THROTTLE
  }

  private final Attempts attempts;
  private final Throttle throttle;
  private boolean isEnding;
  private String storeTrouble = "";

  Dispatcher(Attempts attempts, Throttle throttle) {
    this.attempts = attempts;
    this.throttle = throttle;
  }

  /** The daemon ends: nothing more is given out. */
  void end() {
    isEnding = true;
  }

  boolean isEnding() {
    return isEnding;
  }

  /** Tasks cannot be kept, and what cannot be kept is not given out; empty if they can. */
  void trouble(String why) {
    storeTrouble = why;
  }

  String trouble() {
    return storeTrouble;
  }

  /** Returns what holds back the tasks of a pool. */
  Hold hold(Pool pool, long nowNanos) {
    if (isEnding) {
      return Hold.SHUTDOWN;
    }
    if (!storeTrouble.isEmpty()) {
      return Hold.STORE;
    }
    if (!pool.isDefined()) {
      return Hold.UNDEFINED;
    }
    if (pool.intake == Intake.PAUSED) {
      return Hold.PAUSED;
    }
    if (!pool.breaker.permits()) {
      return Hold.BREAKER;
    }
    return throttle.isAbove(pool.spec().throttle(), nowNanos) ? Hold.THROTTLE : Hold.NOTHING;
  }

  /** Tells what holds back the tasks of a pool; empty where nothing does. */
  String inWords(Pool pool, long nowNanos) {
    return switch (hold(pool, nowNanos)) {
      case NOTHING -> "";
      case SHUTDOWN -> "the daemon ends";
      case STORE -> "tasks cannot be kept: " + storeTrouble;
      case UNDEFINED -> "there is no program " + pool.name() + " with a pool any more";
      case PAUSED -> "it is paused";
      case BREAKER -> breaker(pool, nowNanos);
      case THROTTLE -> throttle.inWords(pool.spec().throttle());
    };
  }

  private static String breaker(Pool pool, long nowNanos) {
    return switch (pool.breaker.state()) {
      case OPEN ->
          "its breaker is open, it tries one task in "
              + Durations.told(pool.breaker.until() - nowNanos);
      case HALF_OPEN -> "its breaker is half-open, one task is tried";
      case CLOSED -> throw new IllegalStateException("a closed breaker holds nothing back");
    };
  }

  /** Gives out what can be given out. */
  void dispatch(Pool pool, Moment now, Turn turn) {
    if (pool.open.size() == 0
        || pool.tasks.waiting().ready() == 0
        || hold(pool, now.nanos()) != Hold.NOTHING) {
      return;
    }
    long nanos = now.nanos();
    long millis = now.wall().toEpochMilli();
    pool.stall.moved(nanos);
    while (pool.open.size() > 0 && pool.breaker.permits()) {
      Task task = pool.tasks.waiting().first(nanos, pool.agingNanos());
      if (task == null) {
        return;
      }
      Worker worker = pool.strategy().pick(pool.open);
      pool.breaker.given(task.number());
      attempts.begin(pool, worker, task, now, millis, turn);
    }
  }
}
