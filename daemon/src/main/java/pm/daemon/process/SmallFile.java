package pm.daemon.process;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

/** Files of the kernel that hold a few words. Any thread; nothing here waits for anybody. */
final class SmallFile {
  private static final int MOST_BYTES = 256 * 1024;

  private SmallFile() {}

  /** Returns the text of a file, at most its first 256 KiB; empty if there is no such file. */
  static Optional<String> read(Path path) throws ErrnoException {
    int fd;
    try {
      fd = Fd.open(path.toString(), OpenFlags.RDONLY, 0);
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw refused;
    }
    try {
      StringBuilder text = new StringBuilder();
      ByteBuffer buffer = ByteBuffer.allocateDirect(16 * 1024);
      while (text.length() < MOST_BYTES && Fd.read(fd, buffer) > 0) {
        text.append(StandardCharsets.US_ASCII.decode(buffer.flip()));
        buffer.clear();
      }
      return Optional.of(text.toString());
    } catch (ErrnoException refused) {
      // A control group that was removed in the meantime.
      if (refused.errno() == Errno.ENODEV) {
        return Optional.empty();
      }
      throw refused;
    } finally {
      Fd.close(fd);
    }
  }

  /** Writes to a file that exists. */
  static void write(Path path, String text) throws ErrnoException {
    int fd = Fd.open(path.toString(), OpenFlags.WRONLY, 0);
    try {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      Fd.writeFully(fd, ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    } finally {
      Fd.close(fd);
    }
  }
}
