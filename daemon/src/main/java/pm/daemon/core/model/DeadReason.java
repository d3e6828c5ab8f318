package pm.daemon.core.model;

import java.util.Locale;

/** Why an instance has no process. */
public enum DeadReason {
  /** Never started. */
  NEW,
  /** Switched off. */
  DISABLED,
  /** It will start as soon as something else allows it: a dependency, a start slot. */
  WAITING,
  /** It will start at its time. */
  SCHEDULED,
  /** An operator stopped it. */
  STOPPED,
  /** It ended with success and is not restarted. */
  COMPLETED,
  /** It will be started again, at a known time. */
  BACKOFF,
  /** It is not started again, or cannot be started. */
  FAILED,
  /** Its definition has an error. */
  INVALID;

  /** Returns the word that users see. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
