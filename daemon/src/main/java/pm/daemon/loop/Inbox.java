package pm.daemon.loop;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Work for the loop thread from anywhere: bounded for others, who wait for room, unbounded for the
 * loop itself, which cannot wait for itself and posts no more than its turn makes it.
 */
final class Inbox {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Queue<Runnable> work = new ArrayDeque<>();
  private final int bound;
  private boolean closed;

  /**
   * @param bound how much may wait before posters do, at least 1
   */
  Inbox(int bound) {
    this.bound = bound;
  }

  /**
   * Adds work; waits while the inbox is full. Work for a closed inbox is dropped, for nobody is
   * left to do it.
   *
   * @throws InterruptedException if interrupted while waiting for room; nothing was added
   */
  void put(Runnable task) throws InterruptedException {
    // Only who has to wait for room is to be interrupted: at the end of the daemon all are.
    lock.lock();
    try {
      while (work.size() >= bound && !closed) {
        room.await();
      }
      if (!closed) {
        work.add(task);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Adds work whether there is room or not: for the loop thread. */
  void putAtOnce(Runnable task) {
    lock.lock();
    try {
      work.add(task);
    } finally {
      lock.unlock();
    }
  }

  /** Moves at most {@code most} pieces of work to {@code into}, oldest first. */
  void drainTo(Queue<Runnable> into, int most) {
    lock.lock();
    try {
      for (int i = 0; i < most; i++) {
        Runnable task = work.poll();
        if (task == null) {
          break;
        }
        into.add(task);
      }
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isEmpty() {
    lock.lock();
    try {
      return work.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more and frees those who wait. */
  void close() {
    lock.lock();
    try {
      closed = true;
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
