package pm.daemon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import pm.daemon.control.EventSource;
import pm.daemon.store.EventLog;

/** The event log, as clients ask for it. */
final class KeptEvents implements EventSource {

  private final EventLog log;
  private final long first;

  KeptEvents(EventLog log) {
    this.log = log;
    this.first = log.lastSeq() + 1;
  }

  @Override
  public long lastSeq() {
    return log.lastSeq();
  }

  @Override
  public long firstOfThisDaemon() {
    return first;
  }

  @Override
  public long firstInMemory() {
    return log.firstInMemory();
  }

  @Override
  public List<Event> after(long seq, int limit) {
    return converted(log.after(seq, limit));
  }

  @Override
  public Reader read(long seq) throws IOException {
    EventLog.Reader files = log.read(seq);
    return new Reader() {
      @Override
      public List<Event> next(int bytes) throws IOException {
        return converted(files.next(bytes));
      }

      @Override
      public void close() throws IOException {
        files.close();
      }
    };
  }

  private static List<Event> converted(List<EventLog.Event> events) {
    List<Event> all = new ArrayList<>(events.size());
    for (EventLog.Event event : events) {
      all.add(new Event(event.seq(), event.instance(), event.json()));
    }
    return all;
  }
}
