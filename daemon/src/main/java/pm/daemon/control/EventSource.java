package pm.daemon.control;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import pm.daemon.core.model.InstanceName;

/** The events that are kept: the youngest in memory, older ones in files. */
public interface EventSource {

  /**
   * An event.
   *
   * @param seq its number, ascending
   * @param instance what it is about; empty if it is the daemon
   * @param json one JSON object without a line feed
   */
  record Event(long seq, Optional<InstanceName> instance, String json) {}

  /** Returns the number of the youngest event, 0 if there was none. Loop thread only. */
  long lastSeq();

  /** Returns the first number that this daemon could give. Any thread. */
  long firstOfThisDaemon();

  /** Returns the number of the oldest event in memory, or of the next one. Loop thread only. */
  long firstInMemory();

  /** Returns up to {@code limit} events in memory after {@code seq}. Loop thread only. */
  List<Event> after(long seq, int limit);

  /** Begins to read the files after {@code seq}. Blocks. */
  Reader read(long seq) throws IOException;

  /** Reads files, on one thread at a time. */
  interface Reader extends Closeable {
    /** Returns the next events of about {@code bytes} together, none at the end. Blocks. */
    List<Event> next(int bytes) throws IOException;

    @Override
    void close() throws IOException;
  }
}
