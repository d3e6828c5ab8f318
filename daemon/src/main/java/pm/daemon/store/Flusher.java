package pm.daemon.store;

import java.util.function.BooleanSupplier;

/** Does what waits for the disk, not on the thread that asks for it. */
interface Flusher {
  /**
   * Has the work looked at, by now or by the next time. Any thread; never waits for the disk.
   *
   * @return false if the host grants no thread: nothing will be done
   */
  boolean ask();

  /** Waits until all that was asked for is done; nothing more will be. */
  void close();

  /** Where these come from. */
  interface Maker {
    /**
     * Makes one.
     *
     * @param name for people who look at threads
     * @param work does something; returns false if there was nothing to do
     */
    Flusher make(String name, BooleanSupplier work);
  }
}
