package pm.daemon.control;

/** A stream of a connection. Loop thread only. */
interface Subscription {
  /** There is room for more, or more to send. */
  void pump();

  /** The connection or the stream has ended: let go of everything, send nothing more. */
  void close();
}
