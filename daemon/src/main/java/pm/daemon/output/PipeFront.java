package pm.daemon.output;

import java.nio.ByteBuffer;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

/**
 * Looks at what a pipe holds without taking anything out of it, by tee(2), and takes it out once it
 * has been kept. Writer thread only.
 */
final class PipeFront implements AutoCloseable {
  /** Most that is seen at once. */
  static final int MOST_BYTES = 64 * 1024;

  private final Fd.Pipe scratch;
  private final int nowhere;
  private final ByteBuffer seen = ByteBuffer.allocateDirect(MOST_BYTES);
  private byte[] bytes = new byte[0];

  PipeFront() throws ErrnoException {
    scratch = Fd.pipe(OpenFlags.NONBLOCK);
    nowhere = Fd.open("/dev/null", OpenFlags.WRONLY, 0);
  }

  /**
   * Looks at the front of a pipe.
   *
   * @return how many of {@link #bytes} are its, 0 at its end, {@link Fd#WOULD_BLOCK} if it is empty
   */
  long look(int pipe, long most) throws ErrnoException {
    long copied = Fd.tee(pipe, scratch.writeEnd(), Math.min(most, MOST_BYTES));
    if (copied <= 0) {
      return copied;
    }
    seen.clear().limit((int) copied);
    while (seen.hasRemaining()) {
      // The copy is in the scratch pipe whole, so this neither waits nor ends early.
      if (Fd.read(scratch.readEnd(), seen) <= 0) {
        throw new IllegalStateException("the scratch pipe lost bytes");
      }
    }
    if (bytes.length == 0) {
      bytes = new byte[MOST_BYTES];
    }
    seen.flip().get(bytes, 0, (int) copied);
    return copied;
  }

  /** What was seen last. */
  byte[] bytes() {
    return bytes;
  }

  /** Returns the place of the next end of a line, {@code to} if there is none before it. */
  int endOfLine(int from, int to) {
    int at = from;
    while (at < to && bytes[at] != '\n') {
      at++;
    }
    return at;
  }

  /** Takes bytes out of a pipe that holds at least so many. */
  void consume(int pipe, long count) throws ErrnoException {
    long left = count;
    while (left > 0) {
      long taken = Fd.splice(pipe, nowhere, left);
      if (taken <= 0) {
        throw new IllegalStateException("a pipe lost bytes");
      }
      left -= taken;
    }
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(scratch.readEnd());
    Fd.close(scratch.writeEnd());
    Fd.close(nowhere);
  }
}
