package pm.daemon.core.model;

/** Why an instance is being stopped. */
public enum StopCause {
  /** An operator stopped or restarted it. */
  REQUESTED,
  /** Its definition changed or went away. */
  CHANGED,
  /** What it depends on goes away, or came back. */
  DEPENDENCY,
  /** The daemon shuts down. */
  SHUTDOWN,
  /** It was not ready in time. */
  START_TIMEOUT,
  /** Its liveness was lost. */
  UNHEALTHY,
  /** Its process ended by itself and left others behind, which are killed. */
  REMAINS
}
