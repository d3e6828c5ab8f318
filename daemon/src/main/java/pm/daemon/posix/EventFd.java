package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Wakes a thread that waits in an {@link Epoll}; eventfd(2), Linux 2.6.27. */
public final class EventFd implements AutoCloseable {
  private static final long EVENTFD = Libc.function("eventfd");
  private static final long READ = Libc.function("read");
  private static final long WRITE = Libc.function("write");

  private final int fd;

  /** The number one, then room for the counter that {@link #drain} reads. */
  private final ByteBuffer memory;

  private final long address;

  private EventFd(int fd) {
    this.fd = fd;
    memory = ByteBuffer.allocateDirect(2 * Long.BYTES).order(ByteOrder.nativeOrder());
    memory.putLong(0, 1);
    address = Libc.address(memory);
  }

  public static EventFd create() throws ErrnoException {
    int fd = (int) Libc.call(EVENTFD, 0, OpenFlags.CLOEXEC | OpenFlags.NONBLOCK);
    if (fd < 0) {
      throw new ErrnoException("eventfd", "", Libc.errno());
    }
    return new EventFd(fd);
  }

  /** The descriptor to watch: readable from {@link #signal} to {@link #drain}. */
  public int fd() {
    return fd;
  }

  /** Makes the descriptor readable. Any thread; many signals before a drain are one. */
  public void signal() throws ErrnoException {
    // EAGAIN is a full counter: the descriptor is readable already.
    transfer("write", WRITE, address);
  }

  /** Makes the descriptor unreadable, if it is not already. Only the thread that waits. */
  public void drain() throws ErrnoException {
    transfer("read", READ, address + Long.BYTES);
  }

  private void transfer(String call, long function, long at) throws ErrnoException {
    while (Libc.call(function, fd, at, Long.BYTES) < 0) {
      int errno = Libc.errno();
      if (errno == Errno.EAGAIN) {
        return;
      }
      if (errno != Errno.EINTR) {
        throw ErrnoException.about(call, "fd", fd, errno);
      }
    }
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(fd);
  }
}
