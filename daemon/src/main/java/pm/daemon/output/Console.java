package pm.daemon.output;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * One of the daemon's own outputs as the place where lines of programs go. Nobody knows who reads
 * it, and when; so a thread of its own waits for that. One chunk of one program is under way at a
 * time, and what it is made of leaves the pipe when it has been written.
 *
 * <p>Writer thread only, but for {@link #write}.
 */
final class Console implements Destination {
  /** So much goes into a pipe in one piece; PIPE_BUF of pipe(7). */
  private static final int MOST_IN_ONE_PIECE_BYTES = 4096;

  /** Told when a chunk is written, on the writer thread. */
  interface Listener {
    /** So much of a pipe has been written. */
    void wrote(Console console, Source source, Taken taken);

    /** The rest of the chunk waits for the next {@link #take}. */
    void failed(Console console, String reason);
  }

  private final Path name;
  private final int fd;
  private final Object lock;
  private final PipeFront front;
  private final Records records;
  private final Executor waiter;
  private final Executor writer;
  private final Listener listener;
  private final List<Source> sources = new ArrayList<>();
  private final Deque<Source> waiting = new ArrayDeque<>();

  private boolean isBusy;
  private long busySinceNanos;

  /** What is written, and perhaps the rest of it after a failure; the waiter's while it is busy. */
  private ByteBuffer chunk = ByteBuffer.allocate(0);

  /** What the chunk is made of. */
  private record Origin(Source source, int bytes, boolean isMore) {}

  private List<Origin> origin = List.of();

  /**
   * @param name for people
   * @param lock held by whoever writes to it
   * @param waiter runs what may wait for ever
   * @param writer runs its work on the writer thread
   */
  Console(
      Path name,
      int fd,
      Object lock,
      PipeFront front,
      Records records,
      Executor waiter,
      Executor writer,
      Listener listener) {
    this.name = name;
    this.fd = fd;
    this.lock = lock;
    this.front = front;
    this.records = records;
    this.waiter = waiter;
    this.writer = writer;
    this.listener = listener;
  }

  @Override
  public Path path() {
    return name;
  }

  @Override
  public List<Source> sources() {
    return sources;
  }

  @Override
  public void begins(long nowNanos, long wallMillis) {}

  @Override
  public boolean isBusy() {
    return isBusy;
  }

  /** Returns since when it has been busy. */
  long busySinceNanos() {
    return busySinceNanos;
  }

  /** Returns those that found it busy, the first first, and forgets them. */
  List<Source> released() {
    List<Source> released = List.copyOf(waiting);
    waiting.clear();
    return released;
  }

  @Override
  public Taken take(Source source, long nowNanos, long wallMillis) throws ErrnoException {
    if (isBusy) {
      if (!waiting.contains(source)) {
        waiting.add(source);
      }
      return Taken.nothing(Taken.UNDER_WAY);
    }
    if (origin.isEmpty()) {
      if (source.awaitsPid()) {
        return Taken.nothing(Taken.UNDER_WAY);
      }
      long seen = records.make(source, PipeFront.MOST_BYTES);
      if (seen <= 0) {
        return Taken.nothing(seen);
      }
      if (chunk.capacity() == 0) {
        chunk = ByteBuffer.allocateDirect(Records.OUT_BYTES);
      }
      chunk.clear().put(records.bytes(), 0, records.length()).flip();
      origin = List.of(new Origin(source, records.consumed(), records.isMore()));
    } else if (!origin.getFirst().source().equals(source)) {
      waiting.add(source);
    }
    isBusy = true;
    busySinceNanos = nowNanos;
    waiter.execute(this::write);
    return Taken.nothing(Taken.UNDER_WAY);
  }

  /** On a thread that may wait. */
  private void write() {
    int errno = 0;
    int all = chunk.limit();
    try {
      while (chunk.hasRemaining()) {
        chunk.limit(endOfPiece(chunk));
        synchronized (lock) {
          writePiece();
        }
        chunk.limit(all);
      }
    } catch (ErrnoException e) {
      chunk.limit(all);
      errno = e.errno();
    }
    int outcome = errno;
    writer.execute(() -> written(outcome));
  }

  private void writePiece() throws ErrnoException {
    while (chunk.hasRemaining()) {
      if (Fd.write(fd, chunk) == Fd.WOULD_BLOCK) {
        Fd.poll(fd, Fd.POLLOUT, -1);
      }
    }
  }

  /** Whole lines, as many as fit into one piece, and one at least. */
  private static int endOfPiece(ByteBuffer lines) {
    int end = lines.position();
    for (int at = lines.position(); at < lines.limit(); at++) {
      if (at - lines.position() >= MOST_IN_ONE_PIECE_BYTES && end > lines.position()) {
        return end;
      }
      if (lines.get(at) == '\n') {
        end = at + 1;
      }
    }
    return lines.limit();
  }

  private void written(int errno) {
    isBusy = false;
    if (errno != 0) {
      listener.failed(this, Errno.message(errno));
      return;
    }
    Origin done = origin.getFirst();
    origin = List.of();
    long bytes = 0;
    if (done.source().state != Source.State.CLOSED) {
      try {
        front.consume(done.source().fd(), done.bytes());
        bytes = done.bytes();
      } catch (ErrnoException e) {
        listener.failed(this, Errno.message(e.errno()));
        return;
      }
    }
    listener.wrote(this, done.source(), new Taken(bytes, done.isMore(), false));
  }

  @Override
  public void reopen() {}

  @Override
  public void close() {}
}
