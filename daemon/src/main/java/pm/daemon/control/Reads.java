package pm.daemon.control;

import com.google.errorprone.annotations.CheckReturnValue;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import pm.daemon.core.model.Moment;
import pm.daemon.loop.BlockingPool;

/**
 * What clients have read, measured or looked up off the loop. Only a little more is under way than
 * there are threads for it: who comes then waits for a turn, and what an answer is made of is
 * gathered only when it has come. Loop thread only.
 */
final class Reads {
  /** After so long it is tried again where there was no thread to be had. */
  private static final long RETRY_NANOS = 1_000_000_000L;

  private final BlockingPool pool;
  private final ArrayDeque<Runnable> calls = new ArrayDeque<>();
  private final ArrayDeque<Runnable> streams = new ArrayDeque<>();
  private boolean isStreamNext;
  private int underWay;
  private long retryAt = Moment.NEVER;

  Reads(BlockingPool pool) {
    this.pool = pool;
  }

  /** Returns whether it is somebody's turn at once. */
  boolean hasRoom() {
    return underWay < Bounds.READS;
  }

  /**
   * Has a call wait for its turn.
   *
   * @return false if too many wait
   */
  @CheckReturnValue
  boolean await(Runnable call) {
    return calls.size() < Bounds.WAITING_READS && calls.add(call);
  }

  /** Has a stream go on when it is its turn. There are no more of them than subscriptions. */
  void awaitStream(Moment now, Runnable stream) {
    streams.add(stream);
    if (underWay == 0) {
      // The host grants no thread, and nothing tells us when it does again.
      retryAt = Math.min(retryAt, now.nanos() + RETRY_NANOS);
    }
  }

  /**
   * As {@link BlockingPool#submit}.
   *
   * @return false if there is no thread for it: nothing was and will be done
   */
  @CheckReturnValue
  <T> boolean submit(Callable<T> work, Consumer<T> done, Consumer<Throwable> failed) {
    boolean taken =
        pool.submit(
            work,
            result -> ended(() -> done.accept(result)),
            thrown -> ended(() -> failed.accept(thrown)));
    if (taken) {
      underWay++;
    }
    return taken;
  }

  private void ended(Runnable last) {
    underWay--;
    try {
      last.run();
    } finally {
      goOn();
    }
  }

  private void goOn() {
    // Who finds no thread waits again, and not in this round.
    for (int i = calls.size() + streams.size(); i > 0 && hasRoom() && isAwaited(); i--) {
      next().run();
    }
  }

  private boolean isAwaited() {
    return !calls.isEmpty() || !streams.isEmpty();
  }

  /** By turns, for a stream comes again and again. */
  private Runnable next() {
    boolean isStream = calls.isEmpty() || (isStreamNext && !streams.isEmpty());
    isStreamNext = !isStream;
    return isStream ? streams.remove() : calls.remove();
  }

  /** Something has happened, or it is time to try again. */
  void look(Moment now) {
    if (now.nanos() >= retryAt) {
      retryAt = Moment.NEVER;
      goOn();
    }
  }

  /** Returns when it is to be tried again; NEVER if nobody waits for that. */
  long nextDeadline() {
    return retryAt;
  }
}
