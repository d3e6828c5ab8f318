package pm.daemon.store;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import pm.daemon.core.event.TaskEntry;

/** Tasks in memory only: they are gone when the daemon ends, however it ends. */
public final class MemoryStore implements TaskStore {
  private static final byte[] NOTHING = {};

  private final String epoch;
  private final Consumer<Runnable> loop;
  private final Listener listener;
  private final ConcurrentHashMap<Long, byte[]> data = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, byte[]> results = new ConcurrentHashMap<>();
  private long position;

  private MemoryStore(String epoch, Consumer<Runnable> loop, Listener listener) {
    this.epoch = epoch;
    this.loop = loop;
    this.listener = listener;
  }

  /**
   * Begins a store.
   *
   * @param random draws what ids of tasks begin with
   * @param loop runs something on the loop thread
   */
  public static MemoryStore open(
      RandomGenerator random, Consumer<Runnable> loop, Listener listener) {
    return new MemoryStore(Epochs.draw(random), loop, listener);
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
    return 0;
  }

  @Override
  public void replay(Consumer<TaskEntry> entries) {
    // There is nothing yet.
  }

  @Override
  public long keep(List<TaskEntry> entries, LongFunction<Optional<TaskEntry.Whole>> whole) {
    for (TaskEntry entry : entries) {
      switch (entry) {
        case TaskEntry.Queued queued -> data.put(queued.task(), queued.content().data());
        case TaskEntry.Ended ended -> {
          if (ended.result().length > 0) {
            results.put(ended.task(), ended.result());
          }
        }
        case TaskEntry.PutBack back -> results.remove(back.task());
        case TaskEntry.Forgotten forgotten -> {
          data.remove(forgotten.task());
          results.remove(forgotten.task());
        }
        case TaskEntry.Started _,
            TaskEntry.Cancelling _,
            TaskEntry.Returned _,
            TaskEntry.Noted _,
            TaskEntry.Whole _ -> {
          // Whoever decided it knows it.
        }
      }
      position++;
    }
    return position;
  }

  @Override
  public void flush(long wanted) {
    long now = position;
    loop.accept(() -> listener.flushed(now));
  }

  @Override
  public byte[] data(long task) throws IOException {
    byte[] bytes = data.get(task);
    if (bytes == null) {
      throw new IOException("task " + task + " is not known");
    }
    return bytes;
  }

  @Override
  public byte[] result(long task) throws IOException {
    return results.getOrDefault(task, NOTHING);
  }

  @Override
  public int dataBytes(long task) {
    return data.getOrDefault(task, NOTHING).length;
  }

  @Override
  public int resultBytes(long task) {
    return results.getOrDefault(task, NOTHING).length;
  }

  @Override
  public long sizeBytes() {
    return 0;
  }

  @Override
  public void close() {
    // There is nothing to let go of.
  }
}
