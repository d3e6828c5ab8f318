package pm.daemon;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.store.TaskStore;

/** The part of the daemon that keeps tasks, for simulations of the whole. */
public final class TaskKeeping {

  private final TaskKeeper keeper;

  /**
   * @param clock monotonic nanoseconds
   * @param whole gives all that is known of a task
   * @param reports takes what the supervisor must know
   */
  public TaskKeeping(
      LongSupplier clock,
      LongFunction<Optional<TaskEntry.Whole>> whole,
      Consumer<TaskReport> reports) {
    keeper = new TaskKeeper(clock, whole, reports);
  }

  /** Returns what is to hear of the store. */
  public TaskStore.Listener listener() {
    return keeper;
  }

  /** Says where tasks are kept and who does what is to be done. */
  public void connect(TaskStore store, Consumer<TaskEffect> acts, Consumer<Effect.Reply> answers) {
    keeper.connect(
        store,
        new TaskKeeper.Doer() {
          @Override
          public void act(TaskEffect effect) {
            acts.accept(effect);
          }

          @Override
          public void answer(Effect.Reply reply) {
            answers.accept(reply);
          }
        });
  }

  /** Returns whether an effect has to wait for what is kept of tasks. */
  public static boolean isOurs(Effect effect) {
    return TaskKeeper.isOurs(effect);
  }

  /** Takes what was decided. */
  public void add(TaskEntry entry) {
    keeper.add(entry);
  }

  /** Takes what is to be done once that is kept. */
  public void add(Effect effect) {
    keeper.add(effect);
  }

  /** Returns whether there is something to keep or to do. */
  public boolean hasWork() {
    return keeper.hasWork();
  }

  /** Returns whether entries cannot be kept for now. */
  public boolean isBlocked() {
    return keeper.isBlocked();
  }

  /** Returns when it is tried again. */
  public long nextDeadlineNanos() {
    return keeper.nextDeadlineNanos();
  }

  /** Keeps and does. */
  public void keep() {
    keeper.keep();
  }
}
