package pm.daemon.worker;

import java.nio.ByteBuffer;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;
import pm.protocol.Envelope;

/**
 * What all workers are read with, one after the other: a pipe into which the content of theirs is
 * copied without being taken, and the memory to look at it. Loop thread only, once made.
 */
final class Means implements AutoCloseable {
  /** The default capacity of a pipe. */
  static final int CHUNK_BYTES = 64 * 1024;

  /** So much room there is before what is looked at. */
  static final int HEADROOM_BYTES = 16 * 1024;

  private static final int TEXT_BYTES = 32 * 1024;

  /** Data from the store that wait for workers, all together. */
  static final int MOST_HELD_BYTES = 4 * 1024 * 1024;

  private final Fd.Pipe scratch;
  private final int nowhere;
  private final ByteBuffer window = ByteBuffer.allocateDirect(CHUNK_BYTES);
  private final byte[] chunk = new byte[HEADROOM_BYTES + CHUNK_BYTES];
  private final ByteBuffer text = ByteBuffer.allocateDirect(TEXT_BYTES);
  private final byte[] batch = new byte[TEXT_BYTES];
  private long heldBytes;
  private final Envelope envelope = new Envelope();
  private final TaskFrames lines;
  private final TaskFrames contents;

  private Means(Fd.Pipe scratch, int nowhere, TaskIds ids) {
    lines = new TaskFrames(false, ids);
    contents = new TaskFrames(true, ids);
    this.scratch = scratch;
    this.nowhere = nowhere;
  }

  /** Makes them; {@code ids} says how the ids of tasks begin. */
  static Means open(TaskIds ids) throws ErrnoException {
    int nowhere = Fd.open("/dev/null", OpenFlags.WRONLY, 0);
    try {
      return new Means(Fd.pipe(OpenFlags.NONBLOCK), nowhere, ids);
    } catch (ErrnoException e) {
      Fd.close(nowhere);
      throw e;
    }
  }

  /**
   * Looks at what a pipe holds, up to {@link #CHUNK_BYTES} of it, and leaves it there. The bytes
   * are in {@link #chunk} from {@link #HEADROOM_BYTES} on, good until the next look.
   *
   * @return how many; 0 if there are none
   * @throws EndException if there are none and nobody can write to it any more
   */
  int peek(int pipe) throws ErrnoException, EndException {
    window.clear();
    int held = (int) Fd.tee(pipe, scratch.writeEnd(), CHUNK_BYTES);
    if (held == 0) {
      throw new EndException();
    }
    // Nothing may stay behind in the scratch pipe, or the next worker would be taken for this one.
    while (held > 0 && window.position() < held) {
      if (Fd.read(scratch.readEnd(), window) <= 0) {
        throw new IllegalStateException("the scratch pipe does not give back what it was given");
      }
    }
    int count = window.flip().remaining();
    window.get(chunk, HEADROOM_BYTES, count);
    return count;
  }

  /** Memory for what is looked at, on the heap, where going over it byte by byte is fast. */
  byte[] chunk() {
    return chunk;
  }

  /** A pipe is empty and at its end. */
  static final class EndException extends Exception {
    private static final long serialVersionUID = 1L;

    private EndException() {
      super("end of pipe", null, false, false);
    }
  }

  /** Takes so many bytes from a pipe, which must hold them, and drops them. */
  void drop(int pipe, long bytes) throws ErrnoException {
    long left = bytes;
    while (left > 0) {
      long moved = Fd.splice(pipe, nowhere, left);
      if (moved <= 0) {
        throw new IllegalStateException("a worker has read what it had written");
      }
      left -= moved;
    }
  }

  /** Memory for what is written, {@value #TEXT_BYTES} bytes. */
  ByteBuffer text() {
    return text.clear();
  }

  /** Memory where what is written is put together, as large as {@link #text}. */
  byte[] batch() {
    return batch;
  }

  /**
   * Has so many bytes of data from the store wait in memory for a worker that does not read.
   *
   * @return false if there is too much of it already
   */
  boolean hold(int bytes) {
    if (heldBytes + bytes > MOST_HELD_BYTES) {
      return false;
    }
    heldBytes += bytes;
    return true;
  }

  /** So many bytes wait no longer. */
  void letGo(int bytes) {
    heldBytes -= bytes;
  }

  /**
   * Returns what makes frames about tasks.
   *
   * @param hasHeaders whether frames are lengths and contents; else they are lines
   */
  TaskFrames frames(boolean hasHeaders) {
    return hasHeaders ? contents : lines;
  }

  Envelope envelope() {
    return envelope;
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(scratch.readEnd());
    Fd.close(scratch.writeEnd());
    Fd.close(nowhere);
  }
}
