package pm.daemon.loop;

import com.google.errorprone.annotations.CheckReturnValue;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * A few threads for what blocks: flushing, reading files, looking through {@code /proc}. What comes
 * of it comes back as work for the loop. The threads die when they have nothing to do, so an idle
 * daemon has none of them.
 */
public final class BlockingPool implements AutoCloseable {
  private final EventLoop loop;
  private final HelperThreads threads;

  /**
   * @param loop where results go
   * @param threads the most threads
   * @param queue how much may wait for a thread; beyond it work is refused
   */
  public BlockingPool(EventLoop loop, int threads, int queue) {
    this.loop = loop;
    this.threads = new HelperThreads("blocking", threads, 0, queue);
  }

  /**
   * Has {@code work} done on a thread of the pool, and then exactly one of {@code done} and {@code
   * failed} on the loop thread. Any thread; never waits.
   *
   * @param work may block; an interrupt asks it to end, because the daemon does
   * @param failed gets what {@code work} threw, unchecked exceptions and errors included
   * @return false if the pool has too much to do, is closed, or the host grants it no thread:
   *     nothing was and will be done
   */
  @CheckReturnValue
  public <T> boolean submit(Callable<T> work, Consumer<T> done, Consumer<Throwable> failed) {
    return threads.execute(() -> loop.post(outcome(work, done, failed)));
  }

  /** Takes no more work and interrupts that in hand. */
  @Override
  public void close() {
    threads.closeNow();
  }

  private static <T> Runnable outcome(
      Callable<T> work, Consumer<T> done, Consumer<Throwable> failed) {
    try {
      T result = work.call();
      return () -> done.accept(result);
    } catch (Exception | Error thrown) {
      return () -> failed.accept(thrown);
    }
  }
}
