package pm.config;

import java.util.Optional;

/** When a change of a key takes effect. */
public enum KeyKind {
  /** At once, while the process runs. */
  LIVE,
  /**
   * When the process is started the next time. The contents of an {@code env_file} are of this kind
   * too.
   */
  NEXT_START,
  /** Its process sees it, so it has to be started anew. */
  RESTART;

  /**
   * The kind of a key of a program.
   *
   * @param path such as {@code restart.delay} or {@code environment.LANG}
   */
  public static KeyKind of(String path) {
    Optional<Key> key = KeyPath.find(ProgramKeys.PROGRAM, path);
    return key.isPresent() ? key.get().kind() : LIVE;
  }
}
