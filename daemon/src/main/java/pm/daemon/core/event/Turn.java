package pm.daemon.core.event;

/**
 * Takes what is decided about tasks, in its order. Decisions about tasks come by the hundred
 * thousand a second, so they are added to the lists of the turn instead of being lists themselves.
 */
public interface Turn {

  /** This is to be kept before any effect of the turn is run. */
  void keep(TaskEntry entry);

  /** This is to be done once all entries of the turn are kept. */
  void run(Effect effect);
}
