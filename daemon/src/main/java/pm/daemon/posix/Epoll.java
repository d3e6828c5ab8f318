package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Waits for many descriptors; epoll(7). One thread waits and reads the results; {@link #add},
 * {@link #modify} and {@link #remove} may come from any thread. A turn allocates nothing.
 */
public final class Epoll implements AutoCloseable {
  public static final int IN = 1;
  public static final int OUT = 4;
  public static final int ERR = 8;
  public static final int HUP = 0x10;
  public static final int RDHUP = 0x2000;
  public static final int ONESHOT = 1 << 30;
  public static final int EDGE_TRIGGERED = 1 << 31;

  /** For {@link #await}: until something is ready. */
  public static final long FOREVER = Long.MAX_VALUE;

  private static final int CTL_ADD = 1;
  private static final int CTL_DEL = 2;
  private static final int CTL_MOD = 3;
  private static final long NANOS_IN_SECOND = 1_000_000_000L;

  private static final long EPOLL_CREATE1 = Libc.function("epoll_create1");
  private static final long EPOLL_CTL = Libc.function("epoll_ctl");
  private static final long EPOLL_WAIT = Libc.function("epoll_wait");

  private final int fd;
  private final int maxEvents;
  private final ByteBuffer events;
  private final long eventsAddress;
  private final long timeoutAddress;
  private boolean hasPreciseWait;
  private int ready;

  private Epoll(int fd, int maxEvents, boolean tryPreciseWait) {
    this.fd = fd;
    this.maxEvents = maxEvents;
    int eventsSize = (maxEvents * Layout.EPOLL_EVENT_SIZE + 7) & ~7;
    events = ByteBuffer.allocateDirect(eventsSize + 16).order(ByteOrder.nativeOrder());
    eventsAddress = Libc.address(events);
    timeoutAddress = eventsAddress + eventsSize;
    hasPreciseWait = tryPreciseWait;
  }

  /**
   * Makes an epoll descriptor; epoll_create1(2), Linux 2.6.27.
   *
   * @param maxEvents how many are returned at most by one {@link #await}; the others come next time
   */
  public static Epoll create(int maxEvents) throws ErrnoException {
    return create(maxEvents, true);
  }

  static Epoll create(int maxEvents, boolean tryPreciseWait) throws ErrnoException {
    if (maxEvents < 1) {
      throw new IllegalArgumentException("maxEvents must be positive: " + maxEvents);
    }
    int fd = (int) Libc.call(EPOLL_CREATE1, OpenFlags.CLOEXEC);
    if (fd < 0) {
      throw new ErrnoException("epoll_create1", "", Libc.errno());
    }
    return new Epoll(fd, maxEvents, tryPreciseWait);
  }

  /** Watches a descriptor; {@code data} comes back with its events; epoll_ctl(2). */
  public void add(int watched, int eventMask, long data) throws ErrnoException {
    control(CTL_ADD, watched, eventMask, data);
  }

  /** Changes what is watched for, and arms again what was {@link #ONESHOT}; epoll_ctl(2). */
  public void modify(int watched, int eventMask, long data) throws ErrnoException {
    control(CTL_MOD, watched, eventMask, data);
  }

  /**
   * Watches a descriptor no longer; epoll_ctl(2). Events of it that the last {@link #await} already
   * returned are still there to be read.
   */
  public void remove(int watched) throws ErrnoException {
    control(CTL_DEL, watched, 0, 0);
  }

  private void control(int operation, int watched, int eventMask, long data) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    scratch.buffer().putInt(0, eventMask).putLong(Layout.EPOLL_DATA, data);
    if ((int) Libc.call(EPOLL_CTL, fd, operation, watched, scratch.address()) != 0) {
      throw ErrnoException.about("epoll_ctl", "fd", watched, Libc.errno());
    }
  }

  /**
   * Waits until something is ready; epoll_pwait2(2), Linux 5.11, precise to the nanosecond; before
   * that epoll_wait(2), with the time rounded up to the millisecond. A signal may end a limited
   * wait early.
   *
   * @param timeoutNanos how long at most; 0 or less only looks; {@link #FOREVER}
   * @return how many events can be read by {@link #events} and {@link #data}
   */
  public int await(long timeoutNanos) throws ErrnoException {
    ready = 0;
    while (true) {
      int count = hasPreciseWait ? awaitNanos(timeoutNanos) : awaitMillis(timeoutNanos);
      if (count >= 0) {
        ready = count;
        return count;
      }
      int errno = Libc.errno();
      if (errno == Errno.EINTR) {
        if (timeoutNanos != FOREVER) {
          return 0;
        }
      } else if (hasPreciseWait && (errno == Errno.ENOSYS || errno == Errno.EPERM)) {
        // EPERM: older container runtimes refuse calls that they do not know in this way.
        hasPreciseWait = false;
      } else {
        throw ErrnoException.about("epoll_wait", "fd", fd, errno);
      }
    }
  }

  private int awaitNanos(long timeoutNanos) {
    long timeout = 0;
    if (timeoutNanos != FOREVER) {
      long nanos = Math.max(timeoutNanos, 0);
      int offset = (int) (timeoutAddress - eventsAddress);
      events.putLong(offset, nanos / NANOS_IN_SECOND);
      events.putLong(offset + Long.BYTES, nanos % NANOS_IN_SECOND);
      timeout = timeoutAddress;
    }
    // The signal set is null, so that its size, a sixth argument, is not looked at.
    return (int)
        Libc.call(Libc.SYSCALL, Layout.SYS_EPOLL_PWAIT2, fd, eventsAddress, maxEvents, timeout, 0);
  }

  private int awaitMillis(long timeoutNanos) {
    int millis = -1;
    if (timeoutNanos != FOREVER) {
      long nanos = Math.max(timeoutNanos, 0);
      long roundedUp = nanos / 1_000_000 + (nanos % 1_000_000 == 0 ? 0 : 1);
      millis = (int) Math.min(roundedUp, Integer.MAX_VALUE);
    }
    return (int) Libc.call(EPOLL_WAIT, fd, eventsAddress, maxEvents, millis);
  }

  /** The events of the {@code index}-th descriptor that the last {@link #await} found ready. */
  public int events(int index) {
    return events.getInt(offset(index));
  }

  /** The data of the {@code index}-th descriptor that the last {@link #await} found ready. */
  public long data(int index) {
    return events.getLong(offset(index) + Layout.EPOLL_DATA);
  }

  private int offset(int index) {
    if (index < 0 || index >= ready) {
      throw new IndexOutOfBoundsException("event " + index + " of " + ready);
    }
    return index * Layout.EPOLL_EVENT_SIZE;
  }

  /** The descriptor itself, which is readable while something is ready. */
  public int fd() {
    return fd;
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(fd);
  }
}
