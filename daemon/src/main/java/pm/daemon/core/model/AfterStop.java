package pm.daemon.core.model;

/** What becomes of an instance once it is gone. */
public enum AfterStop {
  /** It stays down until somebody starts it. */
  STAY,
  /** It is started again at once. */
  START,
  /** It is no longer part of the configuration. */
  FORGET,
  /** The restart policy decides. */
  POLICY
}
