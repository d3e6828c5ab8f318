package pm.daemon.core.model;

/** The state of an instance, as users see it. */
public enum InstanceState {
  /** Its start is decided, and it is not ready yet. */
  STARTING,
  /** Up and ready, no task in hand. */
  IDLE,
  /** Up and working on at least one task. */
  BUSY,
  /** Up, but its liveness is lost. */
  UNHEALTHY,
  /** Asked to stop, or its remains are being killed; not gone yet. */
  STOPPING,
  /** No process. */
  DEAD
}
