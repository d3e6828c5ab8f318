package pm.daemon.core.model;

/** How far a stop has come. */
public enum StopStep {
  /**
   * Nothing was done yet: what depends on it is on its way out and goes first. There is no
   * deadline.
   */
  AWAIT_DEPENDANTS,
  /**
   * The process is still being spawned, so there is nothing to signal yet; the deadline is when we
   * say that it takes too long.
   */
  AWAIT_SPAWN,
  /**
   * A worker finishes the tasks in hand, is given no more, and is told to exit then; the deadline
   * is when they are waited for no longer. Without one its process, left by a daemon before us, is
   * not found yet.
   */
  DRAIN,
  /**
   * Its liveness is lost, and it is given the time to say why: a signal was sent, or a hook runs.
   */
  BEFORE_KILL,
  /** The hook {@code pre_stop} runs. */
  PRE_STOP,
  /** {@code stop.command} was run in place of the signal; the deadline is the stop timeout. */
  COMMAND,
  /** The stop signal was sent; the deadline is the stop timeout. */
  SIGNALLED,
  /** Everything was killed; the deadline is when that is done again. */
  KILLED,
  /**
   * Everything should be gone, so what is left is looked for and killed again; the deadline is when
   * we no longer wait to hear what was found.
   */
  KILLED_AGAIN,
  /** Killing did not help, or the spawn does not end; we wait without a deadline. */
  STUCK,
  /** Nothing of it is left, and the hook {@code post_stop} runs. */
  POST_STOP
}
