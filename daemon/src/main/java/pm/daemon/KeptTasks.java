package pm.daemon;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import pm.daemon.control.TaskSource;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;
import pm.daemon.core.pool.Pools;
import pm.daemon.store.TaskStore;

/** Tasks as the control socket shows them: what is known of them, and what is in the store. */
final class KeptTasks implements TaskSource {

  private final Pools pools;
  private final TaskStore store;

  KeptTasks(Pools pools, TaskStore store) {
    this.pools = pools;
    this.store = store;
  }

  @Override
  public List<PoolView> pools(Moment now) {
    return pools.pools(now);
  }

  @Override
  public Optional<TaskView> task(String id, Moment now) {
    return pools.task(id, now);
  }

  @Override
  public List<TaskView> tasks(
      String pool, Optional<TaskState> state, long after, int most, Moment now) {
    return pools.tasks(pool, state, after, most, now);
  }

  @Override
  public int inHand(Instance instance) {
    return pools.inHand(instance);
  }

  @Override
  public byte[] data(long number) throws IOException {
    return store.data(number);
  }

  @Override
  public byte[] result(long number) throws IOException {
    return store.result(number);
  }

  @Override
  public int dataBytes(long number) {
    return store.dataBytes(number);
  }

  @Override
  public int resultBytes(long number) {
    return store.resultBytes(number);
  }
}
