package pm.daemon.worker;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

/**
 * A frame to a worker of which a daemon before us has written a part. If that one ended in good
 * order the rest is in the file that says so, behind eight bytes with its sequence; if it was
 * killed that is empty, and nobody knows the rest.
 *
 * @param sequence of the task that it is about; 0 if it is about none
 * @param rest what is to follow; empty if nobody knows
 */
@SuppressWarnings("ArrayRecordComponent") // Made once and written; compared by nobody.
record TornFrame(long sequence, byte[] rest) {

  /** A frame of the largest task is smaller. */
  private static final int MOST_BYTES = 4 << 20;

  boolean isKnown() {
    return rest.length > 0;
  }

  /**
   * Reads the file, and empties it: should we be killed in the midst of the rest, nobody knows what
   * is left of it.
   */
  static TornFrame take(Path file) throws ErrnoException {
    int fd = Fd.open(file.toString(), OpenFlags.RDWR | OpenFlags.NOFOLLOW, 0);
    try {
      ByteBuffer content = ByteBuffer.allocateDirect(64 * 1024);
      byte[] bytes = new byte[0];
      int read = Fd.read(fd, content);
      while (read > 0 && bytes.length < MOST_BYTES) {
        byte[] longer = java.util.Arrays.copyOf(bytes, bytes.length + read);
        content.flip().get(longer, bytes.length, read);
        bytes = longer;
        read = Fd.read(fd, content.clear());
      }
      Fd.truncate(fd, 0);
      return of(bytes);
    } finally {
      Fd.close(fd);
    }
  }

  private static TornFrame of(byte[] bytes) {
    if (bytes.length <= Long.BYTES || bytes.length >= MOST_BYTES) {
      return new TornFrame(0, new byte[0]);
    }
    ByteBuffer content = ByteBuffer.wrap(bytes);
    long sequence = content.getLong();
    byte[] rest = new byte[content.remaining()];
    content.get(rest);
    return new TornFrame(sequence, rest);
  }

  /** Writes it to the file, which is there. */
  void leave(Path file) throws ErrnoException {
    int fd = Fd.open(file.toString(), OpenFlags.WRONLY | OpenFlags.NOFOLLOW, 0);
    try {
      ByteBuffer content = ByteBuffer.allocateDirect(Long.BYTES + rest.length);
      Fd.writeFully(fd, content.putLong(sequence).put(rest).flip());
    } catch (ErrnoException e) {
      // A part of the rest would be worse than none of it.
      Fd.truncate(fd, 0);
      throw e;
    } finally {
      Fd.close(fd);
    }
  }
}
