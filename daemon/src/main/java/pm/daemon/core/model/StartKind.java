package pm.daemon.core.model;

/** Why an instance that has no process is to be started, which decides what its start costs. */
public enum StartKind {
  /** By an operator, at the daemon's start, or by a changed definition: costs nothing. */
  ASKED,
  /** By the restart policy: takes a place in the restart window. */
  RESTART,
  /** After the host was short of something: takes no place in the window. */
  SHORTAGE
}
