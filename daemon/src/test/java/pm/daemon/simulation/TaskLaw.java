package pm.daemon.simulation;

/** What must be so of tasks as the world sees them, beside what their entries tell. */
enum TaskLaw {
  /** A worker is given nothing that is not kept. */
  KEPT_FIRST,
  /** A worker gets each attempt once, in the order in which they were decided, with its data. */
  FRAMES,
  /** No two living workers have the same task, however many daemons there were. */
  ONE_HAND,
  /** The result of a task is what its worker sent for that attempt. */
  TRUE_RESULT,
  /** What a worker sent stays in its pipe until what it means is kept. */
  RESULTS,
  /** No worker goes on with a task for long after its limit. */
  IN_TIME,
  /** Nothing that was kept is lost when the daemon is killed. */
  SURVIVES_KILL,
  /** Nothing that was acknowledged is lost with the power, and nothing is there that never was. */
  SURVIVES_POWER,
  /** Every repetition of a task is explained by another attempt that is kept. */
  EXPLAINED,
  /** A number names one task for ever, a key one as long as that is known. */
  ONE_NAME,
  /** A pool that is paused gives nothing out, one that is drained takes nothing in. */
  HELD,
  /** No more workers live than the pool may have. */
  BOUNDS,
  /** Two processes of one instance never live at the same time. */
  ONE_PROCESS,
  /** Who asks is answered once, unless the daemon dies. */
  ANSWERED,
  /** Time does not pass again and again without anything being done. */
  RESTS,
  /** When nothing resists any more, all is as it should be. */
  CONVERGES,
  /** Nothing that can happen is refused as impossible. */
  POSSIBLE
}
