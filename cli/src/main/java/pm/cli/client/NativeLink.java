package pm.cli.client;

import com.kenai.jffi.Foreign;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A link by calls of the C library. The JDK's own sockets are good for any network: before the
 * first byte they read the settings of networking and of security, set up cryptography and
 * addresses of the internet, which takes half of the time of a short command.
 *
 * <p>All arguments and results are words of 64 bits, which both architectures that we have the
 * library for allow; the numbers are those of Linux, the same on both.
 */
final class NativeLink implements Link {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int EFD_CLOEXEC = 0x80000;
  private static final int F_SETFL = 4;
  private static final int O_NONBLOCK = 0x800;
  private static final int POLLIN = 1;
  private static final int POLLOUT = 4;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;

  /** Two of struct pollfd: the descriptor, and in a word what is asked for and what is so. */
  private static final int POLLED_BYTES = 16;

  /** Of what is read or written at once. */
  private static final int CHUNK = 64 * 1024;

  private final Calls calls;
  private final int socket;

  /** An eventfd(2), for waking up. */
  private final int bell;

  private final long polled;
  private final long chunk;

  /** A number of eight bytes that is not 0, to be added to the bell. */
  private final long one;

  private boolean closed;

  /** The functions of the C library that a link needs. */
  private record Calls(
      long context,
      long socket,
      long connect,
      long fcntl,
      long eventfd,
      long poll,
      long read,
      long write,
      long close) {

    /** Looks them up, in the library that the launcher names. */
    @SuppressWarnings("restricted") // The launcher allows it.
    static Calls load(Path library) {
      System.load(library.toString());
      long word = Foreign.lookupBuiltinType(Foreign.TYPE_SINT64);
      long process = Foreign.dlopen(null, Foreign.RTLD_LAZY);
      return new Calls(
          Foreign.newCallContext(word, new long[] {word, word, word}, 0),
          function(process, "socket"),
          function(process, "connect"),
          function(process, "fcntl"),
          function(process, "eventfd"),
          function(process, "poll"),
          function(process, "read"),
          function(process, "write"),
          function(process, "close"));
    }

    private static long function(long process, String name) {
      long address = Foreign.dlsym(process, name);
      if (address == 0) {
        throw new UnsatisfiedLinkError(name);
      }
      return address;
    }

    /** What the function returns, an int in the lower half of a word. */
    int call(long function, long a, long b, long c) {
      return (int) Foreign.invokeN3(context, function, a, b, c);
    }
  }

  private NativeLink(Calls calls, int socket, int bell) {
    this.calls = calls;
    this.socket = socket;
    this.bell = bell;
    polled = Foreign.allocateMemory(POLLED_BYTES + Long.BYTES + CHUNK, true);
    one = polled + POLLED_BYTES;
    chunk = one + Long.BYTES;
    Foreign.putInt(one, 1);
  }

  /**
   * Connects as {@link ChannelLink#connect} does.
   *
   * @param folder where the native libraries are, of each machine in a folder of its own; empty if
   *     it is not known
   * @return empty if that is not possible, for whatever reason: the other one knows better
   */
  static Optional<Link> connect(Path path, String folder) {
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    String machine =
        System.getProperty("os.arch", "").equals("amd64") ? "x86_64-Linux" : "aarch64-Linux";
    try {
      return connect(path, Calls.load(Path.of(folder, machine, "libjffi-1.2.so")));
    } catch (UnsatisfiedLinkError otherMachine) {
      return Optional.empty();
    }
  }

  private static Optional<Link> connect(Path path, Calls calls) {
    int socket = calls.call(calls.socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) {
      return Optional.empty();
    }
    int bell = calls.call(calls.eventfd, 0, EFD_CLOEXEC | O_NONBLOCK, 0);
    NativeLink link = new NativeLink(calls, socket, bell);
    if (bell < 0 || !link.connect(path)) {
      link.close();
      return Optional.empty();
    }
    return Optional.of(link);
  }

  private boolean connect(Path path) {
    // struct sockaddr_un: the family in two bytes, the path, a zero.
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    Foreign.putInt(chunk, AF_UNIX);
    Foreign.putByteArray(chunk + 2, name, 0, name.length);
    return calls.call(calls.connect, socket, chunk, name.length + 3L) == 0
        && calls.call(calls.fcntl, socket, F_SETFL, O_NONBLOCK) == 0;
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int length = Math.min(CHUNK, bytes.remaining());
      Foreign.putByteArray(chunk, bytes.array(), bytes.arrayOffset() + bytes.position(), length);
      int written = done(calls.call(calls.write, socket, chunk, length));
      if (written == 0) {
        return;
      }
      bytes.position(bytes.position() + written);
    }
  }

  @Override
  public int read(ByteBuffer bytes) throws IOException {
    int length = Math.min(CHUNK, bytes.remaining());
    int result = calls.call(calls.read, socket, chunk, length);
    if (result == 0) {
      return -1;
    }
    int count = done(result);
    Foreign.getByteArray(chunk, bytes.array(), bytes.arrayOffset() + bytes.position(), count);
    bytes.position(bytes.position() + count);
    return count;
  }

  /** The result of a call; 0 if it would have had to wait. */
  private static int done(int result) throws IOException {
    if (result >= 0) {
      return result;
    }
    int errno = Foreign.getLastError();
    if (errno == EAGAIN || errno == EINTR) {
      return 0;
    }
    throw new IOException("errno " + errno);
  }

  @Override
  public int await(long nanos, boolean alsoForRoom) throws IOException {
    // Both halves are of 16 bits; the machines we have the library for write the lower one first.
    Foreign.putInt(polled, socket);
    Foreign.putInt(polled + 4, alsoForRoom ? POLLIN | POLLOUT : POLLIN);
    Foreign.putInt(polled + 8, bell);
    Foreign.putInt(polled + 12, POLLIN);
    long millis = Math.min(nanos / 1_000_000 + 1, Integer.MAX_VALUE);
    if (done(calls.call(calls.poll, polled, 2, millis)) == 0) {
      return 0;
    }
    if (Foreign.getInt(polled + 12) >>> 16 != 0) {
      calls.call(calls.read, bell, chunk, Long.BYTES);
    }
    int found = Foreign.getInt(polled + 4) >>> 16;
    int writable = (found & POLLOUT) == 0 ? 0 : WRITABLE;
    // An end or a failure is found by reading.
    return (found & ~POLLOUT) == 0 ? writable : writable | READABLE;
  }

  @Override
  public synchronized void wakeUp() {
    // What is closed may be the number of something else by now.
    if (!closed) {
      calls.call(calls.write, bell, one, Long.BYTES);
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      calls.call(calls.close, socket, 0, 0);
      calls.call(calls.close, bell, 0, 0);
    }
  }
}
