package pm.daemon.control;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.protocol.ErrorCode;
import pm.protocol.LineSplitter;
import pm.protocol.Streams;

/**
 * One client: turns its bytes into lines, sends lines to it, and never waits for it. What its lines
 * mean is the business of {@link Calls}.
 *
 * <p>Reading stops while too many of its requests are unanswered or too much waits to be written,
 * so a client that does not read its answers only holds itself up. A client that has sent all it
 * has to say may close its side; it is still answered. Loop thread only.
 */
final class Connection {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private final int fd;
  private final Peer peer;
  private final EventLoop loop;
  private final Owner owner;
  private final LineSplitter splitter = new LineSplitter();
  private final ArrayDeque<byte[]> lines = new ArrayDeque<>(1);
  private final ArrayDeque<byte[]> output = new ArrayDeque<>(1);
  private final Map<Long, Subscription> subscriptions = new LinkedHashMap<>(2);
  private long lineBytes;
  private long outputBytes;

  /** What of its input the owner has been told of. */
  private long toldInputBytes;

  /** How much of the first line of {@link #output} is written. */
  private int written;

  private int inFlight;
  private int submits;
  private int submittedTasks;
  private int waitingBytes;
  private int pauses;
  private boolean isToBePumped;
  private long lastSubscription;
  private boolean streamsStopped;
  private boolean pumping;
  private boolean peerHasFinished;
  private boolean lineTooLong;
  private boolean ending;
  private boolean open = true;
  private int interest = Epoll.IN;

  /** What a connection needs of its server. */
  interface Owner {
    /** A line has come. */
    void line(Connection connection, byte[] line);

    /** Its unfinished input or its output has changed by so many bytes. */
    void changed(Connection connection, long inputBytes, long outputBytes);

    /** It has so many more submits, with so many tasks and bytes, that are not answered. */
    void submits(int requests, int tasks, int bytes);

    /** Returns whether all connections together have too many of them. */
    boolean hasTooManySubmits();

    /** Returns whether so many bytes more are too many to be held in memory. */
    boolean isTooMuchToWait(int bytes);

    /** Has {@link #pumpNow} be called when those who are answered now all have their answers. */
    void pumpSoon(Connection connection);

    /** It is closed. */
    void closed(Connection connection);

    /** Returns a direct buffer for the moment, of {@link Bounds#READ_BYTES}. */
    ByteBuffer buffer();

    /** Returns an array for the moment, as large. */
    byte[] bytes();
  }

  Connection(int fd, Peer peer, EventLoop loop, Owner owner) {
    this.fd = fd;
    this.peer = peer;
    this.loop = loop;
    this.owner = owner;
  }

  Peer peer() {
    return peer;
  }

  boolean isOpen() {
    return open;
  }

  long outputBytes() {
    return outputBytes;
  }

  long inputBytes() {
    return lineBytes + splitter.pendingBytes();
  }

  /** Begins to listen to it. */
  void start() throws ErrnoException {
    loop.watch(fd, interest, (ready, events) -> ready(events));
  }

  /** A request is being worked on. */
  void begin() {
    inFlight++;
  }

  /** Returns whether so many bytes more that may have to wait for room are too many. */
  boolean isTooMuchToWait(int bytes) {
    return owner.isTooMuchToWait(bytes);
  }

  /** A request is answered. */
  void done() {
    inFlight--;
    pump();
  }

  /**
   * A submit of so many tasks is being worked on.
   *
   * @param bytes how many of its bytes may be held in memory until it is answered
   */
  void beginSubmit(int tasks, int bytes) {
    submits++;
    submittedTasks += tasks;
    waitingBytes += bytes;
    owner.submits(1, tasks, bytes);
  }

  /** A submit of so many tasks is answered. Others mostly are in the same turn. */
  void doneSubmit(int tasks, int bytes) {
    submits--;
    submittedTasks -= tasks;
    waitingBytes -= bytes;
    owner.submits(-1, -tasks, -bytes);
    pumpSoon();
  }

  /** Later requests must wait for something, so that they are not answered before it. */
  void pause() {
    pauses++;
  }

  /** That something is done. */
  void resume() {
    pauses--;
    pump();
  }

