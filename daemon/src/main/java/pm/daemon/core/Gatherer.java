package pm.daemon.core;

import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Turn;

/** Takes what is decided about tasks, and whole decisions between, in their order. */
public interface Gatherer extends Turn {

  /** All of this is to be kept and done, behind what was decided before. */
  void add(Decision decision);
}
