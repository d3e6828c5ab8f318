package pm.daemon.output;

import java.nio.ByteBuffer;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

/** Looks for the end of a line in a pipe without taking anything out of it. Writer thread only. */
final class LineEnds implements AutoCloseable {
  /** What {@link #find} says at the end of the pipe. */
  static final long END = 0;

  private static final int LOOK_BYTES = 64 * 1024;

  private final Fd.Pipe scratch;
  private final ByteBuffer seen = ByteBuffer.allocateDirect(LOOK_BYTES);

  LineEnds() throws ErrnoException {
    scratch = Fd.pipe(OpenFlags.NONBLOCK);
  }

  /**
   * What the front of a pipe holds.
   *
   * @param bytes up to and with the first end of a line, or all that was seen if there is none;
   *     {@link #END}, {@link Fd#WOULD_BLOCK} if nothing is there yet
   * @param isLine whether they end a line
   */
  record Front(long bytes, boolean isLine) {}

  Front find(int pipe) throws ErrnoException {
    long copied = Fd.tee(pipe, scratch.writeEnd(), LOOK_BYTES);
    if (copied <= 0) {
      return new Front(copied, false);
    }
    seen.clear().limit((int) copied);
    while (seen.hasRemaining()) {
      // The copy is in the scratch pipe whole, so this neither waits nor ends early.
      if (Fd.read(scratch.readEnd(), seen) <= 0) {
        throw new IllegalStateException("the scratch pipe lost bytes");
      }
    }
    for (int i = 0; i < copied; i++) {
      if (seen.get(i) == '\n') {
        return new Front(i + 1L, true);
      }
    }
    return new Front(copied, false);
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(scratch.readEnd());
    Fd.close(scratch.writeEnd());
  }
}
