package pm.daemon.loop;

import com.google.errorprone.annotations.CheckReturnValue;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A few threads for work that the loop must not wait for. One is made only where none waits for
 * work, for to make it costs the caller more than to wake it; one that has waited for {@value
 * #IDLE_SECONDS} seconds ends. Any thread.
 */
public final class HelperThreads {
  private static final long IDLE_SECONDS = 2;

  private final String name;
  private final int most;
  private final int kept;
  private final int bound;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition hasWork = lock.newCondition();
  private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
  private final Set<Thread> threads = new HashSet<>();

  /** How many of them wait for work, or will when they have begun. */
  private int free;

  private int number;
  private boolean isClosed;

  /**
   * Makes no thread yet.
   *
   * @param name what its threads are called, before their number
   * @param most how many there are at once, at least 1
   * @param kept how many of them, once they were needed, wait for work without end
   * @param bound how much work may wait while all threads have some; beyond it work is refused
   */
  public HelperThreads(String name, int most, int kept, int bound) {
    this.name = name;
    this.most = most;
    this.kept = kept;
    this.bound = bound;
  }

  /**
   * Has work done, in the order of the calls. Never waits. What the work throws goes to the
   * thread's handler of uncaught exceptions, and the others go on.
   *
   * @return false if too much waits, or it is closed, or there is no thread and the host grants
   *     none: nothing was and will be done
   */
  @CheckReturnValue
  public boolean execute(Runnable work) {
    lock.lock();
    try {
      if (isClosed) {
        return false;
      }
      queue.addLast(work);
      if (queue.size() > free && threads.size() < most) {
        begin();
      }
      if (queue.size() - free > (threads.isEmpty() ? 0 : bound)) {
        queue.removeLast();
        return false;
      }
      hasWork.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void begin() {
    number++;
    Thread thread = new Thread(this::work, name + "-" + number);
    thread.setDaemon(true);
    threads.add(thread);
    try {
      thread.start();
      free++;
    } catch (OutOfMemoryError noThread) {
      // The JVM's word for a host that is out of processes or memory (RLIMIT_NPROC, pids.max).
      threads.remove(thread);
    }
  }

  private void work() {
    boolean isOver = false;
    try {
      Runnable work = take();
      while (work != null) {
        work.run();
        isFree();
        work = take();
      }
      isOver = true;
    } finally {
      if (!isOver) {
        replace();
      }
    }
  }

  /** Its thread ends by what the work has thrown. */
  private void replace() {
    lock.lock();
    try {
      threads.remove(Thread.currentThread());
      if (queue.size() > free) {
        begin();
      }
    } finally {
      lock.unlock();
    }
  }

  private void isFree() {
    lock.lock();
    try {
      free++;
    } finally {
      lock.unlock();
    }
  }

  /** Returns what is to be done next; null if the thread is to end, which is not counted then. */
  private @Nullable Runnable take() {
    lock.lock();
    try {
      long left = TimeUnit.SECONDS.toNanos(IDLE_SECONDS);
      while (queue.isEmpty() && !isClosed && (left > 0 || threads.size() <= kept)) {
        try {
          if (threads.size() <= kept) {
            hasWork.await();
          } else {
            left = hasWork.awaitNanos(left);
          }
        } catch (InterruptedException closing) {
          // Meant for work that was over by then.
          left = 0;
        }
      }
      free--;
      Runnable work = queue.poll();
      if (work == null) {
        threads.remove(Thread.currentThread());
      }
      return work;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more work; what was taken is done. */
  public void close() {
    lock.lock();
    try {
      isClosed = true;
      hasWork.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more work, drops what has not begun and interrupts the rest. */
  public void closeNow() {
    lock.lock();
    try {
      queue.clear();
      close();
      threads.forEach(Thread::interrupt);
    } finally {
      lock.unlock();
    }
  }
}
