package pm.daemon.store;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import pm.daemon.core.event.TaskEntry;

/**
 * Keeps what is decided about tasks, so that none is lost. Loop thread only, but for {@link #data},
 * {@link #result} and their sizes.
 *
 * <p>Once {@link #keep} has returned, the store has the data of a task: whoever has the {@link
 * pm.daemon.core.model.NewTask} may let go of them, and must if they are longer than {@link
 * #INLINE_BYTES}. {@link #replay} and {@link TaskEntry.Whole} have an empty array in place of long
 * ones. The same holds for results. No data of a task are empty otherwise, since they are a JSON
 * value.
 */
public interface TaskStore extends AutoCloseable {

  /** Data and results up to this length are told by {@link #replay}; longer ones are not. */
  int INLINE_BYTES = 4096;

  /** Hears what became of a flush. On the loop thread. */
  interface Listener {
    /** All that was kept up to this position survives a loss of power. */
    void flushed(long position);

    /**
     * What was kept after the last position that was told to be flushed, up to this one, may be
     * lost; whoever waits for it must be told so. Nothing is acknowledged until {@link #works}.
     */
    void failed(long position, String why);

    /** Tasks can be kept again, and all that is known of them was kept anew and is safe. */
    void works();

    /**
     * The store has something to do that needs to know all about some tasks: {@link #keep} is to be
     * called before this turn ends, with an empty list if there is nothing to keep.
     */
    void wantsTurn();
  }

  /**
   * Returns what ids of tasks begin with: four letters and digits, drawn when the store was made.
   */
  String epoch();

  /** Returns whether what was kept last was kept in this boot, so that its nanoseconds count. */
  boolean isOfThisBoot();

  /**
   * Returns the greatest number that a task ever had here, also one that is forgotten; 0 if there
   * was none. After {@link #replay}.
   */
  long lastTask();

  /**
   * Tells all that is kept, in its order; a task may come as one {@link TaskEntry.Whole} in place
   * of all that was told of it before. Entries about tasks that are forgotten later may be missing.
   * Once, before anything else; blocks.
   *
   * @throws StoreException if it cannot be read; what, where, and what to do are in the message
   */
  void replay(Consumer<TaskEntry> entries) throws StoreException;

  /**
   * Keeps entries, all or none, with one write: they survive {@code kill -9} of the daemon.
   *
   * @param entries may be empty, where {@link Listener#wantsTurn} asked for it
   * @param whole gives all that is known of a task, these entries included, or nothing if it is
   *     forgotten. Called within this call only. The store copies data and result itself
   * @return the position behind them, ascending
   * @throws KeepException if they are not kept. The same ones may be given again, with others
   *     behind them
   */
  long keep(List<TaskEntry> entries, LongFunction<Optional<TaskEntry.Whole>> whole)
      throws KeepException;

  /**
   * Has all up to {@code position} survive a loss of power; the listener hears of it, perhaps
   * before this returns. What is asked for while a flush is under way shares the next one.
   */
  void flush(long position);

  /**
   * Reads the data of a task. Any thread; does file work.
   *
   * @throws IOException if it cannot be read, or the task is not known
   */
  byte[] data(long task) throws IOException;

  /**
   * Returns whether it has all data of up to {@link #INLINE_BYTES} in memory, so that nobody else
   * need hold them.
   */
  default boolean hasDataAtHand() {
    return false;
  }

  /**
   * Returns the data of a task, if they are in memory and have at most {@link #INLINE_BYTES}; else
   * no bytes. Loop thread.
   */
  default byte[] dataAtHand(long task) {
    return new byte[0];
  }

  /**
   * Reads the result of a task; empty if there is none. Any thread; does file work.
   *
   * @throws IOException if it cannot be read, or the task is not known
   */
  byte[] result(long task) throws IOException;

  /** Returns how many bytes the data of a task have; 0 if it is not known. Any thread. */
  int dataBytes(long task);

  /** Returns how many bytes the result of a task has; 0 if there is none. Any thread. */
  int resultBytes(long task);

  /**
   * Returns what it holds too much of, in words, so that some tasks should be forgotten that have
   * ended, and none taken in; empty if it does not. What is kept all the same is kept. Loop thread.
   */
  default String fullness() {
    return "";
  }

  /** Returns the size of its files in bytes; 0 if it has none. */
  long sizeBytes();

  /** Flushes what is left and lets go of the files. Blocks; after the loop has ended. */
  @Override
  void close() throws IOException;
}
