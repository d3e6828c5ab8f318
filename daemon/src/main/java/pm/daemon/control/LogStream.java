package pm.daemon.control;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.model.InstanceName;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.protocol.Json;
import pm.protocol.Streams;

/**
 * Sends the output of some instances. Their files are read on the pool, and only when there is room
 * for more, so the files themselves are the buffer of a slow reader; what is removed before it gets
 * there is a gap. Loop thread only, but for reading files.
 */
final class LogStream implements Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(LogStream.class);

  private final Connection connection;
  private final long number;
  private final Reads reads;
  private final SystemTime time;

  /** Whether the stream goes on at the end; no longer, once it is drained. */
  private boolean follow;

  private final List<Followed> all;

  /** Those in which there may be something to read. */
  private final ArrayDeque<Followed> ready;

  private boolean reading;

  /** Whether it waits for its turn to read. */
  private boolean waiting;

  private boolean closed;

  /** A file that is to be read. */
  record Wanted(InstanceName instance, LogSource.Stream stream, Path file) {}

  /** A file that is open, from a place in it on. */
  static final class Followed {
    private final Wanted wanted;
    private final LogSource.Tail tail;
    private Runnable whenGrown = () -> {};
    private boolean queued = true;

    /** Whether its end is to be the end. */
    private boolean finishing;

    /** How many lines are still wanted: who does not follow wants no line that comes meanwhile. */
    private int linesLeft;

    private Followed(
        Wanted wanted, LogSource logs, LogSource.From from, boolean follow, EventLoop loop)
        throws IOException {
      this.wanted = wanted;
      this.linesLeft = follow ? Integer.MAX_VALUE : from.lines().orElse(Integer.MAX_VALUE);
      this.tail = logs.open(wanted.file(), from, () -> loop.post(this::hasGrown));
    }

    private void hasGrown() {
      whenGrown.run();
    }

    private void close() {
      try {
        tail.close();
      } catch (IOException e) {
        LOG.debug("closing {}: {}", wanted.file(), e.getMessage());
      }
    }
  }

  /**
   * Opens what can be opened. Done before the stream is answered for, so that whatever is printed
   * after the answer is in it. Blocks.
   */
  static List<Followed> open(
      List<Wanted> wanted, LogSource logs, LogSource.From from, boolean follow, EventLoop loop) {
    List<Followed> opened = new ArrayList<>(wanted.size());
    for (Wanted each : wanted) {
      try {
        opened.add(new Followed(each, logs, from, follow, loop));
      } catch (IOException e) {
        LOG.warn("cannot read {}: {}", each.file(), e.getMessage());
      }
    }
    return opened;
  }

  /** Closes what was opened for a stream that is not to be. */
  static void letGo(List<Followed> opened) {
    opened.forEach(Followed::close);
  }

  /** What a look into a file has brought: lines to send, and whether it was read to its end. */
  private record Page(List<byte[]> lines, boolean atEnd) {}

  LogStream(
      Connection connection,
      long number,
      Reads reads,
      SystemTime time,
      List<Followed> all,
      boolean follow) {
    this.connection = connection;
    this.number = number;
    this.reads = reads;
    this.time = time;
    this.follow = follow;
    this.all = List.copyOf(all);
    this.ready = new ArrayDeque<>(all);
    for (Followed each : all) {
      each.whenGrown = () -> hasGrown(each);
    }
  }

  @Override
  public void pump() {
    while (!closed && !reading && !waiting && !connection.isFull()) {
      Followed next = ready.poll();
      if (next == null) {
        if (!follow) {
          connection.unsubscribe(number, "complete");
        }
        return;
      }
      read(next);
    }
  }

  @Override
  public boolean drain() {
    follow = false;
    for (Followed each : all) {
      each.finishing = true;
      queue(each);
    }
    connection.pumpStream(number);
    return true;
  }

  @Override
  public void close() {
    closed = true;
    if (!reading) {
      letGo(all);
    }
  }

  private void read(Followed next) {
    if (!reads.hasRoom()) {
      await(next);
      return;
    }
    // What is written from now on queues it again.
    next.queued = false;
    boolean goesOn = follow;
    boolean finish = next.finishing;
    next.finishing = false;
    reading =
        reads.submit(
            () -> page(next, goesOn, finish),
            page -> arrived(next, page),
            thrown -> {
              LOG.warn("cannot read {}: {}", next.wanted.file(), thrown.getMessage());
              arrived(next, new Page(List.of(), true));
            });
    if (!reading) {
      next.finishing = finish;
      await(next);
    }
  }

  /** What is written meanwhile is in the file, and read then. */
  private void await(Followed next) {
    next.queued = true;
    ready.addFirst(next);
    waiting = true;
    reads.awaitStream(
        time.now(),
        () -> {
          waiting = false;
          connection.pumpStream(number);
        });
  }

  /** On the pool. */
  private Page page(Followed next, boolean goesOn, boolean finish) throws IOException {
    if (goesOn) {
      next.tail.arm();
    }
    if (finish) {
      next.tail.finish();
    }
    List<LogSource.Piece> pieces = next.tail.next(Bounds.CHUNK_BYTES);
    List<byte[]> lines = new ArrayList<>(pieces.size());
    for (LogSource.Piece piece : pieces) {
      if (next.linesLeft == 0) {
        break;
      }
      lines.add(line(next.wanted, piece));
      if (!goesOn && piece instanceof LogSource.Piece.Line line && !line.partial()) {
        next.linesLeft--;
      }
    }
    return new Page(lines, lines.isEmpty() || next.linesLeft == 0);
  }

  private byte[] line(Wanted wanted, LogSource.Piece piece) {
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("subscription", number);
    params.put("instance", wanted.instance().toString());
    return switch (piece) {
      case LogSource.Piece.Line line -> {
        params.put("stream", wanted.stream().word());
        params.put("line", line.text());
        if (line.partial()) {
          params.put("partial", true);
        }
        yield Wire.notification(Streams.LOG, params);
      }
      case LogSource.Piece.Gap gap -> {
        params.put("from", orNull(gap.from()));
        params.put("to", orNull(gap.to()));
        yield Wire.notification(Streams.GAP, params);
      }
    };
  }

  private static Object orNull(OptionalLong value) {
    return value.isPresent() ? (Object) value.getAsLong() : Json.NULL;
  }

  private void arrived(Followed read, Page page) {
    reading = false;
    if (closed) {
      letGo(all);
      return;
    }
    page.lines().forEach(connection::send);
    if (!page.atEnd()) {
      queue(read);
    }
    connection.pumpStream(number);
  }

  private void hasGrown(Followed followed) {
    if (!closed) {
      queue(followed);
      connection.pumpStream(number);
    }
  }

  /** Behind the others, so that one that never ends does not hide them. */
  private void queue(Followed followed) {
    if (!followed.queued) {
      followed.queued = true;
      ready.add(followed);
    }
  }
}
