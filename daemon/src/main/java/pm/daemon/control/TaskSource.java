package pm.daemon.control;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/** Pools and tasks. Loop thread only, but for what is in files. */
public interface TaskSource {
  /** In place of the name of a pool: all of them. */
  String ALL_POOLS = "";

  /** Returns all pools, by name. */
  List<PoolView> pools(Moment now);

  /** Returns a task; empty if there is none of this id. */
  Optional<TaskView> task(String id, Moment now);

  /**
   * Returns tasks, oldest first. Goes through all tasks, so it is not called for each of many
   * things.
   *
   * @param pool only those of this one, or of {@link #ALL_POOLS}
   * @param state only those in this state; empty for all
   * @param after only those with a greater number
   * @param most at most so many
   */
  List<TaskView> tasks(String pool, Optional<TaskState> state, long after, int most, Moment now);

  /** Returns how many tasks an instance has in hand. */
  int inHand(Instance instance);

  /**
   * Reads the data of a task. Blocks; called on a thread of the pool.
   *
   * @param number its {@link TaskView#number}
   * @throws IOException if it cannot be read, or the task is not known any more
   */
  byte[] data(long number) throws IOException;

  /** As {@link #data}, its result; empty if there is none. */
  byte[] result(long number) throws IOException;

  /** Returns the size of the data of a task; 0 if it is not known any more. Any thread. */
  int dataBytes(long number);

  /** As {@link #dataBytes}, of its result; 0 as long as there is none. */
  int resultBytes(long number);
}
