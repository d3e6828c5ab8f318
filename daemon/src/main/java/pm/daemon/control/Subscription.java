package pm.daemon.control;

/** A stream of a connection. Loop thread only. */
interface Subscription {
  /** There is room for more, or more to send. */
  void pump();

  /**
   * Send all there is now, then end.
   *
   * @return false if nothing is left to be sent at any time, so that it can end at once
   */
  default boolean drain() {
    return false;
  }

  /** The connection or the stream has ended: let go of everything, send nothing more. */
  void close();
}
