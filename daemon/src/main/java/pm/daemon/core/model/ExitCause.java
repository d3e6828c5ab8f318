package pm.daemon.core.model;

/** Why an invocation ended, in the terms that the restart policy is written in. */
public enum ExitCause {
  /** We stopped it because somebody asked for it. */
  REQUESTED("requested"),
  /** It exited by itself with a success code. */
  CLEAN("clean"),
  /** It exited by itself with another code. */
  EXIT("exit"),
  /** A signal that was not ours ended it. */
  SIGNAL("signal"),
  /** It was not ready within {@code start_timeout}. */
  START_TIMEOUT("start-timeout"),
  /** Its liveness was lost. */
  UNHEALTHY("unhealthy"),
  /** A task exceeded its time limit. */
  TIME_LIMIT("time-limit"),
  /** The kernel killed it for want of memory. */
  OOM("oom"),
  /** It was replaced after so much work. */
  RECYCLE("recycle"),
  /** Its command cannot be executed. */
  EXEC_ERROR("exec-error"),
  /** The host was short of processes, descriptors or memory. */
  SPAWN_ERROR("spawn-error"),
  /** The kernel no longer tells: a daemon before had started it. */
  UNKNOWN("unknown");

  private final String word;

  ExitCause(String word) {
    this.word = word;
  }

  /** Returns the word that users see. */
  public String word() {
    return word;
  }
}
