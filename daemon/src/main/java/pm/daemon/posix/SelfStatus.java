package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Reads {@code /proc/self/status} and other small files of the kernel; proc(5). */
final class SelfStatus {
  private static final int MAX_BYTES = 16 * 1024;

  private SelfStatus() {}

  /** Returns the value of a field, such as {@code 0022} for {@code Umask}. */
  static String field(String name) throws ErrnoException {
    String path = "/proc/self/status";
    return read(path)
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(path + " has no field " + name));
  }

  /** Returns the value of a field with hexadecimal digits, such as {@code SigIgn}. */
  static long mask(String name) throws ErrnoException {
    return Long.parseUnsignedLong(field(name), 16);
  }

  /** Returns a file's text, at most its first 16 KiB. */
  static String read(String path) throws ErrnoException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_BYTES);
    int fd = Fd.open(path, OpenFlags.RDONLY, 0);
    try {
      int count;
      do {
        count = Fd.read(fd, buffer);
      } while (count > 0 && buffer.hasRemaining());
    } finally {
      Fd.close(fd);
    }
    byte[] bytes = new byte[buffer.position()];
    buffer.get(0, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
