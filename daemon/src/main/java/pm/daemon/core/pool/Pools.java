package pm.daemon.core.pool;

import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import pm.config.ProgramSpec;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * All pools, their workers as far as tasks are concerned, and all tasks. It decides who gets which
 * task and how many workers there are to be; it does not decide about the life of an instance, but
 * says by {@link Slots} what it wants of it.
 *
 * <p>It is told what happens, in this order: {@link #define} for each pool, {@link #replay} for
 * what was kept, then {@link #changed} for each instance; later whatever comes. {@link #settle}
 * ends each batch of events: only there tasks are given out and workers asked for. Loop thread
 * only; pure but for its own state: the same calls give the same decisions.
 */
public final class Pools {

  /**
   * @param random draws jitter and the strategy {@code random}
   */
  public Pools(RandomGenerator random) {}

  /**
   * Takes what ids of tasks begin with, as the store says.
   *
   * @param isOfThisBoot whether kept nanoseconds count; else wall clock times do
   */
  public void begin(String epoch, boolean isOfThisBoot, Moment now) {}

  /** Takes what was kept. */
  public void replay(TaskEntry entry) {}

  /**
   * There is a pool, or its rules have changed; a program without a pool is none, or none any more.
   */
  public void define(ProgramSpec spec, Moment now, Turn turn) {}

  /** There is no such program any more. Its tasks stay and are shown. */
  public void undefine(String program, Moment now, Turn turn) {}

  /** Operators have decided whether a pool takes in and gives out; that is said elsewhere. */
  public void intake(String pool, PoolView.Intake intake, Moment now, Turn turn) {}

  /**
   * An instance of a pool is another than before. Between two calls it may have gone through
   * several states: where another invocation lives than before, or none, the one before is over,
   * and {@link Instance#past} tells how it ended.
   *
   * @param mayStart whether the pool may start it if it is down: nobody has stopped or disabled it,
   *     it has not failed for good, and the daemon does not shut down
   */
  public void changed(Instance instance, boolean mayStart, Moment now, Turn turn) {}

  /** The daemon ends: nothing is taken in, nothing given out. */
  public void shutDown(Moment now, Turn turn) {}

  /**
   * Somebody asks for something. Pause, Resume and Drain are decided elsewhere and come as {@link
   * #intake}.
   */
  public void handle(TaskCommand command, Moment now, Turn turn) {}

  /** Something happened. */
  public void handle(TaskReport report, Moment now, Turn turn) {}

  /** The memory of a worker was looked at; for {@code recycle.max_memory}. */
  public void used(Instance instance, long memoryBytes, Moment now, Turn turn) {}

  /**
   * Ends a batch: acts on deadlines that are over, gives tasks out, and says what it wants of
   * instances. What comes of that is told by {@link #changed}, and another settle follows until it
   * wants nothing more.
   */
  public void settle(Moment now, Turn turn, Slots slots) {}

  /**
   * Returns when time itself must act next, monotonic nanoseconds; {@link Moment#NEVER} for never.
   */
  public long nextDeadline() {
    return Moment.NEVER;
  }

  /** Returns how many tasks the invocation of an instance has in hand; 0 for what is no worker. */
  public int inHand(Instance instance) {
    return 0;
  }

  /** Returns how many tasks of a pool wait or are in hand; 0 for what is no pool. */
  public int unfinished(String pool) {
    return 0;
  }

  /** Returns all that is known of a task, for the store; empty if it is forgotten. */
  public Optional<TaskEntry.Whole> whole(long task) {
    return Optional.empty();
  }

  /** Returns what is shown of pools, ascending. */
  public List<PoolView> pools(Moment now) {
    return List.of();
  }

  /** Returns what is shown of a task. */
  public Optional<TaskView> task(String id, Moment now) {
    return Optional.empty();
  }

  /**
   * Returns what is shown of tasks of a pool, oldest first.
   *
   * @param state only those in this state; empty for all
   * @param after only those with a greater number
   * @param most at most so many
   */
  public List<TaskView> tasks(
      String pool, Optional<TaskState> state, long after, int most, Moment now) {
    return List.of();
  }
}
