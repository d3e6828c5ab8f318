package pm.daemon.store;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import pm.daemon.core.event.TaskEntry;

/**
 * Keeps what is decided about tasks, so that none is lost. Loop thread only, but for {@link #data}
 * and {@link #result}.
 */
public interface TaskStore extends AutoCloseable {

  /** Hears what became of a flush. On the loop thread. */
  interface Listener {
    /** All that was kept up to this position survives a loss of power. */
    void flushed(long position);

    /**
     * What was kept after the last position that was told to be flushed, up to this one, may be
     * lost; whoever waits for it must be told so. Nothing is acknowledged until {@link #works}.
     */
    void failed(long position, String why);

    /** Tasks can be kept again, and all that is known of them was kept anew. */
    void works();
  }

  /**
   * Returns what ids of tasks begin with: four letters and digits, drawn when the store was made.
   */
  String epoch();

  /** Returns whether what was kept last was kept in this boot, so that its nanoseconds count. */
  boolean isOfThisBoot();

  /**
   * Tells all that is kept, in its order; a task that ended long ago may come as one {@link
   * TaskEntry.Whole}. Once, before anything else.
   *
   * @throws IOException if it cannot be read; what, where, and what to do are in the message
   */
  void replay(Consumer<TaskEntry> entries) throws IOException;

  /**
   * Keeps entries, all or none, with one write: they survive {@code kill -9} of the daemon.
   *
   * @param whole gives all that is known of a task, for the store to drop old files
   * @return the position behind them, ascending
   * @throws KeepException if they are not kept
   */
  long keep(List<TaskEntry> entries, LongFunction<Optional<TaskEntry.Whole>> whole)
      throws KeepException;

  /**
   * Has all up to {@code position} survive a loss of power; the listener hears of it. What is asked
   * for while a flush is under way shares the next one.
   */
  void flush(long position);

  /**
   * Reads the data of a task. Any thread; does file work.
   *
   * @throws IOException if it cannot be read, or the task is not known
   */
  byte[] data(long task) throws IOException;

  /**
   * Reads the result of a task; empty if there is none. Any thread; does file work.
   *
   * @throws IOException if it cannot be read, or the task is not known
   */
  byte[] result(long task) throws IOException;

  /** Returns the size of its files in bytes; 0 if it has none. */
  long sizeBytes();

  /** Writes what is left and lets go of the files. */
  @Override
  void close() throws IOException;
}