  /** Sends a line, which ends with a line feed; nothing happens once it is closed. */
  void send(byte[] line) {
    if (!open) {
      return;
    }
    output.add(line);
    outputBytes += line.length;
    owner.changed(this, 0, line.length);
    pump();
  }

  /** As {@link #send}, together with the lines that follow in this turn. */
  void sendSoon(byte[] line) {
    if (!open) {
      return;
    }
    output.add(line);
    outputBytes += line.length;
    owner.changed(this, 0, line.length);
    pumpSoon();
  }

  private void pumpSoon() {
    if (open && !isToBePumped) {
      isToBePumped = true;
      owner.pumpSoon(this);
    }
  }

  /** Does what was put off. */
  void pumpNow() {
    isToBePumped = false;
    pump();
  }

  /** Sends a last line and closes as soon as it is written. */
  void sendLast(byte[] line) {
    ending = true;
    send(line);
    closeStreams();
    pump();
  }

  /** Returns whether streams must hold back; they are pumped again when there is room. */
  boolean isFull() {
    if (outputBytes >= Bounds.STREAM_BYTES) {
      streamsStopped = true;
    }
    return streamsStopped;
  }

  /** Adds a stream; returns its number, empty if there are too many. */
  OptionalLong subscribe(LongFunction<Subscription> maker) {
    if (subscriptions.size() >= Bounds.SUBSCRIPTIONS) {
      return OptionalLong.empty();
    }
    lastSubscription++;
    subscriptions.put(lastSubscription, maker.apply(lastSubscription));
    return OptionalLong.of(lastSubscription);
  }

  /** Ends a stream and says why; returns false if there is none of that number. */
  boolean unsubscribe(long number, String reason) {
    Subscription ended = subscriptions.remove(number);
    if (ended == null) {
      return false;
    }
    ended.close();
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("subscription", number);
    params.put("reason", reason);
    send(Wire.notification(Streams.END, params));
    return true;
  }

  /** Has a stream end when it has sent all there is; returns false if it has no such end. */
  boolean drain(long number) {
    Subscription stream = subscriptions.get(number);
    return stream != null && stream.drain();
  }

  /** Ends all streams and says why. */
  void unsubscribeAll(String reason) {
    for (long number : List.copyOf(subscriptions.keySet())) {
      unsubscribe(number, reason);
    }
  }

  /** Pumps one stream if it is there. */
  void pumpStream(long number) {
    Subscription stream = subscriptions.get(number);
    if (stream != null) {
      stream.pump();
    }
  }

  /** Pumps all streams: there may be more to send. */
  void pumpStreams() {
    for (Subscription stream : List.copyOf(subscriptions.values())) {
      stream.pump();
    }
  }

  boolean hasStream(long number) {
    return subscriptions.containsKey(number);
  }

  boolean hasStreams() {
    return !subscriptions.isEmpty();
  }

  /** Closes at once. */
  void close() {
    if (!open) {
      return;
    }
    open = false;
    loop.unwatch(fd);
    try {
      Fd.close(fd);
    } catch (ErrnoException e) {
      LOG.debug("closing a connection: {}", e.getMessage());
    }
    owner.changed(this, -toldInputBytes, -outputBytes);
    owner.submits(-submits, -submittedTasks, -waitingBytes);
    closeStreams();
    lines.clear();
    output.clear();
    owner.closed(this);
  }

  private void closeStreams() {
    List<Subscription> ended = List.copyOf(subscriptions.values());
    subscriptions.clear();
    ended.forEach(Subscription::close);
  }

  private void ready(int events) {
    try {
      if ((events & Epoll.OUT) != 0) {
        pump();
      }
      if (open && (events & Epoll.IN) != 0 && (interest & Epoll.IN) != 0) {
        read();
      } else if (open && (events & (Epoll.HUP | Epoll.ERR)) != 0) {
        // It is gone altogether, and there is nothing left that we would read.
        close();
      }
    } catch (ErrnoException e) {
      // A reset or a broken pipe: how clients go.
      LOG.debug("connection of uid {} (pid {}): {}", peer.uid(), peer.pid(), e.getMessage());
      close();
    }
  }

