package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Stream sockets in the file system; unix(7). Any thread may call; nothing here blocks. */
public final class UnixSockets {
  /** Room for a path in a socket's address, without the ending zero. */
  public static final int MAX_PATH_BYTES = 107;

  private static final int AF_UNIX = 1;
  private static final int STREAM_NONBLOCK_CLOEXEC = 1 | OpenFlags.NONBLOCK | OpenFlags.CLOEXEC;
  private static final int ADDRESS_SIZE = 110;

  private static final long SOCKET = Libc.function("socket");
  private static final long BIND = Libc.function("bind");
  private static final long LISTEN = Libc.function("listen");
  private static final long ACCEPT4 = Libc.function("accept4");
  private static final long CONNECT = Libc.function("connect");

  private UnixSockets() {}

  /**
   * Listens at a path with exactly these permissions from the first moment, replacing a socket that
   * is there, but nothing else: made under a private name without any permission, then opened up,
   * then renamed. Only for who holds the lock that says that no one else serves this path.
   *
   * @param mode permissions; to write is to connect
   * @param gid the socket's group, -1 for our own
   * @return a non-blocking descriptor
   */
  public static int listen(String path, int mode, int gid, int backlog) throws ErrnoException {
    checkLength("bind", path);
    Path parent = Path.of(path).toAbsolutePath().getParent();
    if (parent == null) {
      throw new ErrnoException("bind", path, Errno.EISDIR);
    }
    refuseToReplaceOthers(path);
    int directory = Fd.open(parent.toString(), OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
    try {
      // By way of the directory's descriptor the longer private name fits into an address too.
      String temporary = "/proc/self/fd/" + directory + "/." + Host.randomHex();
      int fd = socket();
      try {
        Fd.chmod(fd, 0);
        bind(fd, temporary, path);
        try {
          FilePath.changeLinkOwner(temporary, -1, gid);
          FilePath.chmod(temporary, mode);
          if ((int) Libc.call(LISTEN, fd, backlog) != 0) {
            throw new ErrnoException("listen", path, Libc.errno());
          }
          FilePath.rename(temporary, path);
        } catch (ErrnoException e) {
          FilePath.unlink(temporary);
          throw e;
        }
        return fd;
      } catch (ErrnoException e) {
        Fd.close(fd);
        throw e;
      }
    } finally {
      Fd.close(directory);
    }
  }

  /** A wrong path must not cost anybody a file. */
  private static void refuseToReplaceOthers(String path) throws ErrnoException {
    try {
      if (!FilePath.linkStatus(path).isSocket()) {
        throw new ErrnoException("bind", path, Errno.EEXIST);
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }

  /**
   * Takes the next connection; accept4(2). EMFILE and ENFILE leave it waiting.
   *
   * @return a non-blocking descriptor, or {@link Fd#WOULD_BLOCK} if no one waits
   */
  public static int accept(int listener) throws ErrnoException {
    while (true) {
      int fd = (int) Libc.call(ACCEPT4, listener, 0, 0, OpenFlags.NONBLOCK | OpenFlags.CLOEXEC);
      if (fd >= 0) {
        return fd;
      }
      int errno = Libc.errno();
      switch (errno) {
        case Errno.EAGAIN -> {
          return Fd.WOULD_BLOCK;
        }
        // Who wanted to connect has gone; there may be another.
        case Errno.EINTR, Errno.ECONNABORTED -> {}
        default -> throw ErrnoException.about("accept4", "fd", listener, errno);
      }
    }
  }

  /**
   * Connects; connect(2). ECONNREFUSED: a stale socket no one listens at; EAGAIN: someone listens,
   * but the queue is full.
   *
   * @return a non-blocking descriptor
   */
  public static int connect(String path) throws ErrnoException {
    checkLength("connect", path);
    int fd = socket();
    try {
      Scratch scratch = Scratch.mine();
      putAddress(scratch, path);
      while ((int) Libc.call(CONNECT, fd, scratch.address(), ADDRESS_SIZE) != 0) {
        int errno = Libc.errno();
        if (errno != Errno.EINTR) {
          throw new ErrnoException("connect", path, errno);
        }
      }
      return fd;
    } catch (ErrnoException e) {
      Fd.close(fd);
      throw e;
    }
  }

  private static int socket() throws ErrnoException {
    int fd = (int) Libc.call(SOCKET, AF_UNIX, STREAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new ErrnoException("socket", "", Libc.errno());
    }
    return fd;
  }

  private static void bind(int fd, String temporary, String path) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    putAddress(scratch, temporary);
    if ((int) Libc.call(BIND, fd, scratch.address(), ADDRESS_SIZE) != 0) {
      throw new ErrnoException("bind", path, Libc.errno());
    }
  }

  private static void putAddress(Scratch scratch, String path) {
    ByteBuffer address = scratch.buffer();
    scratch.clear(112);
    address.putShort(0, (short) AF_UNIX).put(2, path.getBytes(StandardCharsets.UTF_8));
  }

  private static void checkLength(String call, String path) throws ErrnoException {
    if (path.getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      throw new ErrnoException(call, path, Errno.ENAMETOOLONG);
    }
  }
}
