package pm.daemon.loop;

import com.google.errorprone.annotations.CheckReturnValue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A few threads for what blocks: flushing, reading files, looking through {@code /proc}. What comes
 * of it comes back as work for the loop. The threads die when they have nothing to do, so an idle
 * daemon has none of them.
 */
public final class BlockingPool implements AutoCloseable {
  private static final long IDLE_SECONDS = 2;

  private final EventLoop loop;
  private final ThreadPoolExecutor threads;

  /**
   * @param loop where results go
   * @param threads the most threads
   * @param queue how much may wait for a thread; beyond it work is refused
   */
  public BlockingPool(EventLoop loop, int threads, int queue) {
    this.loop = loop;
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queue),
            work -> {
              Thread thread = new Thread(work, "blocking-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    this.threads.allowCoreThreadTimeOut(true);
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
    try {
      threads.execute(() -> loop.post(outcome(work, done, failed)));
      return true;
    } catch (RejectedExecutionException full) {
      return false;
    } catch (OutOfMemoryError noThread) {
      // The JVM's word for a host that is out of processes or memory (RLIMIT_NPROC, pids.max).
      return false;
    }
  }

  /** Takes no more work and interrupts that in hand. */
  @Override
  public void close() {
    threads.shutdownNow();
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
