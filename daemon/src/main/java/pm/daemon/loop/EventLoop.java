package pm.daemon.loop;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;

/**
 * The loop: sleeps until a descriptor is ready, work is posted or a deadline comes, handles what
 * there is, and lets its {@link Turn} finish the batch. It knows nothing of what is decided.
 *
 * <p>A turn is bounded: at most {@value #MOST_READY} descriptors and {@value #MOST_POSTED} pieces
 * of posted work, then the batch ends. Descriptors come first, so work that their handlers post is
 * done in the same turn once all of them have been heard. With nothing to do it sleeps without any
 * timeout.
 *
 * <p>A handler that throws is logged and counted, and the loop goes on; one that throws {@value
 * #MOST_THROWS} times in a row is unwatched, for its descriptor would keep the loop busy for ever.
 */
public final class EventLoop implements AutoCloseable {
  /** The most descriptors handled in a turn. */
  static final int MOST_READY = 256;

  private static final int MOST_POSTED = 1024;
  private static final int MOST_THROWS = 10;
  private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

  private final Poller poller;
  private final LongSupplier clock;
  private final Inbox inbox;
  private final ArrayDeque<Runnable> taken = new ArrayDeque<>();
  private final AtomicBoolean asleep = new AtomicBoolean();
  private @Nullable Watch[] watches = new @Nullable Watch[64];
  private long batch;

  /** When time must pass next, as the turn said last. */
  private long deadline = Long.MAX_VALUE;

  private final AtomicLong failures = new AtomicLong();
  private final TurnMeter turns = new TurnMeter();
  private long turnBegan;
  private volatile boolean stopping;
  private volatile @Nullable Thread thread;

  /**
   * Makes a loop that sleeps on epoll.
   *
   * @param time the clock of the deadlines
   * @param inboxBound how much posted work may wait before posters do
   * @throws ErrnoException if the kernel grants no descriptor for it
   */
  public static EventLoop open(SystemTime time, int inboxBound) throws ErrnoException {
    return new EventLoop(EpollPoller.open(MOST_READY), time::nanos, inboxBound);
  }

  EventLoop(Poller poller, LongSupplier clock, int inboxBound) {
    this.poller = poller;
    this.clock = clock;
    this.inbox = new Inbox(inboxBound);
  }

  /**
   * Watches a descriptor, which the caller goes on owning. Loop thread only, or before {@link
   * #run}.
   *
   * @param epollEvents bits of epoll_ctl(2); EPOLLERR and EPOLLHUP are always reported
   * @throws ErrnoException if the kernel refuses: out of memory or of watches, or not a descriptor
   *     that can be polled
   * @throws IllegalStateException if it is watched already
   */
  public void watch(int fd, int epollEvents, FdHandler handler) throws ErrnoException {
    checkThread();
    if (fd >= watches.length) {
      watches = Arrays.copyOf(watches, Math.max(fd + 1, watches.length * 2));
    }
    if (watches[fd] != null) {
      throw new IllegalStateException("descriptor " + fd + " is watched already");
    }
    poller.add(fd, epollEvents);
    watches[fd] = new Watch(handler, batch);
  }

  /**
   * Watches a watched descriptor for other events, with the same handler. Loop thread only.
   *
   * @throws ErrnoException if the kernel refuses
   * @throws IllegalStateException if it is not watched
   */
  public void change(int fd, int epollEvents) throws ErrnoException {
    checkThread();
    if (!isWatched(fd)) {
      throw new IllegalStateException("descriptor " + fd + " is not watched");
    }
    poller.change(fd, epollEvents);
  }

  /**
   * Watches a descriptor no longer; nothing happens if it is not watched. To be called before it is
   * closed. What the present batch still holds for it is dropped. Loop thread only.
   */
  public void unwatch(int fd) {
    checkThread();
    if (!isWatched(fd)) {
      return;
    }
    watches[fd] = null;
    try {
      poller.remove(fd);
    } catch (ErrnoException refused) {
      throw new IllegalStateException(
          "descriptor " + fd + " was closed while it was watched", refused);
    }
  }

  /**
   * Has work done on the loop thread. Any thread: one that is not the loop's waits while the inbox
   * is full. Work posted by a handler is done in the same turn, after all handlers. Nothing is done
   * once the loop has stopped.
   *
   * @throws IllegalStateException if the caller is interrupted while it waits; nothing was posted,
   *     and the interrupt is kept
   */
  public void post(Runnable work) {
    if (isLoopThread()) {
      inbox.putAtOnce(work);
      return;
    }
    try {
      inbox.put(work);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the loop", interrupted);
    }
    if (asleep.compareAndSet(true, false)) {
      poller.wake();
    }
  }

