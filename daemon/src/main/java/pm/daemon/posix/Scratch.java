package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A thread's own native memory for the arguments and results of one call, so that none is allocated
 * for it. What is in it is good until the same thread's next call through this package.
 */
final class Scratch {
  /** Size of the part at offset 0 that is for structures, in bytes. */
  static final int STRUCTURES = 512;

  /** PATH_MAX of Linux, with the ending zero: the kernel refuses anything longer too. */
  private static final int PATH_BYTES = 4096;

  private static final ThreadLocal<Scratch> MINE = ThreadLocal.withInitial(Scratch::new);

  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(STRUCTURES + 2 * PATH_BYTES).order(ByteOrder.nativeOrder());
  private final long address = Libc.address(buffer);

  private Scratch() {}

  static Scratch mine() {
    return MINE.get();
  }

  long address() {
    return address;
  }

  long address(int offset) {
    return address + offset;
  }

  ByteBuffer buffer() {
    return buffer;
  }

  /** Puts zeros into the first bytes of the structures' part. */
  void clear(int bytes) {
    for (int i = 0; i < bytes; i += Long.BYTES) {
      buffer.putLong(i, 0);
    }
  }

  /** Stores a path, in UTF-8 and ended by a zero, and returns its address. */
  long path(String call, String path) throws ErrnoException {
    return store(call, path, STRUCTURES);
  }

  /** Stores the other path of a call that takes two. */
  long secondPath(String call, String path) throws ErrnoException {
    return store(call, path, STRUCTURES + PATH_BYTES);
  }

  private long store(String call, String path, int offset) throws ErrnoException {
    // Whole steps of the JDK: one for each character is slow as long as it is interpreted.
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= PATH_BYTES) {
      throw new ErrnoException(call, path, Errno.ENAMETOOLONG);
    }
    if (path.indexOf('\0') >= 0) {
      throw new ErrnoException(call, path.replace('\0', '?'), Errno.EINVAL);
    }
    buffer.put(offset, bytes, 0, bytes.length).put(offset + bytes.length, (byte) 0);
    return address + offset;
  }
}