  private void read() throws ErrnoException {
    ByteBuffer buffer = owner.buffer();
    buffer.clear().limit(Bounds.READ_BYTES);
    int count = Fd.read(fd, buffer);
    if (count == Fd.WOULD_BLOCK) {
      return;
    }
    if (count == 0) {
      peerHasFinished = true;
      pump();
      return;
    }
    byte[] bytes = owner.bytes();
    buffer.flip().get(bytes, 0, count);
    splitter.feed(bytes, 0, count, sink);
    tellInput();
    pump();
  }

  private final LineSplitter.Sink sink =
      new LineSplitter.Sink() {
        @Override
        public void line(byte[] line) {
          if (!lineTooLong) {
            lines.add(line);
            lineBytes += line.length;
          }
        }

        @Override
        public void tooLong() {
          lineTooLong = true;
        }
      };

  private void tellInput() {
    if (open) {
      long now = inputBytes();
      long change = now - toldInputBytes;
      toldInputBytes = now;
      owner.changed(this, change, 0);
    }
  }

  /** Does all that can be done now: handles lines, writes, lets streams go on, ends. */
  private void pump() {
    if (pumping || !open) {
      return;
    }
    pumping = true;
    try {
      do {
        handleLines();
        write();
      } while (mayHandle() && !lines.isEmpty());
      while (open && streamsStopped && outputBytes <= Bounds.STREAM_LOW_BYTES) {
        streamsStopped = false;
        pumpStreams();
        write();
      }
    } catch (ErrnoException e) {
      LOG.debug("connection of uid {} (pid {}): {}", peer.uid(), peer.pid(), e.getMessage());
      close();
    } finally {
      pumping = false;
    }
    if (open) {
      if (isOver()) {
        close();
      } else {
        listen();
      }
    }
  }

  private void handleLines() {
    while (mayHandle() && !lines.isEmpty()) {
      byte[] line = lines.remove();
      lineBytes -= line.length;
      tellInput();
      owner.line(this, line);
    }
    if (lineTooLong && mayHandle()) {
      sendLast(
          Wire.error(
              Optional.empty(),
              ErrorCode.INVALID_REQUEST,
              "a line is longer than "
                  + LineSplitter.MAX_LINE_BYTES
                  + " bytes; the connection ends"));
    }
  }

  private boolean mayHandle() {
    return open
        && !ending
        && pauses == 0
        && inFlight < Bounds.IN_FLIGHT
        && maySubmit()
        && outputBytes < Bounds.OUTPUT_BYTES;
  }

  private boolean maySubmit() {
    return submits == 0
        || (submits < Bounds.SUBMITS
            && submittedTasks < Bounds.SUBMITTED_TASKS
            && waitingBytes < Bounds.WAITING_BYTES
            && !owner.hasTooManySubmits());
  }

  private boolean isOver() {
    return output.isEmpty()
        && (ending
            || (peerHasFinished && lines.isEmpty() && isAnswered() && subscriptions.isEmpty()));
  }

  private boolean isAnswered() {
    return inFlight == 0 && submits == 0;
  }

  private void write() throws ErrnoException {
    int budget = Bounds.WRITE_BYTES;
    while (open && !output.isEmpty() && budget > 0) {
      ByteBuffer buffer = owner.buffer();
      fill(buffer);
      int count = Fd.write(fd, buffer);
      if (count == Fd.WOULD_BLOCK) {
        return;
      }
      budget -= count;
      remove(count);
    }
  }

  private void fill(ByteBuffer buffer) {
    buffer.clear();
    int skip = written;
    for (byte[] line : output) {
      int count = Math.min(line.length - skip, buffer.remaining());
      buffer.put(line, skip, count);
      skip = 0;
      if (!buffer.hasRemaining()) {
        break;
      }
    }
    buffer.flip();
  }

  private void remove(int count) {
    outputBytes -= count;
    owner.changed(this, 0, -count);
    int left = written + count;
    while (!output.isEmpty() && left >= output.getFirst().length) {
      left -= output.removeFirst().length;
    }
    written = left;
  }

  private void listen() {
    boolean reads = !peerHasFinished && !lineTooLong && mayHandle() && lines.isEmpty();
    int wanted = (reads ? Epoll.IN : 0) | (output.isEmpty() ? 0 : Epoll.OUT);
    if (wanted == interest) {
      return;
    }
    try {
      loop.change(fd, wanted);
      interest = wanted;
    } catch (ErrnoException e) {
      LOG.warn("a connection is closed: {}", e.getMessage());
      close();
    }
  }
}
