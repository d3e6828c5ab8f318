package pm.daemon.control;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.control.EventSource.Event;
import pm.daemon.core.model.InstanceName;
import pm.daemon.loop.SystemTime;
import pm.protocol.Streams;

/**
 * Sends the events after a number: from the files as long as they are older than what is in memory,
 * then from memory. It takes the next ones only when there is room for them, so a slow reader costs
 * nothing but its own delay; what is gone by the time it gets there is a gap. Loop thread only, but
 * for reading files.
 */
final class EventStream implements Subscription {
  private static final int BATCH = 100;
  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);

  private final Connection connection;
  private final long number;
  private final EventSource events;
  private final Reads reads;
  private final SystemTime time;
  private final Predicate<Optional<InstanceName>> filter;
  private final boolean follow;

  /** The last ones so far, while only they are wanted and there are more to come. */
  private final ArrayDeque<Event> held = new ArrayDeque<>();

  /** How many of those that exist already are wanted; empty once they are sent, or for all. */
  private OptionalInt last;

  /** The number of the last event that was dealt with. */
  private long position;

  private Optional<EventSource.Reader> reader = Optional.empty();

  /** Whether the reader has found anything, so that opening it anew may find more. */
  private boolean foundSome;

  private boolean reading;

  /** Whether it waits for its turn to read. */
  private boolean waiting;

  private boolean closed;

  /** What a look into the files has brought. */
  private record Page(EventSource.Reader reader, List<Event> events) {}

  EventStream(
      Connection connection,
      long number,
      EventSource events,
      Reads reads,
      SystemTime time,
      Predicate<Optional<InstanceName>> filter,
      long since,
      OptionalInt last,
      boolean follow) {
    this.connection = connection;
    this.number = number;
    this.events = events;
    this.reads = reads;
    this.time = time;
    this.filter = filter;
    this.position = since;
    this.last = last;
    this.follow = follow;
  }

  @Override
  public void pump() {
    while (!closed && !reading && !waiting && !connection.isFull()) {
      if (position + 1 < events.firstInMemory()) {
        readFiles();
        continue;
      }
      letGo();
      List<Event> next = events.after(position, BATCH);
      if (next.isEmpty()) {
        sendHeld();
        if (!follow) {
          connection.unsubscribe(number, "complete");
        }
        return;
      }
      send(next);
    }
  }

  @Override
  public void close() {
    closed = true;
    letGo();
  }

  private void send(List<Event> next) {
    for (Event event : next) {
      position = event.seq();
      if (filter.test(event.instance())) {
        if (last.isEmpty()) {
          send(event);
        } else {
          held.add(event);
          if (held.size() > last.getAsInt()) {
            held.remove();
          }
        }
      }
    }
  }

  private void send(Event event) {
    connection.send(Wire.notification(Streams.EVENT, number, event.json()));
  }

  /** All that there was has been looked at: its end is what was wanted of it. */
  private void sendHeld() {
    last = OptionalInt.empty();
    for (Event event = held.poll(); event != null; event = held.poll()) {
      send(event);
    }
  }

  private void readFiles() {
    if (!reads.hasRoom()) {
      await();
      return;
    }
    Optional<EventSource.Reader> opened = reader;
    long after = position;
    reader = Optional.empty();
    reading =
        reads.submit(
            () -> page(opened, after),
            this::arrived,
            thrown -> {
              LOG.warn("cannot read the events: {}", thrown.getMessage());
              reading = false;
              if (!closed) {
                skipToMemory();
                connection.pumpStream(number);
              }
            });
    if (!reading) {
      reader = opened;
      await();
    }
  }

  private void await() {
    waiting = true;
    reads.awaitStream(
        time.now(),
        () -> {
          waiting = false;
          connection.pumpStream(number);
        });
  }

  private Page page(Optional<EventSource.Reader> opened, long after) throws IOException {
    EventSource.Reader from = opened.isPresent() ? opened.get() : events.read(after);
    try {
      return new Page(from, from.next(Bounds.CHUNK_BYTES));
    } catch (IOException e) {
      close(from);
      throw e;
    }
  }

  private void arrived(Page page) {
    reading = false;
    if (closed || page.events().isEmpty()) {
      close(page.reader());
    } else {
      reader = Optional.of(page.reader());
    }
    if (closed) {
      return;
    }
    if (!page.events().isEmpty()) {
      foundSome = true;
      send(page.events());
    } else if (foundSome) {
      // While we read, more may have been written than is in memory: look once more.
      foundSome = false;
    } else {
      skipToMemory();
    }
    connection.pumpStream(number);
  }

  /** What is neither in the files nor in memory is gone. */
  private void skipToMemory() {
    long from = Math.max(position + 1, events.firstOfThisDaemon());
    long to = events.firstInMemory() - 1;
    position = Math.max(position, to);
    if (from <= to && last.isEmpty()) {
      Map<String, Object> params = new LinkedHashMap<>();
      params.put("subscription", number);
      params.put("from", from);
      params.put("to", to);
      connection.send(Wire.notification(Streams.GAP, params));
    }
  }

  private void letGo() {
    reader.ifPresent(EventStream::close);
    reader = Optional.empty();
  }

  private static void close(EventSource.Reader reader) {
    try {
      reader.close();
    } catch (IOException e) {
      LOG.debug("closing a file of events: {}", e.getMessage());
    }
  }
}
