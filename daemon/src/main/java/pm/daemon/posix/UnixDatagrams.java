package pm.daemon.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Datagram sockets in the file system; unix(7). Nothing here blocks. */
public final class UnixDatagrams {
  private static final int AF_UNIX = 1;
  private static final int DATAGRAM_NONBLOCK_CLOEXEC = 2 | OpenFlags.NONBLOCK | OpenFlags.CLOEXEC;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PASSCRED = 16;
  private static final int SCM_RIGHTS = 1;
  private static final int SCM_CREDENTIALS = 2;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int CONTROL_HEADER = 16;

  // struct msghdr
  private static final int MESSAGE_VECTOR = 16;
  private static final int MESSAGE_VECTORS = 24;
  private static final int MESSAGE_CONTROL = 32;
  private static final int MESSAGE_CONTROL_LENGTH = 40;
  private static final int MESSAGE_FLAGS = 48;
  private static final int VECTOR = 56;

  private static final long SOCKET = Libc.function("socket");
  private static final long SETSOCKOPT = Libc.function("setsockopt");
  private static final long BIND = Libc.function("bind");
  private static final long SENDTO = Libc.function("sendto");
  private static final long RECVMSG = Libc.function("recvmsg");

  private UnixDatagrams() {}

  /**
   * Makes a socket at a path, in place of one that is there, whose messages tell who sent them;
   * SO_PASSCRED of unix(7). Only in a folder that nobody else can write to. Any thread.
   *
   * @param mode permissions; to write is to send
   * @param uid -1: our own
   * @param gid -1: our own
   * @return a non-blocking descriptor
   */
  public static int bind(String path, int mode, int uid, int gid) throws ErrnoException {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length > UnixSockets.MAX_PATH_BYTES) {
      throw new ErrnoException("bind", path, Errno.ENAMETOOLONG);
    }
    removeSocket(path);
    int fd = socket();
    boolean isWhole = false;
    try {
      passCredentials(fd);
      Fd.chmod(fd, 0);
      Scratch scratch = Scratch.mine();
      if ((int) Libc.call(BIND, fd, scratch.address(), putAddress(scratch, name)) != 0) {
        throw new ErrnoException("bind", path, Libc.errno());
      }
      if (uid != -1 || gid != -1) {
        FilePath.changeLinkOwner(path, uid, gid);
      }
      FilePath.chmod(path, mode);
      isWhole = true;
      return fd;
    } finally {
      if (!isWhole) {
        Fd.close(fd);
      }
    }
  }

  private static void removeSocket(String path) throws ErrnoException {
    try {
      if (!FilePath.linkStatus(path).isSocket()) {
        throw new ErrnoException("bind", path, Errno.EEXIST);
      }
      FilePath.unlink(path);
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.ENOENT) {
        throw refused;
      }
    }
  }

  /** Makes a socket without a name, to send from. Any thread. */
  public static int socket() throws ErrnoException {
    int fd = (int) Libc.call(SOCKET, AF_UNIX, DATAGRAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new ErrnoException("socket", "", Libc.errno());
    }
    return fd;
  }

  private static void passCredentials(int fd) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    scratch.buffer().putInt(0, 1);
    if ((int) Libc.call(SETSOCKOPT, fd, SOL_SOCKET, SO_PASSCRED, scratch.address(), 4) != 0) {
      throw ErrnoException.about("setsockopt", "fd", fd, Libc.errno());
    }
  }

  /** Stores an address, an abstract one if it begins with {@code @}; returns its length. */
  private static int putAddress(Scratch scratch, byte[] name) {
    scratch.clear(112);
    scratch.buffer().putShort(0, (short) AF_UNIX).put(2, name);
    boolean isAbstract = name.length > 0 && name[0] == '@';
    if (isAbstract) {
      scratch.buffer().put(2, (byte) 0);
    }
    // The name of an abstract address is as long as it is; a path ends with a zero.
    return 2 + name.length + (isAbstract ? 0 : 1);
  }

  /**
   * Sends one message; sendto(2). Any thread.
   *
   * @param address a path, or {@code @} and the name of an abstract address
   * @return false if the receiver has no room now
   */
  public static boolean send(int fd, String address, byte[] message) throws ErrnoException {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    if (name.length > UnixSockets.MAX_PATH_BYTES) {
      throw new ErrnoException("sendto", address, Errno.ENAMETOOLONG);
    }
    ByteBuffer bytes = ByteBuffer.allocateDirect(message.length).put(message);
    Scratch scratch = Scratch.mine();
    int length = putAddress(scratch, name);
    try {
      while (true) {
        long sent =
            Libc.call(
                SENDTO,
                fd,
                Libc.address(bytes),
                message.length,
                MSG_NOSIGNAL,
                scratch.address(),
                length);
        if (sent >= 0) {
          return true;
        }
        int errno = Libc.errno();
        switch (errno) {
          case Errno.EINTR -> {}
          case Errno.EAGAIN, Errno.ENOBUFS -> {
            return false;
          }
          default -> throw new ErrnoException("sendto", address, errno);
        }
      }
    } finally {
      Reference.reachabilityFence(bytes);
    }
  }

  /**
   * A message.
   *
   * @param bytes what it says; the first of it if it is {@code isCut}
   * @param isCut whether it was longer than the receiver takes
   * @param sender who sent it, as the kernel vouches; empty if it did not
   * @param descriptors what came with it, which the receiver must close
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Message(
      byte[] bytes, boolean isCut, Optional<PeerCredentials> sender, List<Integer> descriptors) {}

  /** Receives messages; holds the memory for one. One thread at a time. */
  public static final class Receiver {
    /** As many descriptors as the kernel lets a message carry (SCM_MAX_FD), and credentials. */
    private static final int CONTROL_BYTES = 1_088;

    private final int mostBytes;
    private final ByteBuffer memory;
    private final long header;
    private final int control;
    private final int payload;

    /**
     * @param mostBytes the longest message; of a longer one the rest is lost
     */
    public Receiver(int mostBytes) {
      this.mostBytes = mostBytes;
      control = VECTOR + 16;
      payload = control + CONTROL_BYTES;
      memory = ByteBuffer.allocateDirect(payload + mostBytes).order(ByteOrder.nativeOrder());
      header = Libc.address(memory);
    }

    /** Takes the next message; recvmsg(2). Empty if there is none. */
    public Optional<Message> receive(int fd) throws ErrnoException {
      for (int i = 0; i < VECTOR; i += Long.BYTES) {
        memory.putLong(i, 0);
      }
      memory.putLong(MESSAGE_VECTOR, header + VECTOR).putLong(MESSAGE_VECTORS, 1);
      memory.putLong(VECTOR, header + payload).putLong(VECTOR + 8, mostBytes);
      memory.putLong(MESSAGE_CONTROL, header + control);
      memory.putLong(MESSAGE_CONTROL_LENGTH, CONTROL_BYTES);
      while (true) {
        long count = Libc.call(RECVMSG, fd, header, MSG_CMSG_CLOEXEC);
        if (count >= 0) {
          return Optional.of(message((int) count));
        }
        int errno = Libc.errno();
        switch (errno) {
          case Errno.EINTR -> {}
          case Errno.EAGAIN -> {
            return Optional.empty();
          }
          default -> throw ErrnoException.about("recvmsg", "fd", fd, errno);
        }
      }
    }

    private Message message(int count) {
      byte[] bytes = new byte[count];
      memory.get(payload, bytes);
      boolean isCut = (memory.getInt(MESSAGE_FLAGS) & MSG_TRUNC) != 0;
      Optional<PeerCredentials> sender = Optional.empty();
      List<Integer> descriptors = new ArrayList<>();
      int end = control + (int) memory.getLong(MESSAGE_CONTROL_LENGTH);
      int at = control;
      while (at + CONTROL_HEADER <= end) {
        int length = (int) memory.getLong(at);
        if (length < CONTROL_HEADER || at + length > end) {
          break;
        }
        int data = at + CONTROL_HEADER;
        boolean isOfSocket = memory.getInt(at + 8) == SOL_SOCKET;
        int type = memory.getInt(at + 12);
        if (isOfSocket && type == SCM_CREDENTIALS) {
          sender =
              Optional.of(
                  new PeerCredentials(
                      memory.getInt(data), memory.getInt(data + 4), memory.getInt(data + 8)));
        } else if (isOfSocket && type == SCM_RIGHTS) {
          for (int i = data; i + 4 <= at + length; i += 4) {
            descriptors.add(memory.getInt(i));
          }
        }
        at += (length + 7) & ~7;
      }
      return new Message(bytes, isCut, sender, descriptors);
    }
  }
}
