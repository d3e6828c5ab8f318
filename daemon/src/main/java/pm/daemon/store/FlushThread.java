package pm.daemon.store;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread for what waits for the disk. It is there only while there is something to do, and a
 * moment longer, for under load the next request is near.
 */
final class FlushThread implements Flusher {
  private static final Logger LOG = LoggerFactory.getLogger(FlushThread.class);
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final String name;
  private final BooleanSupplier work;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean asked;
  private boolean alive;
  private boolean closed;

  /**
   * @param name of the thread
   * @param work does something on the thread; returns false if there was nothing to do
   */
  FlushThread(String name, BooleanSupplier work) {
    this.name = name;
    this.work = work;
  }

  @Override
  public boolean ask() {
    lock.lock();
    try {
      asked = true;
      if (alive) {
        changed.signalAll();
        return true;
      }
      Thread thread = new Thread(this::run, name);
      thread.setDaemon(true);
      thread.start();
      alive = true;
      return true;
    } catch (OutOfMemoryError noThread) {
      // The JVM's word for a host that is out of processes or memory (RLIMIT_NPROC, pids.max).
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (isAsked()) {
      try {
        boolean more = true;
        while (more) {
          more = work.getAsBoolean();
        }
      } catch (RuntimeException | Error e) {
        // It must not end with requests that nobody looks at: the next one is tried as ever.
        LOG.error("a mistake beside the flushing of tasks", e);
      }
    }
  }

  /** Waits for a request; false if none comes, and then the thread is gone for all others. */
  private boolean isAsked() {
    lock.lock();
    try {
      long left = LINGER_NANOS;
      while (!asked && left > 0 && !closed) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      // Nobody has a reason to; it only makes the thread end a little earlier.
      LOG.debug("interrupted", e);
    } finally {
      lock.unlock();
    }
    return takesOrEnds();
  }

  private boolean takesOrEnds() {
    lock.lock();
    try {
      boolean result = asked;
      asked = false;
      if (!result) {
        alive = false;
        changed.signalAll();
      }
      return result;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      while (alive) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
