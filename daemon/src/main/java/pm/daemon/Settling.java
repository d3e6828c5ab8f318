package pm.daemon;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import pm.daemon.loop.Deadlines;

/**
 * Gives memory back that only the start needed: when nothing is on its way up any more, and once
 * again later, when something else wakes the loop: a daemon at rest is left alone. What a thousand
 * spawns, the compiler and the files of the start leave behind would else be kept for good, for a
 * daemon at rest has no other reason to look for it. Loop thread only.
 */
final class Settling {
  /** How often is looked whether the start is over. */
  private static final long LOOK_NANOS = 1_000_000_000L;

  /** The JVM keeps what its compiler had for five seconds. */
  private static final long AGAIN_NANOS = 10_000_000_000L;

  /** Who starts programs all the time has no rest to be had. */
  private static final int MOST_LOOKS = 60;

  private final Deadlines deadlines;
  private final LongSupplier nanos;
  private final BooleanSupplier isStarting;
  private final Runnable giveBack;
  private final Runnable giveBackAgain;
  private int looks;
  private long againAt = Long.MAX_VALUE;

  /**
   * Makes one.
   *
   * @param nanos the clock that the deadlines go by
   * @param isStarting whether anything is on its way up
   * @param giveBack does it
   * @param giveBackAgain does it later
   */
  Settling(
      Deadlines deadlines,
      LongSupplier nanos,
      BooleanSupplier isStarting,
      Runnable giveBack,
      Runnable giveBackAgain) {
    this.deadlines = deadlines;
    this.nanos = nanos;
    this.isStarting = isStarting;
    this.giveBack = giveBack;
    this.giveBackAgain = giveBackAgain;
  }

  /** Begins to wait for the end of the start. */
  void begin() {
    deadlines.at(nanos.getAsLong() + LOOK_NANOS, this::look);
  }

  /** The loop is awake, for whatever reason. */
  void awake() {
    if (againAt != Long.MAX_VALUE && nanos.getAsLong() >= againAt) {
      againAt = Long.MAX_VALUE;
      giveBackAgain.run();
    }
  }

  private void look() {
    looks++;
    if (!isStarting.getAsBoolean()) {
      giveBack.run();
      againAt = nanos.getAsLong() + AGAIN_NANOS;
    } else if (looks < MOST_LOOKS) {
      begin();
    }
  }
}
