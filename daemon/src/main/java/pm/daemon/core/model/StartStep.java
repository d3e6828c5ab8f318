package pm.daemon.core.model;

/** How far a start has come. */
public enum StartStep {
  /** The hook {@code pre_start} runs. */
  PRE_START,
  /** The process is being spawned. */
  SPAWNING,
  /** The process is up, and not ready yet. */
  READYING,
  /** It is ready, and the hook {@code post_start} runs. */
  POST_START
}
