package pm.daemon.output;

import java.nio.ByteBuffer;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

/** Sees to it that a record begins a line, whatever a file ends with. Writer thread only. */
final class TornEnd {
  /** The longest record that is looked for. */
  private static final int MOST_BYTES = 128 * 1024;

  private static final int STEP_BYTES = 4096;

  private TornEnd() {}

  /**
   * Mends a file that does not end with a line: a record that the death of a daemon has torn is
   * removed, if what it was made of is still in the pipe, and so comes again; anything else gets
   * the end of its line.
   *
   * @param fd open for writing
   * @param size of the file
   * @return the new size, where it is written next
   */
  static long mend(int fd, long size, Source source) throws ErrnoException {
    int reading = Fd.open("/proc/self/fd/" + fd, OpenFlags.RDONLY, 0);
    try {
      ByteBuffer bytes = ByteBuffer.allocateDirect(STEP_BYTES);
      if (at(reading, size - 1, bytes) == '\n') {
        return size;
      }
      if (source.isAdopted()) {
        long begin = beginOfLine(reading, size, bytes);
        if (begin >= 0 && isTorn(reading, begin, size, source, bytes)) {
          Fd.truncate(fd, begin);
          Fd.seekTo(fd, begin);
          return begin;
        }
      }
    } finally {
      Fd.close(reading);
    }
    ByteBuffer end = ByteBuffer.allocateDirect(1).put((byte) '\n').flip();
    Fd.writeFully(fd, end);
    return size + 1;
  }

  private static int at(int fd, long offset, ByteBuffer scratch) throws ErrnoException {
    return Fd.readAt(fd, scratch.clear().limit(1), offset) == 1 ? scratch.get(0) : -1;
  }

  private static long beginOfLine(int fd, long size, ByteBuffer scratch) throws ErrnoException {
    long end = size;
    while (end > 0 && size - end < MOST_BYTES) {
      long begin = Math.max(0, end - STEP_BYTES);
      int count = Fd.readAt(fd, scratch.clear().limit((int) (end - begin)), begin);
      for (int i = count - 1; i >= 0; i--) {
        if (scratch.get(i) == '\n') {
          return begin + i + 1;
        }
      }
      end = begin;
    }
    return end == 0 ? 0 : -1;
  }

  private static boolean isTorn(int fd, long begin, long size, Source source, ByteBuffer scratch)
      throws ErrnoException {
    int length = (int) Math.min(size - begin, 64);
    int count = Fd.readAt(fd, scratch.clear().limit(length), begin);
    byte[] head = new byte[count];
    scratch.flip().get(head);
    return Records.mayBeTorn(source.frame().form(), head, count);
  }
}
