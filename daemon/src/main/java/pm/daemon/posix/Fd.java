package pm.daemon.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.OptionalInt;

/**
 * Calls about one descriptor, an {@code int} that exactly one owner closes. Any thread may call;
 * buffers must be direct.
 */
public final class Fd {
  /** What a call on a non-blocking descriptor returns instead of waiting (EAGAIN). */
  public static final int WOULD_BLOCK = -1;

  /** Something to read, or the end; for {@link #poll}. */
  public static final int POLLIN = 1;

  /** Room to write; for {@link #poll}. */
  public static final int POLLOUT = 4;

  /** An error is pending; always reported by {@link #poll}. */
  public static final int POLLERR = 8;

  /** The other side is gone; always reported by {@link #poll}. */
  public static final int POLLHUP = 16;

  private static final int F_SETFD = 2;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int F_SETPIPE_SZ = 1031;
  private static final int F_GETPIPE_SZ = 1032;
  private static final int SEEK_SET = 0;
  private static final int SEEK_END = 2;
  private static final int LOCK_EX_NB = 2 | 4;
  private static final int FIONREAD = 0x541b;
  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int RESOLVE_NO_SYMLINKS = 4;
  private static final int STATX_BTIME = 0x800;
  private static final int UTIME_OMIT = 0x3ffffffe;
  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;
  private static final int MFD_CLOEXEC = 1;
  private static final int SPLICE_F_MOVE = 1;
  private static final int SPLICE_F_NONBLOCK = 2;

  private static final long OPEN = Libc.function("open");
  private static final long CLOSE = Libc.function("close");
  private static final long READ = Libc.function("read");
  private static final long PREAD = Libc.function("pread");
  private static final long WRITE = Libc.function("write");
  private static final long PWRITE = Libc.function("pwrite");
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final long SOCKETPAIR = Libc.function("socketpair");
  private static final long PIPE2 = Libc.function("pipe2");
  private static final long FCNTL = Libc.function("fcntl");
  private static final long IOCTL = Libc.function("ioctl");
  private static final long FCHOWN = Libc.function("fchown");
  private static final long FCHMOD = Libc.function("fchmod");
  private static final long FSTAT = Libc.function("fstat");
  private static final long STATX = Libc.function("statx");
  private static final long FUTIMENS = Libc.function("futimens");
  private static final long FSYNC = Libc.function("fsync");
  private static final long FDATASYNC = Libc.function("fdatasync");
  private static final long LSEEK = Libc.function("lseek");
  private static final long FTRUNCATE = Libc.function("ftruncate");
  private static final long FALLOCATE = Libc.function("fallocate");
  private static final long MEMFD_CREATE = Libc.function("memfd_create");
  private static final long FLOCK = Libc.function("flock");
  private static final long PPOLL = Libc.function("ppoll");
  private static final long SPLICE = Libc.function("splice");
  private static final long TEE = Libc.function("tee");

  private Fd() {}

  /** The two ends of a pipe. */
  public record Pipe(int readEnd, int writeEnd) {}

  /**
   * Opens a file; open(2).
   *
   * @param flags of {@link OpenFlags}
   * @param mode permissions of a file that is created, before the umask
   */
  public static int open(String path, int flags, int mode) throws ErrnoException {
    long name = Scratch.mine().path("open", path);
    while (true) {
      int fd = (int) Libc.call(OPEN, name, flags | OpenFlags.CLOEXEC, mode);
      if (fd >= 0) {
        return fd;
      }
      int errno = Libc.errno();
      if (errno != Errno.EINTR) {
        throw new ErrnoException("open", path, errno);
      }
    }
  }

