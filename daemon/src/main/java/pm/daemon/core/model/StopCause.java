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
  /** Its pool needs fewer workers. */
  SCALED_DOWN,
  /** It has done so much work, or lived so long, that another worker takes its place. */
  RECYCLED,
  /** Nothing of its pool's queue has ended for too long. */
  STALLED,
  /** A task in its hands exceeded its limit, and it did not answer when told so. */
  TIME_LIMIT,
  /** It was not ready in time. */
  START_TIMEOUT,
  /** Its liveness was lost. */
  UNHEALTHY,
  /** Its process ended by itself, and what it left behind is cleaned up. */
  REMAINS,
  /** The kernel killed its process for want of memory, and what that left behind is cleaned up. */
  OOM,
  /** It uses more memory than it may. */
  MEMORY,
  /** It has said that it stops by itself. */
  ITSELF,
  /** A hook of its start ended with an exit code that is a failure, or could not be run. */
  HOOK_FAILED,
  /** A signal ended a hook of its start. */
  HOOK_KILLED,
  /** A hook of its start took too long. */
  HOOK_TIMEOUT,
  /** It cannot be executed. */
  EXEC_ERROR,
  /** The host was short of something when it was to be spawned. */
  SHORTAGE
}
