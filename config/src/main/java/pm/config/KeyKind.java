package pm.config;

/** When a change of a key takes effect. */
public enum KeyKind {
  /** At once, while the process runs. */
  LIVE,
  /** When the process is started the next time. */
  NEXT_START,
  /** Its process sees it, so it has to be started anew. */
  RESTART
}