  /**
   * Opens a file to which no symbolic link leads, by its path from {@code /}; openat2(2), Linux
   * 5.6.
   *
   * @param flags of {@link OpenFlags}, nothing that makes a file
   * @return empty if there is a link on the way, the file cannot be opened, or this kernel, or who
   *     filters its calls, does not offer that
   */
  public static OptionalInt openWithoutLinks(String path, int flags) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    long name = scratch.path("openat2", path);
    scratch
        .buffer()
        .putLong(0, flags | OpenFlags.CLOEXEC)
        .putLong(Long.BYTES, 0)
        .putLong(2 * Long.BYTES, RESOLVE_NO_SYMLINKS);
    int fd =
        (int)
            Libc.call(
                Libc.SYSCALL,
                Layout.SYS_OPENAT2,
                AT_FDCWD,
                name,
                scratch.address(),
                3 * Long.BYTES);
    return fd >= 0 ? OptionalInt.of(fd) : OptionalInt.empty();
  }

  /**
   * Closes a descriptor; close(2). It is gone even if this throws, so it is never tried again; an
   * interruption is no failure.
   */
  public static void close(int fd) throws ErrnoException {
    if ((int) Libc.call(CLOSE, fd) != 0) {
      int errno = Libc.errno();
      if (errno != Errno.EINTR) {
        throw failed("close", fd, errno);
      }
    }
  }

  /**
   * Reads into a direct buffer from its position on and moves the position; read(2).
   *
   * @return the bytes read, 0 at the end, {@link #WOULD_BLOCK} if there is nothing yet
   */
  public static int read(int fd, ByteBuffer into) throws ErrnoException {
    return transfer("read", READ, fd, into);
  }

  /**
   * Writes a direct buffer's remaining bytes, or the first of them, and moves its position;
   * write(2). A broken pipe is an EPIPE here, never a signal.
   *
   * @return the bytes written, or {@link #WOULD_BLOCK} if there is no room
   */
  public static int write(int fd, ByteBuffer from) throws ErrnoException {
    return transfer("write", WRITE, fd, from);
  }

  /** Writes all of a direct buffer's remaining bytes to a blocking descriptor; write(2). */
  public static void writeFully(int fd, ByteBuffer from) throws ErrnoException {
    while (from.hasRemaining()) {
      if (write(fd, from) == WOULD_BLOCK) {
        throw failed("write", fd, Errno.EAGAIN);
      }
    }
  }

  /**
   * Reads at an offset without moving the file's own; pread(2).
   *
   * @return the bytes read, 0 at the end
   */
  public static int readAt(int fd, ByteBuffer into, long offset) throws ErrnoException {
    return transferAt("pread", PREAD, fd, into, offset);
  }

  /**
   * Writes a direct buffer's remaining bytes, or the first of them, at an offset without moving the
   * file's own; pwrite(2). The file must not be open with O_APPEND.
   *
   * @return the bytes written
   */
  public static int writeAt(int fd, ByteBuffer from, long offset) throws ErrnoException {
    return transferAt("pwrite", PWRITE, fd, from, offset);
  }

  private static int transferAt(String call, long function, int fd, ByteBuffer buffer, long offset)
      throws ErrnoException {
    int position = buffer.position();
    long address = Libc.address(buffer) + position;
    while (true) {
      long count;
      try {
        count = Libc.call(function, fd, address, buffer.remaining(), offset);
      } finally {
        Reference.reachabilityFence(buffer);
      }
      if (count >= 0) {
        buffer.position(position + (int) count);
        return (int) count;
      }
      int errno = Libc.errno();
      if (errno != Errno.EINTR) {
        throw failed(call, fd, errno);
      }
    }
  }

  private static int transfer(String call, long function, int fd, ByteBuffer buffer)
      throws ErrnoException {
    int position = buffer.position();
    long address = Libc.address(buffer) + position;
    while (true) {
      long count;
      try {
        count = Libc.call(function, fd, address, buffer.remaining());
      } finally {
        Reference.reachabilityFence(buffer);
      }
      if (count >= 0) {
        buffer.position(position + (int) count);
        return (int) count;
      }
      int errno = Libc.errno();
      if (errno == Errno.EAGAIN) {
        return WOULD_BLOCK;
      }
      if (errno != Errno.EINTR) {
        throw failed(call, fd, errno);
      }
    }
  }

  /** Two sockets that are connected with each other. */
  record Pair(int one, int other) {}

  /** Makes a pair of blocking stream sockets; socketpair(2). */
  static Pair socketPair() throws ErrnoException {
    Scratch scratch = Scratch.mine();
    int type = SOCK_STREAM | OpenFlags.CLOEXEC;
    if ((int) Libc.call(SOCKETPAIR, AF_UNIX, type, 0, scratch.address()) != 0) {
      throw new ErrnoException("socketpair", "", Libc.errno());
    }
    return new Pair(scratch.buffer().getInt(0), scratch.buffer().getInt(4));
  }

  /** Makes a pipe; pipe2(2). Both ends share {@code flags}: 0 or {@link OpenFlags#NONBLOCK}. */
  public static Pipe pipe(int flags) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    if ((int) Libc.call(PIPE2, scratch.address(), flags | OpenFlags.CLOEXEC) != 0) {
      throw new ErrnoException("pipe2", "", Libc.errno());
    }
    return new Pipe(scratch.buffer().getInt(0), scratch.buffer().getInt(4));
  }

  /** Returns a pipe's capacity in bytes; F_GETPIPE_SZ of fcntl(2), Linux 2.6.35. */
  public static int pipeSize(int fd) throws ErrnoException {
    return fcntl(fd, F_GETPIPE_SZ, 0);
  }

  /**
   * Asks for a pipe's capacity; F_SETPIPE_SZ of fcntl(2), Linux 2.6.35. EPERM if it is over the
   * user's share and CAP_SYS_RESOURCE is missing; EBUSY if more than that is in the pipe.
   *
   * @return the capacity in force, at least {@code bytes}
   */
  public static int setPipeSize(int fd, int bytes) throws ErrnoException {
    return fcntl(fd, F_SETPIPE_SZ, bytes);
  }

  /** Returns another descriptor, at least 3, of the same open file; F_DUPFD_CLOEXEC of fcntl(2). */
  public static int duplicate(int fd) throws ErrnoException {
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
  }

  /** Sets or clears O_NONBLOCK of the open file, which all its descriptors share; fcntl(2). */
  public static void setNonBlocking(int fd, boolean nonBlocking) throws ErrnoException {
    int flags = fcntl(fd, F_GETFL, 0);
    int wanted = nonBlocking ? flags | OpenFlags.NONBLOCK : flags & ~OpenFlags.NONBLOCK;
    if (wanted != flags) {
      fcntl(fd, F_SETFL, wanted);
    }
  }

  /** Sets or clears FD_CLOEXEC of this descriptor; fcntl(2). */
  public static void closeOnExec(int fd, boolean close) throws ErrnoException {
    // FD_CLOEXEC is the only flag of a descriptor.
    fcntl(fd, F_SETFD, close ? 1 : 0);
  }

  private static int fcntl(int fd, int command, long argument) throws ErrnoException {
    int result = (int) Libc.call(FCNTL, fd, command, argument);
    if (result < 0) {
      throw failed("fcntl", fd, Libc.errno());
    }
    return result;
  }

  /** Changes the owner; -1 leaves one as it is; fchown(2). */
  public static void chown(int fd, int uid, int gid) throws ErrnoException {
    check("fchown", fd, (int) Libc.call(FCHOWN, fd, uid, gid));
  }

  /** Changes the permissions, untouched by the umask; fchmod(2). */
  public static void chmod(int fd, int mode) throws ErrnoException {
    check("fchmod", fd, (int) Libc.call(FCHMOD, fd, mode));
  }

  /** Returns what the kernel knows of the open file; fstat(2). */
  public static FileStatus status(int fd) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    check("fstat", fd, (int) Libc.call(FSTAT, fd, scratch.address()));
    return FileStatus.from(scratch.buffer());
  }

  /**
   * Returns when the file was made, in nanoseconds since 1970; 0 if its file system does not tell;
   * statx(2), Linux 4.11.
   */
  public static long bornNanos(int fd) {
    Scratch scratch = Scratch.mine();
    long result;
    try {
      long self = scratch.path("statx", "");
      result = (int) Libc.call(STATX, fd, self, AT_EMPTY_PATH, STATX_BTIME, scratch.address());
    } catch (ErrnoException e) {
      throw new IllegalStateException("an empty path is none", e);
    }
    boolean isKnown =
        result == 0 && (scratch.buffer().getInt(Layout.STATX_MASK) & STATX_BTIME) != 0;
    return isKnown
        ? scratch.buffer().getLong(Layout.STATX_BORN_SECONDS) * 1_000_000_000L
            + scratch.buffer().getInt(Layout.STATX_BORN_NANOS)
        : 0;
  }

  /** Says when the content was last changed, in nanoseconds since 1970; futimens(3). */
  public static void setModified(int fd, long nanos) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    scratch.buffer().putLong(0, 0).putLong(8, UTIME_OMIT);
    scratch.buffer().putLong(16, Math.floorDiv(nanos, 1_000_000_000L));
    scratch.buffer().putLong(24, Math.floorMod(nanos, 1_000_000_000L));
    check("futimens", fd, (int) Libc.call(FUTIMENS, fd, scratch.address()));
  }

  /** Waits until data and metadata are on the disk; fsync(2). Blocks: never on the loop. */
  public static void sync(int fd) throws ErrnoException {
    check("fsync", fd, (int) Libc.call(FSYNC, fd));
  }

  /** Waits until data and size are on the disk; fdatasync(2). Blocks: never on the loop. */
  public static void syncData(int fd) throws ErrnoException {
    check("fdatasync", fd, (int) Libc.call(FDATASYNC, fd));
  }

  /** Moves the file's offset to its end and returns it; lseek(2). */
  public static long seekToEnd(int fd) throws ErrnoException {
    return seek(fd, 0, SEEK_END);
  }

  /** Moves the file's offset to so many bytes from its start; lseek(2). */
  public static void seekTo(int fd, long offset) throws ErrnoException {
    seek(fd, offset, SEEK_SET);
  }

  private static long seek(int fd, long offset, int whence) throws ErrnoException {
    long result = Libc.call(LSEEK, fd, offset, whence);
    if (result < 0) {
      throw failed("lseek", fd, Libc.errno());
    }
    return result;
  }

  /** Cuts or extends a file to so many bytes; ftruncate(2). */
  public static void truncate(int fd, long sizeBytes) throws ErrnoException {
    check("ftruncate", fd, (int) Libc.call(FTRUNCATE, fd, sizeBytes));
  }

  /**
   * Makes a file that is in memory only and gone when its last descriptor is closed;
   * memfd_create(2), Linux 3.17.
   *
   * @param name shown in {@code /proc/PID/fd}
   */
  public static int memoryFile(String name) throws ErrnoException {
    long text = Scratch.mine().path("memfd_create", name);
    int fd = (int) Libc.call(MEMFD_CREATE, text, MFD_CLOEXEC);
    if (fd < 0) {
      throw new ErrnoException("memfd_create", name, Libc.errno());
    }
    return fd;
  }

  /**
   * Gives back the space of a range, which then reads as zeros; the size of the file stays;
   * fallocate(2) with FALLOC_FL_PUNCH_HOLE, Linux 2.6.38.
   */
  public static void punchHole(int fd, long offset, long length) throws ErrnoException {
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    check("fallocate", fd, (int) Libc.call(FALLOCATE, fd, mode, offset, length));
  }

  /**
   * Takes the exclusive lock of the open file, which lasts until its last descriptor is closed;
   * flock(2).
   *
   * @return false if someone else has it
   */
  public static boolean tryLock(int fd) throws ErrnoException {
    while ((int) Libc.call(FLOCK, fd, LOCK_EX_NB) != 0) {
      int errno = Libc.errno();
      if (errno == Errno.EAGAIN) {
        return false;
      }
      if (errno != Errno.EINTR) {
        throw failed("flock", fd, errno);
      }
    }
    return true;
  }

  /** Returns how many bytes a pipe or socket holds; FIONREAD of ioctl(2). */
  public static int bytesReadable(int fd) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    check("ioctl", fd, (int) Libc.call(IOCTL, fd, FIONREAD, scratch.address()));
    return scratch.buffer().getInt(0);
  }

  /**
   * Waits for one descriptor; ppoll(2). An interruption starts the wait anew.
   *
   * @param events {@link #POLLIN}, {@link #POLLOUT} or both
   * @param timeoutNanos how long at most; 0 only looks, negative waits for ever
   * @return what is ready, 0 if the time is over
   */
  public static int poll(int fd, int events, long timeoutNanos) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    ByteBuffer buffer = scratch.buffer();
    buffer.putInt(0, fd).putShort(4, (short) events).putShort(6, (short) 0);
    long timeout = 0;
    if (timeoutNanos >= 0) {
      buffer.putLong(8, timeoutNanos / 1_000_000_000L).putLong(16, timeoutNanos % 1_000_000_000L);
      timeout = scratch.address(8);
    }
    while (true) {
      int ready = (int) Libc.call(PPOLL, scratch.address(), 1, timeout, 0);
      if (ready >= 0) {
        return ready == 0 ? 0 : Short.toUnsignedInt(buffer.getShort(6));
      }
      int errno = Libc.errno();
      if (errno != Errno.EINTR) {
        throw failed("ppoll", fd, errno);
      }
    }
  }

  /**
   * Moves bytes from a pipe to a file, pipe or socket without their passing through this process;
   * splice(2), Linux 2.6.17. Never waits for the pipe, but for a slow disk: not on the loop. The
   * target must not be open with O_APPEND.
   *
   * @return the bytes moved, 0 if the pipe is at its end, {@link #WOULD_BLOCK} if it is empty (or
   *     the target, a pipe or socket, is full)
   */
  public static long splice(int fromPipe, int to, long maxBytes) throws ErrnoException {
    while (true) {
      long count =
          Libc.call(SPLICE, fromPipe, 0, to, 0, maxBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (count >= 0) {
        return count;
      }
      int errno = Libc.errno();
      if (errno == Errno.EAGAIN) {
        return WOULD_BLOCK;
      }
      if (errno != Errno.EINTR) {
        throw new ErrnoException("splice", "fd " + fromPipe + " to fd " + to, errno);
      }
    }
  }

  /**
   * Copies bytes from one pipe to another and leaves them in the first; tee(2), Linux 2.6.17. Never
   * waits.
   *
   * @return the bytes copied, 0 if the pipe is at its end, {@link #WOULD_BLOCK} if it is empty or
   *     the other is full
   */
  public static long tee(int fromPipe, int toPipe, long maxBytes) throws ErrnoException {
    while (true) {
      long count = Libc.call(TEE, fromPipe, toPipe, maxBytes, SPLICE_F_NONBLOCK);
      if (count >= 0) {
        return count;
      }
      int errno = Libc.errno();
      if (errno == Errno.EAGAIN) {
        return WOULD_BLOCK;
      }
      if (errno != Errno.EINTR) {
        throw new ErrnoException("tee", "fd " + fromPipe + " to fd " + toPipe, errno);
      }
    }
  }

  private static void check(String call, int fd, int result) throws ErrnoException {
    if (result < 0) {
      throw failed(call, fd, Libc.errno());
    }
  }

  private static ErrnoException failed(String call, int fd, int errno) {
    return ErrnoException.about(call, "fd", fd, errno);
  }
}