  /**
   * Runs turns on the calling thread until {@link #stop()}. The first thing it does is to end a
   * batch, that of the work before it.
   *
   * @throws IllegalStateException if epoll itself fails, after which nothing can be heard
   */
  public void run(Turn turn) {
    thread = Thread.currentThread();
    // Made once: C1 makes each of them by a call into the virtual machine.
    Runnable endOfBatch = turn::endOfBatch;
    Runnable nextDeadline = () -> deadline = turn.nextDeadlineNanos();
    Runnable timePassed = turn::timePassed;
    try {
      guarded("end of batch", endOfBatch);
      while (!stopping) {
        turn(nextDeadline, timePassed);
        guarded("end of batch", endOfBatch);
        turns.took(clock.getAsLong() - turnBegan);
      }
    } finally {
      thread = null;
    }
  }

  private void turn(Runnable nextDeadline, Runnable timePassed) {
    batch++;
    int ready = sleep(nextDeadline);
    turnBegan = clock.getAsLong();
    handleReady(ready);
    handlePosted();
    askFor(nextDeadline);
    if (deadline != Long.MAX_VALUE && deadline <= clock.getAsLong()) {
      guarded("deadline", timePassed);
    }
  }

  /** Ends {@link #run} after the batch in hand. Any thread. */
  public void stop() {
    stopping = true;
    inbox.close();
    poller.wake();
  }

  /** Returns whether the caller is the loop thread. */
  public boolean isLoopThread() {
    return Thread.currentThread() == thread;
  }

  /** Returns how many handlers, pieces of posted work and turns have thrown. Any thread. */
  public long failures() {
    return failures.get();
  }

  /** Returns how long turns took. Loop thread only. */
  public TurnMeter turns() {
    return turns;
  }

  /**
   * Closes what the loop sleeps on; to be called after {@link #run} has returned.
   *
   * @throws ErrnoException if the kernel says so; it is closed all the same
   */
  @Override
  public void close() throws ErrnoException {
    stopping = true;
    inbox.close();
    poller.close();
  }

  private int sleep(Runnable nextDeadline) {
    askFor(nextDeadline);
    asleep.set(true);
    try {
      // Who posts now sees the flag and wakes us; who posted before is seen here.
      long timeout = stopping || !inbox.isEmpty() ? 0 : untilDeadline();
      return poller.await(timeout);
    } catch (ErrnoException broken) {
      throw new IllegalStateException("the loop cannot wait any more", broken);
    } finally {
      asleep.set(false);
    }
  }

  private long untilDeadline() {
    return deadline == Long.MAX_VALUE ? deadline : Math.max(0, deadline - clock.getAsLong());
  }

  private void askFor(Runnable nextDeadline) {
    deadline = Long.MAX_VALUE;
    guarded("next deadline", nextDeadline);
  }

  private void handleReady(int count) {
    for (int i = 0; i < count; i++) {
      int fd = poller.fd(i);
      Watch watch = fd < watches.length ? watches[fd] : null;
      // Made in this very batch, it is about another file that got the number of a closed one.
      if (watch == null || watch.batch == batch) {
        continue;
      }
      try {
        watch.handler.ready(fd, poller.events(i));
        watch.throwsInRow = 0;
      } catch (RuntimeException | Error thrown) {
        count("handler of descriptor " + fd, thrown);
        watch.throwsInRow++;
        if (watch.throwsInRow >= MOST_THROWS && watches[fd] == watch) {
          LOG.error("descriptor {} is watched no longer: its handler fails each time", fd);
          guarded("unwatch", () -> unwatch(fd));
        }
      }
    }
  }

  private void handlePosted() {
    inbox.drainTo(taken, MOST_POSTED);
    for (Runnable work = taken.poll(); work != null; work = taken.poll()) {
      guarded("posted work", work);
    }
  }

  private void guarded(String what, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException | Error thrown) {
      count(what, thrown);
    }
  }

  private void count(String what, Throwable thrown) {
    failures.incrementAndGet();
    LOG.error("{} failed; the loop goes on", what, thrown);
  }

  private boolean isWatched(int fd) {
    return fd < watches.length && watches[fd] != null;
  }

  private void checkThread() {
    if (thread != null && !isLoopThread()) {
      throw new IllegalStateException(
          "descriptors are for the loop thread, not for " + Thread.currentThread().getName());
    }
  }

  /** A watched descriptor. */
  private static final class Watch {
    final FdHandler handler;
    final long batch;
    int throwsInRow;

    Watch(FdHandler handler, long batch) {
      this.handler = handler;
      this.batch = batch;
    }
  }
}
