package pm.daemon.simulation;

import java.util.List;
import java.util.Optional;
import pm.config.PoolSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Moment;

/** A bug, planted between the core and its world, to see that somebody notices. */
interface TaskSabotage {

  TaskSabotage NONE = new TaskSabotage() {};

  /** What is heard in place of what was said. */
  default Event tells(Event event) {
    return event;
  }

  /** What the core is told in place of what was heard. */
  default Optional<Event> hears(Event event, TaskWatch watch) {
    return Optional.of(event);
  }

  /** Something done to the core behind its back. */
  default void meddles(Supervisor core, Moment now, Turn turn) {}

  /** What is kept in place of an entry. */
  default List<TaskEntry> keeps(TaskEntry entry) {
    return List.of(entry);
  }

  /** What a later daemon is told in place of an entry. */
  default Optional<TaskEntry> reads(TaskEntry entry) {
    return Optional.of(entry);
  }

  /** What is done in place of an effect. */
  default List<Effect> does(Effect effect) {
    return List.of(effect);
  }

  /** The rules of a pool that the core gets. */
  default PoolSpec rules(PoolSpec rules) {
    return rules;
  }

  /** Whether the disk says that it has flushed and has not. */
  default boolean diskLies() {
    return false;
  }

  /** Whether an entry is not written, though it is said to be. */
  default boolean diskDrops(TaskEntry entry) {
    return false;
  }

  /** Whether answers are given without waiting for the disk. */
  default boolean isHasty() {
    return false;
  }

  /** Whether effects about tasks are done before their entries are kept. */
  default boolean actsFirst() {
    return false;
  }

  /** Whether what workers say is taken from their pipes before it is kept. */
  default boolean takesFirst() {
    return false;
  }

  /** Whether the sent mark is set before the frame is written. */
  default boolean marksFirst() {
    return false;
  }

  /** How many workers there may be at most where the rules say {@code most}. */
  default int bound(int most) {
    return most;
  }

  /** When time acts next, in place of when it should. */
  default long deadline(long deadline) {
    return deadline;
  }
}
