package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A hold on one process, which stays its own when the kernel gives its pid to another; pidfd(2). It
 * is readable once the process has ended. Any thread may call.
 */
public final class PidFd implements AutoCloseable {
  private static final long PID_FILE_SYSTEM = 0x50494446L;
  private static final int SIGNAL_PROCESS_GROUP = 4;
  private static final long INFO_EXIT = 1 << 3;

  private static final long FSTATFS = Libc.function("fstatfs");
  private static final long IOCTL = Libc.function("ioctl");

  private final int fd;
  private final int pid;

  private PidFd(int fd, int pid) {
    this.fd = fd;
    this.pid = pid;
  }

  /**
   * Takes hold of a process, a zombie too; pidfd_open(2), Linux 5.3. ESRCH if there is none, also
   * where the number is that of a thread: ENOENT of the kernel since Linux 6.9, EINVAL before. For
   * a pid that was read from somewhere: open first, then check that it is the one that was meant.
   */
  public static PidFd open(int pid) throws ErrnoException {
    int fd = (int) Libc.call(Libc.SYSCALL, Layout.SYS_PIDFD_OPEN, pid, 0);
    if (fd < 0) {
      int errno = Libc.errno();
      boolean isThread = errno == Errno.ENOENT || errno == Errno.EINVAL;
      throw ErrnoException.about("pidfd_open", "pid", pid, isThread ? Errno.ESRCH : errno);
    }
    return new PidFd(fd, pid);
  }

  /** The descriptor to watch: readable once the process has ended. */
  public int fd() {
    return fd;
  }

  /** The pid that it was opened for; once that process is reaped, it may be another's. */
  public int pid() {
    return pid;
  }

  /**
   * Sends a signal to the process; pidfd_send_signal(2), Linux 5.1. ESRCH if it is reaped; a zombie
   * takes it without effect. Signal 0 only asks.
   */
  public void send(int signal) throws ErrnoException {
    if ((int) Libc.call(Libc.SYSCALL, Layout.SYS_PIDFD_SEND_SIGNAL, fd, signal, 0, 0) != 0) {
      throw ErrnoException.about("pidfd_send_signal", "pid", pid, Libc.errno());
    }
  }

  /**
   * Sends a signal to the process group that this process leads; PIDFD_SIGNAL_PROCESS_GROUP of
   * pidfd_send_signal(2), Linux 6.9. It reaches what is left of the group also when the leader is
   * reaped; ESRCH if nothing is left, where a zombie counts as something.
   *
   * @return false if this kernel cannot, and nothing was sent
   */
  public boolean sendGroup(int signal) throws ErrnoException {
    Signals.check(signal);
    int result =
        (int)
            Libc.call(
                Libc.SYSCALL, Layout.SYS_PIDFD_SEND_SIGNAL, fd, signal, 0, SIGNAL_PROCESS_GROUP);
    if (result == 0) {
      return true;
    }
    int errno = Libc.errno();
    if (errno == Errno.EINVAL || errno == Errno.ENOSYS) {
      return false;
    }
    throw ErrnoException.about("pidfd_send_signal", "group of pid", pid, errno);
  }

  /**
   * Returns a number that no other process of this boot has; the inode of fstat(2) on a pidfd,
   * Linux 6.9. Empty before that, where all pidfds share one.
   */
  public OptionalLong inode() throws ErrnoException {
    Scratch scratch = Scratch.mine();
    if ((int) Libc.call(FSTATFS, fd, scratch.address()) != 0) {
      throw ErrnoException.about("fstatfs", "pidfd of pid", pid, Libc.errno());
    }
    boolean hasOwnInode = scratch.buffer().getLong(0) == PID_FILE_SYSTEM;
    return hasOwnInode ? OptionalLong.of(Fd.status(fd).inode()) : OptionalLong.empty();
  }

  /**
   * Returns how a process that is ended and reaped, by whomever, has ended, as {@link
   * WaitStatus#fromRaw} reads it; PIDFD_GET_INFO of ioctl(2), Linux 6.15. Empty before the process
   * is reaped, and on kernels that do not tell.
   */
  public OptionalInt exitInfo() throws ErrnoException {
    Scratch scratch = Scratch.mine();
    ByteBuffer info = scratch.buffer();
    scratch.clear(Layout.PIDFD_INFO_SIZE);
    info.putLong(0, INFO_EXIT);
    if ((int) Libc.call(IOCTL, fd, Layout.PIDFD_GET_INFO, scratch.address()) != 0) {
      int errno = Libc.errno();
      return switch (errno) {
        // Kernels before 6.15 do not know the request, or only that of a living process.
        case Errno.ENOTTY, Errno.EINVAL, Errno.ESRCH -> OptionalInt.empty();
        default -> throw ErrnoException.about("ioctl", "pidfd of pid", pid, errno);
      };
    }
    boolean tells = (info.getLong(0) & INFO_EXIT) != 0;
    return tells ? OptionalInt.of(info.getInt(Layout.PIDFD_INFO_EXIT_CODE)) : OptionalInt.empty();
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(fd);
  }
}
