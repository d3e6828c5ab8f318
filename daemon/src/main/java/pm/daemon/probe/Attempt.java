package pm.daemon.probe;

/** Something that is under way and can be given up. Loop thread only. */
@FunctionalInterface
interface Attempt {

  /** Nothing is heard of it any more, and all that it holds is let go. */
  void cancel();
}
