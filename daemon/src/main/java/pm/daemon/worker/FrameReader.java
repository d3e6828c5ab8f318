package pm.daemon.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.protocol.FrameScanner;

/**
 * Reads the pipe from a worker in two steps, so that nothing is lost if the daemon dies between
 * them. {@link #look} finds the frames in what the pipe holds and has them handled, but leaves them
 * in the pipe; {@link #take} takes them out when what they led to is kept: messages are dropped,
 * and everything else goes to the log. A frame at the end that is not whole stays in the pipe, or,
 * once it is large, is moved to a file. Loop thread only.
 */
final class FrameReader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FrameReader.class);

  /** Takes what is found. */
  interface Sink {
    /**
     * A frame.
     *
     * @return false if its content is no message: it goes to the log
     */
    boolean frame(byte[] bytes, int from, int to);

    /** A line, or a part of one, that is no frame has begun; it goes to the log. */
    void stray(byte[] bytes, int from, int to);

    /** A frame longer than allowed has begun, with these bytes; it is dropped. */
    void tooLong(byte[] bytes, int from, int to);

    /** Nothing will end a frame that has begun; it goes to the log. */
    void unfinished(long bytes);

    /** So many bytes of frames that are too long are dropped. */
    void dropped(long bytes);
  }

  /** What becomes of what was found, in the order of the pipe. */
  private sealed interface Fate {
    /** The next bytes of the pipe are dropped. */
    record Drop(long bytes) implements Fate {}

    /** The next bytes of the pipe go to the log. */
    record Log(long bytes) implements Fate {}

    /** The first bytes of the file that are still there go to the log; then it is cleared. */
    record LogPart(long bytes) implements Fate {}

    /** The file is cleared. */
    record ClearPart() implements Fate {}

    /** A text goes to the log. */
    record Say(ByteBuffer text) implements Fate {}
  }

  private final String name;
  private final int pipe;
  private final PartFile part;
  private final FrameScanner scanner;
  private final Means means;
  private final LogInlet log;
  private final Sink sink;
  private final WorkerMeters meters;

  private final Deque<Fate> fates = new ArrayDeque<>();

  // The last of the fates, of which one is 0; most often the only one.
  private long dropping;
  private long logging;

  /** Bytes of the unfinished frame that are in the file, and those that are in the pipe still. */
  private long inPart;

  private int inPipe;
  private long gone;
  private boolean isLogOnly;
  private boolean isHeld;
  private boolean hasEnded;
  private boolean cannotEmpty;

  FrameReader(
      String name,
      int pipe,
      PartFile part,
      FrameScanner scanner,
      Means means,
      LogInlet log,
      Sink sink,
      WorkerMeters meters) {
    this.name = name;
    this.pipe = pipe;
    this.part = part;
    this.scanner = scanner;
    this.means = means;
    this.log = log;
    this.sink = sink;
    this.meters = meters;
  }

  /** Returns whether something that was found is still to be taken. */
  boolean hasFound() {
    return dropping > 0 || logging > 0 || !fates.isEmpty();
  }

  /** Returns whether the log has no room. */
  boolean isHeld() {
    return isHeld;
  }

  /** Returns whether nothing will come any more. */
  boolean hasEnded() {
    return hasEnded;
  }

  /** Returns whether the pipe holds what has not been looked at. */
  boolean hasMore() throws ErrnoException {
    return !hasEnded && Fd.bytesReadable(pipe) > inPipe;
  }

  /** Returns how many bytes the pipe holds. */
  int held() throws ErrnoException {
    return hasEnded ? 0 : Fd.bytesReadable(pipe);
  }

  /**
   * Returns how many bytes have been looked at since the beginning: they are out of the pipe, or
   * the unfinished rest of it.
   */
  long seen() {
    return gone + inPipe;
  }

  /** Adds a text to what goes to the log, behind what was found before it. */
  void say(byte[] text) {
    add(new Fate.Say(ByteBuffer.wrap(text)));
  }

  /**
   * Goes on with what a daemon before us has moved to the file: it is looked at as if it came from
   * the pipe.
   */
  void resume() throws IOException {
    if (part.bytes() == 0) {
      return;
    }
    byte[] bytes = part.read(means.text());
    FrameScanner.Found found = scanner.next(bytes, 0, bytes.length);
    if (found == FrameScanner.Found.UNFINISHED) {
      inPart = part.bytes();
    } else if (found == FrameScanner.Found.FRAME && scanner.end() == bytes.length) {
      // It was whole, and perhaps handled; that it is handled twice is better than never.
      handlePart(bytes);
    } else {
      add(new Fate.LogPart(part.bytes()));
    }
  }

  /** Finds what the pipe holds. Everything that was found before must have been taken. */
  void look() throws IOException {
    int count;
    try {
      count = means.peek(pipe);
    } catch (Means.EndException end) {
      hasEnded = true;
      return;
    }
    if (count <= inPipe) {
      return;
    }
    if (isLogOnly) {
      log(count);
      inPipe = 0;
      return;
    }
    byte[] bytes = means.chunk();
    int start = Means.HEADROOM_BYTES;
    int limit = start + count;
    int at = start + inPipe;
    while (at < limit) {
      FrameScanner.Found found = scanner.next(bytes, at, limit);
      if (found == FrameScanner.Found.UNFINISHED) {
        break;
      }
      inPipe = 0;
      at = scanner.end();
      if (found == FrameScanner.Found.FRAME && inPart > Means.HEADROOM_BYTES) {
        // The rest of the pipe is looked at when this one has been taken.
        finishPart(at - start);
        return;
      }
      found(found, bytes, start, at);
      start = at;
    }
    inPipe = limit - start;
  }

  private void found(FrameScanner.Found found, byte[] bytes, int start, int end)
      throws ErrnoException {
    switch (found) {
      case FRAME -> {
        int all = start - (int) inPart;
        if (inPart > 0) {
          part.read(bytes, all, (int) inPart, means.text());
        }
        int from = all + scanner.bodyOffset();
        int to = from + (int) scanner.bodyBytes();
        if (sink.frame(bytes, from, to)) {
          clearPart();
          drop(end - start);
        } else {
          sink.stray(bytes, all, end);
          logPart();
          log(end - start);
        }
      }
      case STRAY -> {
        if (scanner.isFirst() && !scanner.isBlank()) {
          sink.stray(bytes, start, end);
        }
        logPart();
        log(end - start);
      }
      case TOO_LONG -> {
        if (scanner.isFirst()) {
          tooLong(bytes, start, end);
        }
        sink.dropped(end - start + inPart);
        clearPart();
        drop(end - start);
      }
      case UNFINISHED -> throw new IllegalStateException("nothing has been found");
    }
  }

  /** Tells of a frame that is too long by its beginning, wherever that is. */
  private void tooLong(byte[] bytes, int start, int end) throws ErrnoException {
    if (inPart == 0) {
      sink.tooLong(bytes, start + scanner.bodyOffset(), end);
    } else if (inPart <= Means.HEADROOM_BYTES) {
      int all = start - (int) inPart;
      part.read(bytes, all, (int) inPart, means.text());
      sink.tooLong(bytes, Math.min(end, all + scanner.bodyOffset()), end);
    } else {
      part.read(bytes, 0, Means.HEADROOM_BYTES, means.text());
      sink.tooLong(bytes, scanner.bodyOffset(), Means.HEADROOM_BYTES);
    }
  }

  /** The frame whose beginning is in the file has its end in the pipe. */
  private void finishPart(int bytesInPipe) throws IOException {
    long before = part.bytes();
    try {
      part.take(pipe, bytesInPipe);
    } catch (ErrnoException e) {
      LOG.warn(
          "{}: a long message cannot be put together, it is in its log: {}", name, e.getMessage());
      int moved = (int) (part.bytes() - before);
      inPart += moved;
      gone += moved;
      sink.unfinished(inPart + bytesInPipe - moved);
      logPart();
      log(bytesInPipe - moved);
      return;
    }
    gone += bytesInPipe;
    meters.spilledBytes.addAndGet(bytesInPipe);
    handlePart(part.read(means.text()));
  }

  private void handlePart(byte[] frame) {
    inPart = 0;
    int from = scanner.bodyOffset();
    int to = from + (int) scanner.bodyBytes();
    if (sink.frame(frame, from, to)) {
      add(new Fate.ClearPart());
    } else {
      sink.stray(frame, 0, frame.length);
      add(new Fate.LogPart(frame.length));
    }
    means.envelope().release();
  }

  private void clearPart() {
    if (inPart > 0) {
      add(new Fate.ClearPart());
      inPart = 0;
    }
  }

  private void logPart() {
    if (inPart > 0) {
      add(new Fate.LogPart(inPart));
      inPart = 0;
    }
  }

  private void add(Fate fate) {
    if (dropping > 0) {
      fates.add(new Fate.Drop(dropping));
      dropping = 0;
    }
    if (logging > 0) {
      fates.add(new Fate.Log(logging));
      logging = 0;
    }
    fates.add(fate);
  }

  private void log(int bytes) {
    if (dropping > 0 && bytes > 0) {
      fates.add(new Fate.Drop(dropping));
      dropping = 0;
    }
    logging += bytes;
  }

  private void drop(int bytes) {
    if (logging > 0 && bytes > 0) {
      fates.add(new Fate.Log(logging));
      logging = 0;
    }
    dropping += bytes;
  }

  /**
   * Takes what was found out of the pipe, now that what it led to is kept. If the log has no room
   * the rest is left for another call.
   */
  void take() throws ErrnoException {
    isHeld = false;
    while (!fates.isEmpty()) {
      if (!take(fates.remove())) {
        isHeld = true;
        return;
      }
    }
    if (dropping > 0) {
      means.drop(pipe, dropping);
      gone += dropping;
      dropping = 0;
    }
    while (logging > 0) {
      long moved = moveToLog(logging);
      logging -= moved;
      if (moved == 0) {
        isHeld = true;
        return;
      }
    }
  }

  private boolean take(Fate fate) throws ErrnoException {
    return switch (fate) {
      case Fate.Drop drop -> {
        means.drop(pipe, drop.bytes());
        gone += drop.bytes();
        yield true;
      }
      case Fate.Log some -> {
        long moved = moveToLog(some.bytes());
        yield moved == some.bytes() || again(new Fate.Log(some.bytes() - moved), moved);
      }
      case Fate.LogPart some -> {
        long moved = Math.max(0, part.moveTo(log, some.bytes()));
        if (moved < some.bytes()) {
          yield again(new Fate.LogPart(some.bytes() - moved), moved);
        }
        part.clear();
        yield true;
      }
      case Fate.ClearPart clear -> {
        part.clear();
        yield true;
      }
      case Fate.Say say -> say(say);
    };
  }

  /** Moves bytes from the pipe to the log; returns how many, 0 if there is no room. */
  private long moveToLog(long bytes) throws ErrnoException {
    long moved = Math.max(0, log.move(pipe, bytes));
    if (moved == 0 && Fd.bytesReadable(pipe) == 0) {
      throw new IllegalStateException("a worker has read what it had written");
    }
    gone += moved;
    return moved;
  }

  /** Goes on with the rest, at once if some of it has been done. */
  private boolean again(Fate rest, long moved) {
    fates.addFirst(rest);
    return moved > 0;
  }

  private boolean say(Fate.Say say) throws ErrnoException {
    ByteBuffer buffer = means.text();
    ByteBuffer text = say.text();
    int count = Math.min(text.remaining(), buffer.remaining());
    buffer.put(text.slice(text.position(), count)).flip();
    int written = Math.max(0, log.write(buffer));
    text.position(text.position() + written);
    return !text.hasRemaining() || again(say, written);
  }

  /**
   * Moves what is unfinished to the file, as far as that is possible. Everything that was found
   * must have been taken.
   *
   * @return whether the pipe was touched, so that it is to be looked at once more
   */
  boolean empty() {
    if (inPipe == 0) {
      return false;
    }
    long before = part.bytes();
    try {
      part.take(pipe, inPipe);
      cannotEmpty = false;
    } catch (ErrnoException e) {
      if (!cannotEmpty) {
        LOG.warn("{}: the beginning of a message waits in its pipe: {}", name, e.getMessage());
      }
      cannotEmpty = true;
    } finally {
      long moved = part.bytes() - before;
      inPart += moved;
      inPipe -= (int) moved;
      gone += moved;
      meters.spilledBytes.addAndGet(moved);
    }
    return true;
  }

  /**
   * Nothing will complete what is unfinished: it is stray, and so is all that may still come from
   * what outlived the worker. Everything that was found before must have been taken.
   */
  void finish() {
    isLogOnly = true;
    if (inPart + inPipe > 0) {
      sink.unfinished(inPart + inPipe);
    }
    logPart();
    log(inPipe);
    inPipe = 0;
  }

  /** Closes our end of the pipe and of the file; the files stay. */
  @Override
  public void close() throws ErrnoException {
    hasEnded = true;
    part.close();
    Fd.close(pipe);
  }
}
