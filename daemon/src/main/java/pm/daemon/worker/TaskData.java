package pm.daemon.worker;

import java.util.function.Consumer;

/**
 * Has the data of tasks that are in the store and not in memory. They are read one by one, when
 * their frames are next: sent out of order, the mark of what was sent would say too much.
 */
@FunctionalInterface
public interface TaskData {

  /**
   * Reads the data of a task. Called on the loop thread; must not block.
   *
   * @param whenRead to be called once, on the loop thread and after this method has returned, with
   *     the JSON text; with no bytes if it cannot be read, which ends the attempt as not sent
   */
  void read(long task, Consumer<byte[]> whenRead);
}
