package pm.daemon.store;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.InstanceName;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.LineSplitter;
import pm.protocol.Members;

/**
 * What happened: the last {@value #RING} events in memory, and up to two files of {@value
 * #FILE_BOUND} bytes in the state folder. Each event has a number, which ascends over restarts of
 * the daemon and is used once.
 *
 * <p>Events are written off the loop, in batches, without a flush. What cannot be written is
 * counted and stops nothing: events are for people, what must be true is in the records.
 */
public final class EventLog {

  /** How many events are in memory. */
  public static final int RING = 1_000;

  /** Bytes of a file after which the next is begun. */
  public static final long FILE_BOUND = 4L * 1024 * 1024;

  static final String FILE = "events.jsonl";
  static final String OLD_FILE = "events.jsonl.1";

  /** The most events that wait to be written; beyond it the oldest of them are not written. */
  static final int WAITING_BOUND = 1_000;

  private static final long SKIP = 1_000;

  /** What JavaScript counts exactly, and nobody ever reaches: more is no number of ours. */
  private static final long MOST_SEQ = 1L << 53;

  private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);

  private final Path folder;
  private final Executor offLoop;
  private final long fileBound;
  private final long firstSeq;

  // Loop thread only.
  private final ArrayDeque<Event> ring = new ArrayDeque<>();
  private long lastSeq;

  // Between the loop and the thread that writes.
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final ArrayDeque<Event> waiting = new ArrayDeque<>();
  private boolean writing;
  private long lost;

  /** Held while files are written, rotated or opened for reading. */
  private final ReentrantLock files = new ReentrantLock();

  /**
   * An event in its final form.
   *
   * @param seq its number, from 1
   * @param instance what it is about; empty if it is the daemon
   * @param json one JSON object without a line feed
   */
  public record Event(long seq, Optional<InstanceName> instance, String json) {}

  private EventLog(Path folder, Executor offLoop, long fileBound, long lastSeq) {
    this.folder = folder;
    this.offLoop = offLoop;
    this.fileBound = fileBound;
    this.lastSeq = lastSeq;
    this.firstSeq = lastSeq + 1;
  }

  /**
   * Opens the log in {@code folder}, which exists. Blocks; called before the loop runs.
   *
   * @param cleanEnd whether the daemon before ended cleanly. If not, some numbers that it gave may
   *     not be in the file, so we go on at a later thousand
   * @param offLoop runs what blocks; may reject
   * @throws StoreException if the files cannot be used
   */
  public static EventLog open(Path folder, boolean cleanEnd, Executor offLoop)
      throws StoreException {
    return open(folder, cleanEnd, offLoop, FILE_BOUND);
  }

  static EventLog open(Path folder, boolean cleanEnd, Executor offLoop, long fileBound)
      throws StoreException {
    try {
      boolean isNew = !Files.exists(folder.resolve(FILE), LinkOption.NOFOLLOW_LINKS);
      long last = Math.max(repair(folder.resolve(OLD_FILE)), repair(folder.resolve(FILE)));
      if (!cleanEnd && !isNew) {
        last = ((last + WAITING_BOUND) / SKIP + 1) * SKIP;
      }
      append(folder.resolve(FILE), ByteBuffer.allocate(0));
      return new EventLog(folder, offLoop, fileBound, last);
    } catch (IOException e) {
      throw new StoreException(
          "cannot use " + folder.resolve(FILE) + ": " + RunRecords.reason(e), e);
    }
  }

  /** Adds an event and returns it in its final form. Loop thread only. */
  public Event add(Happening happening) {
    lastSeq++;
    Event event =
        new Event(lastSeq, EventJson.instance(happening), EventJson.write(lastSeq, happening));
    if (ring.size() == RING) {
      ring.removeFirst();
    }
    ring.addLast(event);
    enqueue(event);
    return event;
  }

  /** Returns the first number that this log could give. Any thread. */
  public long firstSeq() {
    return firstSeq;
  }

  /** Returns the number of the youngest event, 0 if there was none. Loop thread only. */
  public long lastSeq() {
    return lastSeq;
  }

  /**
   * Returns up to {@code limit} events after {@code seq} that are in memory, ascending. Those right
   * after it may be missing: see {@link #firstInMemory()}. Loop thread only.
   */
  public List<Event> after(long seq, int limit) {
    List<Event> found = new ArrayList<>();
    for (Event event : ring) {
      if (event.seq() > seq) {
        if (found.size() == limit) {
          break;
        }
        found.add(event);
      }
    }
    return found;
  }

  /** Returns the number of the oldest event in memory, or of the next one. Loop thread only. */
  public long firstInMemory() {
    return ring.isEmpty() ? lastSeq + 1 : ring.getFirst().seq();
  }

  /** Returns how many events could not be written. Any thread. */
  public long lost() {
    lock.lock();
    try {
      return lost;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until all is written; for the end of the daemon.
   *
   * @return whether it was done within {@code timeoutNanos}
   */
  public boolean settle(long timeoutNanos) throws InterruptedException {
    lock.lock();
    try {
      long left = timeoutNanos;
      while (writing && left > 0) {
        left = idle.awaitNanos(left);
      }
      return !writing;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Begins to read the files. Blocks; not on the loop.
   *
   * @param seq only events after this one are returned
   */
  public Reader read(long seq) throws IOException {
    files.lock();
    try {
      List<InputStream> opened = new ArrayList<>();
      for (String name : List.of(OLD_FILE, FILE)) {
        try {
          opened.add(
              new BufferedInputStream(
                  Files.newInputStream(folder.resolve(name), LinkOption.NOFOLLOW_LINKS), 8192));
        } catch (NoSuchFileException e) {
          LOG.debug("no events in {} yet", name);
        } catch (IOException e) {
          for (InputStream each : opened) {
            each.close();
          }
          throw e;
        }
      }
      return new Reader(opened, seq);
    } finally {
      files.unlock();
    }
  }

  /** Reads the files as they were when it was made, and what is appended to them. One thread. */
  public static final class Reader implements Closeable {
    private final ArrayDeque<InputStream> inputs;
    private final LineSplitter splitter = new LineSplitter();
    private final ArrayDeque<byte[]> lines = new ArrayDeque<>();
    private long seq;

    private Reader(List<InputStream> inputs, long seq) {
      this.inputs = new ArrayDeque<>(inputs);
      this.seq = seq;
    }

    /** Returns the next events of together about {@code bytes}, none at the end. Blocks. */
    public List<Event> next(int bytes) throws IOException {
      List<Event> events = new ArrayList<>();
      int size = 0;
      while (size < bytes) {
        byte[] line = lines.poll();
        if (line != null) {
          Optional<Event> event = event(line);
          if (event.isPresent() && event.get().seq() > seq) {
            seq = event.get().seq();
            events.add(event.get());
            size += line.length;
          }
        } else if (!fill()) {
          break;
        }
      }
      return events;
    }

    private boolean fill() throws IOException {
      byte[] chunk = new byte[8192];
      while (!inputs.isEmpty()) {
        int count = inputs.getFirst().read(chunk);
        if (count > 0) {
          splitter.feed(
              ByteBuffer.wrap(chunk, 0, count),
              new LineSplitter.Sink() {
                @Override
                public void line(byte[] line) {
                  lines.add(line);
                }

                @Override
                public void tooLong() {
                  // We write no such line: it is not ours.
                }
              });
          return true;
        }
        inputs.removeFirst().close();
      }
      return false;
    }

    @Override
    public void close() throws IOException {
      for (InputStream each : inputs) {
        each.close();
      }
      inputs.clear();
    }
  }

  /** Returns the event of a line, unless the line is damaged. */
  private static Optional<Event> event(byte[] line) {
    try {
      Members members = Members.of(Json.parse(line), "an event");
      long seq = members.optionalLong("seq").orElse(0);
      return seq < 1 || seq > MOST_SEQ
          ? Optional.empty()
          : Optional.of(
              new Event(
                  seq,
                  members.optionalString("instance").flatMap(InstanceName::parse),
                  new String(line, StandardCharsets.UTF_8)));
    } catch (JsonException e) {
      LOG.debug("an event is damaged: {}", e.sentence());
      return Optional.empty();
    }
  }

  private void enqueue(Event event) {
    lock.lock();
    try {
      if (waiting.size() == WAITING_BOUND) {
        waiting.removeFirst();
        lost++;
      }
      waiting.addLast(event);
      if (!writing) {
        begin();
      }
    } finally {
      lock.unlock();
    }
  }

  private void begin() {
    writing = true;
    try {
      offLoop.execute(this::writeAll);
    } catch (RejectedExecutionException e) {
      // It waits for the next event, which tries again.
      writing = false;
      LOG.debug("too much to do to write events: {}", e.getMessage());
    }
  }

  private void writeAll() {
    for (List<Event> batch = takeBatch(); !batch.isEmpty(); batch = takeBatch()) {
      try {
        write(batch);
      } catch (IOException e) {
        countLost(batch.size(), e);
      }
    }
  }

  private List<Event> takeBatch() {
    lock.lock();
    try {
      List<Event> batch = List.copyOf(waiting);
      waiting.clear();
      if (batch.isEmpty()) {
        writing = false;
        idle.signalAll();
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void countLost(int count, IOException e) {
    lock.lock();
    try {
      if (lost == 0) {
        LOG.warn("cannot write {}: {}", folder.resolve(FILE), RunRecords.reason(e));
      }
      lost += count;
    } finally {
      lock.unlock();
    }
  }

  private void write(List<Event> batch) throws IOException {
    StringBuilder text = new StringBuilder(320 * batch.size());
    for (Event event : batch) {
      text.append(event.json()).append('\n');
    }
    ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    files.lock();
    try {
      Path path = folder.resolve(FILE);
      if (sizeOf(path) + bytes.remaining() > fileBound) {
        moveToOld(path);
      }
      append(path, bytes);
    } finally {
      files.unlock();
    }
  }

  private static long sizeOf(Path path) throws IOException {
    try {
      return Files.size(path);
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  private void moveToOld(Path path) throws IOException {
    try {
      Files.move(path, folder.resolve(OLD_FILE), StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      LOG.debug("{} is gone; it is begun anew", path);
    }
  }

  private static void append(Path path, ByteBuffer bytes) throws IOException {
    OwnFile.isThere(path);
    try (FileChannel file =
        FileChannel.open(
            path,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      long start = file.size();
      try {
        long at = start;
        while (bytes.hasRemaining()) {
          at += file.write(bytes, at);
        }
      } catch (IOException e) {
        file.truncate(start);
        throw e;
      }
    }
  }

  /** Cuts off a torn last line. Returns the number of the last event in the file, 0 if none. */
  private static long repair(Path path) throws IOException {
    if (!OwnFile.isThere(path)) {
      return 0;
    }
    LastLine last = new LastLine();
    try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
      byte[] chunk = new byte[64 * 1024];
      LineSplitter splitter = new LineSplitter();
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        last.bytes += count;
        splitter.feed(ByteBuffer.wrap(chunk, 0, count), last);
      }
      last.torn = splitter.pendingBytes();
    }
    if (last.torn > 0) {
      try (FileChannel file =
          FileChannel.open(path, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
        file.truncate(last.bytes - last.torn);
      }
    }
    return event(last.line).map(Event::seq).orElse(0L);
  }

  private static final class LastLine implements LineSplitter.Sink {
    private byte[] line = new byte[0];
    private long bytes;
    private int torn;

    @Override
    public void line(byte[] next) {
      line = next;
    }

    @Override
    public void tooLong() {
      // Not ours; the line after it is looked at.
    }
  }
}
