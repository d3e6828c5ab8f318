package pm.daemon.simulation;

/** What must be so in every world, whatever happens. */
enum Invariant {
  /** No two processes serve one slot, not even across a crash of the daemon. */
  SINGLE_INSTANCE,
  /** Every process that was started for us is its instance's, or is gone. DEAD has none. */
  NO_LOST_CHILD,
  /** A signal goes only to the process of the invocation it names, and not once that is over. */
  NO_STRANGER_SIGNALLED,
  /** What is over is released, once. */
  RELEASED_ONCE,
  /** What the world is told of an instance is a path through the table of transitions. */
  LEGAL_TRANSITIONS,
  /** Every stop is being worked on and has a deadline, or is said to be stuck. */
  STOP_BOUND,
  /** How an invocation ended is told as it was. */
  STATUS_TRUTH,
  /** No window holds more automatic restarts than its limit. */
  RESTART_WINDOW,
  /** A restart waits as long as its ordinal says, and no longer. */
  BACKOFF_BOUNDS,
  /** Whether it is started again follows from policy, cause and exit code. */
  POLICY,
  /** What an operator stopped stays so until an operator starts it. */
  NO_START_AFTER_STOP,
  /** What only a shutdown stopped is wanted up again by the next daemon. */
  SHUTDOWN_IS_NO_STOP,
  /** A daemon that goes on knows what the one before it knew, whenever that was killed. */
  RECOVERY,
  /** What an effect is about has been kept before. */
  KEPT_BEFORE_VISIBLE,
  /** A configuration is applied program by program; what did not change is not touched. */
  CONFIGURATION,
  /** Whoever waits is answered once. */
  ANSWERED_ONCE,
  /** No more starts under way than allowed, and nobody waits for a free place. */
  START_SLOTS,
  /** After the passing of time was told, no deadline lies in the past. */
  NO_PAST_DEADLINE,
  /** A report about what is over changes nothing; a refused event neither. */
  STALE_IS_DROPPED,
  /** A shutdown ends, once, with nothing left but what cannot be killed. */
  ENDS_ONCE,
  /** A hook runs at its time, not beside itself; post_stop runs whenever nothing is left. */
  HOOKS,
  /** A deadline that the daemon itself has missed makes nobody UNHEALTHY and nobody late. */
  LATE_IS_NOBODYS_FAULT,
  /** Nothing that can happen is refused as impossible. */
  NOTHING_IMPOSSIBLE
}
