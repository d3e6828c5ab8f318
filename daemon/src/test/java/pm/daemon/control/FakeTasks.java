package pm.daemon.control;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/** Pools and tasks that a test makes up. */
final class FakeTasks implements TaskSource {
  final ConcurrentSkipListMap<String, PoolView> pools = new ConcurrentSkipListMap<>();
  final ConcurrentHashMap<String, TaskView> tasks = new ConcurrentHashMap<>();
  final Map<Long, byte[]> data = new ConcurrentHashMap<>();
  final Map<Long, byte[]> results = new ConcurrentHashMap<>();
  final Set<Long> unreadable = ConcurrentHashMap.newKeySet();
  final Map<String, Integer> inHand = new ConcurrentHashMap<>();

  /** Done on the pool whenever data or a result are about to be read. */
  volatile Runnable beforeRead = () -> {};

  @Override
  public List<PoolView> pools(Moment now) {
    return List.copyOf(pools.values());
  }

  @Override
  public Optional<TaskView> task(String id, Moment now) {
    return Optional.ofNullable(tasks.get(id));
  }

  @Override
  public List<TaskView> tasks(
      String pool, Optional<TaskState> state, long after, int most, Moment now) {
    return tasks.values().stream()
        .filter(task -> pool.equals(ALL_POOLS) || task.pool().equals(pool))
        .filter(task -> task.number() > after)
        .filter(task -> state.isEmpty() || task.state() == state.get())
        .sorted(Comparator.comparingLong(TaskView::number))
        .limit(most)
        .toList();
  }

  @Override
  public int inHand(Instance instance) {
    return inHand.getOrDefault(instance.name().toString(), 0);
  }

  @Override
  public byte[] data(long number) throws IOException {
    return read(data, number);
  }

  @Override
  public byte[] result(long number) throws IOException {
    return read(results, number);
  }

  @Override
  public int dataBytes(long number) {
    return data.getOrDefault(number, new byte[0]).length;
  }

  @Override
  public int resultBytes(long number) {
    return results.getOrDefault(number, new byte[0]).length;
  }

  private byte[] read(Map<Long, byte[]> all, long number) throws IOException {
    beforeRead.run();
    byte[] bytes = all.get(number);
    if (bytes == null || unreadable.contains(number)) {
      throw new IOException("no such task: " + number);
    }
    return bytes;
  }
}
