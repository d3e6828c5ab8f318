package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Connections to Internet addresses; ip(7), tcp(7). Any thread may call; nothing here blocks. */
public final class InetSockets {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int STREAM_NONBLOCK_CLOEXEC = 1 | OpenFlags.NONBLOCK | OpenFlags.CLOEXEC;
  private static final int SOL_SOCKET = 1;
  private static final int SO_ERROR = 4;
  private static final int IPV4_BYTES = 4;
  private static final int IPV4_ADDRESS_SIZE = 16;
  private static final int IPV6_ADDRESS_SIZE = 28;

  private static final long SOCKET = Libc.function("socket");
  private static final long CONNECT = Libc.function("connect");
  private static final long GETSOCKOPT = Libc.function("getsockopt");

  private InetSockets() {}

  /**
   * Begins to connect; connect(2). The descriptor is writable once it is connected or refused,
   * which {@link #error} then tells.
   *
   * @param address 4 bytes of IPv4 or 16 of IPv6
   * @param scope number of the interface for a link-local address of IPv6, else 0
   * @param name what it is called in errors
   * @return a non-blocking descriptor
   */
  public static int connect(byte[] address, int port, int scope, String name)
      throws ErrnoException {
    boolean isV4 = address.length == IPV4_BYTES;
    int fd = (int) Libc.call(SOCKET, isV4 ? AF_INET : AF_INET6, STREAM_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) {
      throw new ErrnoException("socket", "", Libc.errno());
    }
    Scratch scratch = Scratch.mine();
    scratch.clear(32);
    ByteBuffer buffer = scratch.buffer();
    buffer.putShort(0, (short) (isV4 ? AF_INET : AF_INET6));
    // The port is in the network's order.
    buffer.put(2, (byte) (port >> 8)).put(3, (byte) port);
    buffer.put(isV4 ? 4 : 8, address);
    if (!isV4) {
      buffer.putInt(24, scope);
    }
    int size = isV4 ? IPV4_ADDRESS_SIZE : IPV6_ADDRESS_SIZE;
    if ((int) Libc.call(CONNECT, fd, scratch.address(), size) != 0) {
      int errno = Libc.errno();
      if (errno != Errno.EINPROGRESS && errno != Errno.EINTR) {
        Fd.close(fd);
        throw new ErrnoException("connect", name, errno);
      }
    }
    return fd;
  }

  /** Takes the error that is pending at a socket, 0 for none; SO_ERROR of socket(7). */
  public static int error(int fd) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    scratch.buffer().order(ByteOrder.nativeOrder()).putInt(0, 0).putInt(8, 4);
    int result =
        (int)
            Libc.call(GETSOCKOPT, fd, SOL_SOCKET, SO_ERROR, scratch.address(), scratch.address(8));
    if (result != 0) {
      throw ErrnoException.about("getsockopt", "fd", fd, Libc.errno());
    }
    return scratch.buffer().getInt(0);
  }
}
