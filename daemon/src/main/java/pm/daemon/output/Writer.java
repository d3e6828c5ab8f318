package pm.daemon.output;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.EventFd;

/**
 * The thread that moves output. A move to a slow disk blocks it, so it does nothing else; what is
 * asked of it is posted. With nothing printed, no file blocked and nothing posted it sleeps without
 * a limit.
 */
final class Writer implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Writer.class);

  private static final long WAKE = -1;

  private final Epoll epoll;
  private final EventFd wake;
  private final Turns turns;

  /** Holds at most a few for each invocation that lives; those who post never wait. */
  private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean isWoken = new AtomicBoolean();
  private boolean isStopping;

  /** Whether the descriptors are closed; guarded by {@link #wake}. */
  private boolean isEnded;

  /**
   * @param epoll closed by the thread when it ends
   * @param wake likewise
   */
  Writer(Epoll epoll, EventFd wake, Turns turns) throws ErrnoException {
    this.epoll = epoll;
    this.wake = wake;
    this.turns = turns;
    epoll.add(wake.fd(), Epoll.IN, WAKE);
  }

  /**
   * Has {@code work} done on the writer thread, after all that was posted before; not at all once
   * the thread has ended. Any thread.
   */
  void post(Runnable work) {
    posted.add(work);
    if (isWoken.compareAndSet(false, true)) {
      synchronized (wake) {
        if (!isEnded) {
          try {
            wake.signal();
          } catch (ErrnoException e) {
            throw new IllegalStateException("the writer of logs cannot be woken", e);
          }
        }
      }
    }
  }

  /** Has the kernel know a pipe that {@link Turns#begin} will be called for. Any thread. */
  void register(int pipe) throws ErrnoException {
    epoll.add(pipe, Epoll.EDGE_TRIGGERED, pipe);
  }

  @Override
  public void run() {
    try {
      while (!isStopping) {
        round();
      }
    } catch (ErrnoException e) {
      throw new IllegalStateException("the writer of logs cannot go on", e);
    } finally {
      end();
    }
  }

  private void end() {
    // Nobody may signal a descriptor that is closed, and that may be another's by then.
    synchronized (wake) {
      isEnded = true;
      try (epoll;
          wake) {
        posted.clear();
      } catch (ErrnoException e) {
        LOG.warn("the writer of logs: {}", e.getMessage());
      }
    }
  }

  /** Ends the thread after this round. Writer thread only. */
  void stop() {
    isStopping = true;
  }

  private void round() throws ErrnoException {
    runPosted();
    turns.round();
    if (isStopping) {
      return;
    }
    int count = epoll.await(turns.untilNextNanos());
    if (count > 0) {
      long now = System.nanoTime();
      for (int i = 0; i < count; i++) {
        long ready = epoll.data(i);
        if (ready == WAKE) {
          wake.drain();
          // From here on a poster wakes us again; what was posted before is found next.
          isWoken.set(false);
        } else {
          turns.isReady((int) ready, now);
        }
      }
    }
  }

  private void runPosted() {
    for (Runnable work = posted.poll(); work != null; work = posted.poll()) {
      try {
        work.run();
      } catch (RuntimeException e) {
        LOG.error("a request to the writer of logs failed", e);
      }
    }
  }
}
