package pm.daemon.worker;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

/**
 * What is to be written to the pipe to a worker. Frames go out whole and in order, except that a
 * ping overtakes those of which no byte is written.
 *
 * <p>As many frames as there is room for go out with one write(2), which the death of the daemon
 * cannot tear: up to PIPE_BUF bytes always, up to the capacity of the pipe if it is empty. Only a
 * single frame that is larger than that goes out in pieces, and as long as it does a file beside
 * the pipe says so. Loop thread only.
 */
final class Outbox implements AutoCloseable {
  /** Frames that wait besides a ping. */
  static final int MOST_WAITING = 64;

  /** Bytes of frames that wait, unless it is a single one. */
  static final int MOST_WAITING_BYTES = 64 * 1024;

  /** PIPE_BUF of Linux; pipe(7). */
  private static final int ATOMIC_BYTES = 4096;

  private final Path tornMark;
  private final Means means;
  private final WorkerMeters meters;
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private Optional<byte[]> ping = Optional.empty();

  /** The frame of which a part is written. */
  private Optional<ByteBuffer> begun = Optional.empty();

  private final Optional<Integer> fd;
  private boolean isRefused;
  private boolean isMarked;

  /**
   * @param fd our end of the pipe; empty if the worker has closed its own
   */
  Outbox(Optional<Integer> fd, Path tornMark, Means means, WorkerMeters meters) {
    this.fd = fd;
    isRefused = fd.isEmpty();
    this.tornMark = tornMark;
    this.means = means;
    this.meters = meters;
  }

  /** Returns the descriptor to wait for room. */
  Optional<Integer> fd() {
    return fd;
  }

  /** Returns whether the worker has closed its end, so that nothing can be sent any more. */
  boolean isRefused() {
    return isRefused;
  }

  /** Returns whether something waits for room. */
  boolean isWaiting() {
    return ping.isPresent() || !waiting.isEmpty() || begun.isPresent();
  }

  /** Returns whether {@link #add} would take a frame of so many bytes. */
  boolean hasRoom(int bytes) {
    return waiting.isEmpty()
        || (waiting.size() < MOST_WAITING && waitingBytes + bytes <= MOST_WAITING_BYTES);
  }

  /**
   * Adds a frame, which {@link #flush} sends.
   *
   * @return false if there are too many already: it is not sent
   */
  boolean add(byte[] frame) {
    if (isRefused || !hasRoom(frame.length)) {
      return false;
    }
    waiting.add(frame);
    waitingBytes += frame.length;
    return true;
  }

  /** Adds a ping; one of which no byte is written yet is replaced. */
  void addPing(byte[] frame) {
    ping = isRefused ? Optional.empty() : Optional.of(frame);
  }

  /** Writes what there is room for. */
  void flush() throws ErrnoException {
    while (isWaiting()) {
      int pipe = fd.orElseThrow();
      try {
        if (!(begun.isPresent() ? goOn(pipe, begun.get()) : writeSome(pipe))) {
          return;
        }
      } catch (ErrnoException e) {
        if (e.errno() != Errno.EPIPE) {
          throw e;
        }
        isRefused = true;
        forget();
      }
    }
  }

  private void forget() {
    ping = Optional.empty();
    waiting.clear();
    waitingBytes = 0;
    begun = Optional.empty();
  }

  /** Writes as many whole frames as one write(2) surely takes; false if there is no room. */
  private boolean writeSome(int pipe) throws ErrnoException {
    ByteBuffer bytes = means.text();
    int room = Math.min(bytes.remaining(), roomFor(pipe));
    byte[] first = ping.orElseGet(waiting::element);
    if (first.length > room) {
      return writePart(pipe, ByteBuffer.wrap(first));
    }
    ping.ifPresent(bytes::put);
    int count = 0;
    for (byte[] frame : waiting) {
      if (frame.length > room - bytes.position()) {
        break;
      }
      bytes.put(frame);
      count++;
    }
    int all = bytes.flip().remaining();
    int written = Fd.write(pipe, bytes);
    if (written == Fd.WOULD_BLOCK) {
      return false;
    }
    ping = Optional.empty();
    for (int i = 0; i < count; i++) {
      removeFirst();
    }
    if (written < all) {
      // It had room and took only a part, as when the kernel is out of memory.
      byte[] rest = new byte[all - written];
      bytes.get(rest);
      begun = Optional.of(ByteBuffer.wrap(rest));
      mark();
    }
    return true;
  }

  /** Returns how many bytes one write(2) surely takes if it takes any. */
  private static int roomFor(int pipe) throws ErrnoException {
    return Fd.bytesReadable(pipe) == 0 ? Fd.pipeSize(pipe) : ATOMIC_BYTES;
  }

  private void removeFirst() {
    waitingBytes -= waiting.remove().length;
  }

  /**
   * Begins with the first frame, which is too large for one write(2); false if there is no room.
   */
  private boolean writePart(int pipe, ByteBuffer frame) throws ErrnoException {
    mark();
    if (!goOn(pipe, frame)) {
      unmark();
      return false;
    }
    if (ping.isPresent()) {
      ping = Optional.empty();
    } else {
      removeFirst();
    }
    return true;
  }

  private boolean goOn(int pipe, ByteBuffer frame) throws ErrnoException {
    ByteBuffer bytes = means.text();
    int count = Math.min(bytes.remaining(), frame.remaining());
    bytes.put(frame.slice(frame.position(), count)).flip();
    int written = Fd.write(pipe, bytes);
    if (written == Fd.WOULD_BLOCK) {
      return false;
    }
    frame.position(frame.position() + written);
    if (frame.hasRemaining()) {
      begun = Optional.of(frame);
    } else {
      begun = Optional.empty();
      unmark();
    }
    return true;
  }

  private void mark() throws ErrnoException {
    if (!isMarked) {
      int mark =
          Fd.open(
              tornMark.toString(), OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.NOFOLLOW, 0600);
      isMarked = true;
      Fd.close(mark);
      meters.tornFrames.incrementAndGet();
    }
  }

  private void unmark() throws ErrnoException {
    isMarked = false;
    WorkerFolder.remove(tornMark);
  }

  /**
   * Has a frame that a daemon before us has torn ended by a line feed, which makes a line of it
   * that the worker cannot read and goes on after.
   */
  void endTornLine() throws ErrnoException {
    isMarked = true;
    begun = fd.map(_ -> ByteBuffer.wrap(new byte[] {'\n'}));
    flush();
  }

  /** Closes our end of the pipe and forgets what waits. */
  @Override
  public void close() throws ErrnoException {
    forget();
    isRefused = true;
    if (fd.isPresent()) {
      Fd.close(fd.get());
    }
  }
}
