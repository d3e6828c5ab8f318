package pm.daemon.store;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;

/**
 * Tasks in memory only: they are gone when the daemon ends, however it ends. What of data and
 * results would be too much for the heap is in memory beside it.
 */
public final class MemoryStore implements TaskStore {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStore.class);

  /** So many bytes of data and results may be in memory. */
  static final long MOST_BYTES = 256L << 20;

  private static final byte[] NOTHING = {};

  private static final String FULL =
      "data and results of tasks take " + (MOST_BYTES >> 20) + " MiB of memory";

  private final String epoch;
  private final Listener listener;
  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private final TaskIndex index = new TaskIndex();
  private final MemoryBlobs blobs = new MemoryBlobs();
  private long[] staged = new long[64];

  private long heldBytes;
  private boolean isFull;

  private long position;
  private long lastTask;

  private MemoryStore(String epoch, Listener listener) {
    this.epoch = epoch;
    this.listener = listener;
  }

  /**
   * Begins a store.
   *
   * @param random draws what ids of tasks begin with
   */
  public static MemoryStore open(RandomGenerator random, Listener listener) {
    return new MemoryStore(Epochs.draw(random), listener);
  }

  @Override
  public String epoch() {
    return epoch;
  }

  @Override
  public boolean isOfThisBoot() {
    return true;
  }

  @Override
  public long lastTask() {
    return lastTask;
  }

  @Override
  public void replay(Consumer<TaskEntry> entries) {
    // There is nothing yet.
  }

  @Override
  public long keep(List<TaskEntry> entries, LongFunction<Optional<TaskEntry.Whole>> whole)
      throws KeepException {
    lock.lock();
    try {
      stage(entries);
      for (int i = 0; i < entries.size(); i++) {
        heldBytes += MemoryBlobs.length(staged[i]);
        TaskEntry entry = entries.get(i);
        // Nearly all are these, and a switch over types takes longer than what there is to do.
        if (entry instanceof TaskEntry.Ended ended) {
          end(ended, staged[i]);
        } else if (entry instanceof TaskEntry.Queued queued) {
          queue(queued, staged[i]);
        } else if (entry instanceof TaskEntry.Forgotten forgotten) {
          forget(forgotten);
        } else if (!(entry instanceof TaskEntry.Started)) {
          apply(entry);
        }
      }
    } catch (IOException e) {
      throw new KeepException("no memory for tasks: " + RunRecords.reason(e), e);
    } finally {
      lock.unlock();
    }
    position += entries.size();
    return position;
  }

  /** Puts all data and results into memory, or none. */
  private void stage(List<TaskEntry> entries) throws IOException {
    if (staged.length < entries.size()) {
      staged = new long[Math.max(entries.size(), 2 * staged.length)];
    }
    int done = 0;
    try {
      for (; done < entries.size(); done++) {
        TaskEntry entry = entries.get(done);
        if (entry instanceof TaskEntry.Ended ended) {
          staged[done] = blobs.put(ended.result());
        } else if (entry instanceof TaskEntry.Queued queued) {
          staged[done] = blobs.put(queued.content().data());
        } else {
          staged[done] = Location.NONE;
        }
      }
    } catch (IOException e) {
      for (int i = 0; i < done; i++) {
        heldBytes += MemoryBlobs.length(staged[i]);
        remove(staged[i]);
      }
      throw e;
    }
  }

  private void queue(TaskEntry.Queued queued, long location) {
    lastTask = Math.max(lastTask, queued.task());
    int place = index.put(queued.task());
    remove(index.data(place));
    index.data(place, location);
  }

  private void end(TaskEntry.Ended ended, long location) {
    int place = index.find(ended.task());
    if (place == TaskIndex.NOWHERE) {
      remove(location);
    } else {
      remove(index.result(place));
      index.result(place, location);
    }
  }

  private void forget(TaskEntry.Forgotten forgotten) {
    int place = index.find(forgotten.task());
    if (place != TaskIndex.NOWHERE) {
      remove(index.data(place));
      remove(index.result(place));
      index.remove(place);
    }
  }

  private void apply(TaskEntry entry) {
    switch (entry) {
      case TaskEntry.PutBack back -> {
        int place = index.find(back.task());
        if (place != TaskIndex.NOWHERE) {
          remove(index.result(place));
          index.result(place, Location.NONE);
        }
      }
      case TaskEntry.Queued _, TaskEntry.Ended _, TaskEntry.Forgotten _ ->
          throw new IllegalStateException("not here: " + entry);
      case TaskEntry.Started _,
          TaskEntry.Cancelling _,
          TaskEntry.Returned _,
          TaskEntry.Noted _,
          TaskEntry.Whole _ -> {
        // Whoever decided it knows it.
      }
    }
  }

  private void remove(long location) {
    heldBytes -= MemoryBlobs.length(location);
    try {
      blobs.remove(location);
    } catch (IOException e) {
      LOG.debug("memory of a task is not given back: {}", RunRecords.reason(e));
    }
  }

  @Override
  public void flush(long wanted) {
    // Nothing is written, so nothing is waited for.
    listener.flushed(position);
  }

  @Override
  public byte[] data(long task) throws IOException {
    return read(task, true);
  }

  @Override
  public boolean hasDataAtHand() {
    return true;
  }

  @Override
  public byte[] dataAtHand(long task) {
    lock.lock();
    try {
      int place = index.find(task);
      long location = place == TaskIndex.NOWHERE ? Location.NONE : index.data(place);
      return MemoryBlobs.length(location) > INLINE_BYTES ? NOTHING : blobs.get(location);
    } catch (IOException e) {
      // Whoever reads them off the loop is told as much, and tells it.
      LOG.debug("data of task {} are not at hand: {}", task, RunRecords.reason(e));
      return NOTHING;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public byte[] result(long task) throws IOException {
    return read(task, false);
  }

  private byte[] read(long task, boolean ofData) throws IOException {
    lock.lock();
    try {
      int place = index.find(task);
      if (place == TaskIndex.NOWHERE) {
        throw new IOException("task " + task + " is not known");
      }
      return blobs.get(ofData ? index.data(place) : index.result(place));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int dataBytes(long task) {
    return length(task, true);
  }

  @Override
  public int resultBytes(long task) {
    return length(task, false);
  }

  private int length(long task, boolean ofData) {
    lock.lock();
    try {
      int place = index.find(task);
      if (place == TaskIndex.NOWHERE) {
        return 0;
      }
      return MemoryBlobs.length(ofData ? index.data(place) : index.result(place));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String fullness() {
    lock.lock();
    try {
      isFull = heldBytes > (isFull ? MOST_BYTES - MOST_BYTES / 8 : MOST_BYTES);
      return isFull ? FULL : "";
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long sizeBytes() {
    return 0;
  }

  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      blobs.close();
    } finally {
      lock.unlock();
    }
  }
}
