package pm.daemon.worker;

/**
 * Has the data of tasks that are in the store and not in memory. They are read one by one, when
 * their frames are next: sent out of order, the mark of what was sent would say too much.
 */
@FunctionalInterface
public interface TaskData {

  /**
   * Reads the data of a task. Called on the loop thread; must not block.
   *
   * @param reader told once, on the loop thread and after this method has returned
   */
  void read(long task, Reader reader);

  /** Who wants to have them. */
  interface Reader {
    /** Here they are, a JSON text. */
    void read(byte[] data);

    /**
     * They cannot be read.
     *
     * @param isDamage whether they may never be; else there was only too much to read
     * @param why what, and where
     */
    void failed(boolean isDamage, String why);
  }
}
