package pm.config;

/** When a change of a key takes effect. */
public enum KeyKind {
  /** At once, while the process runs. */
  LIVE,
  /**
   * When the process is started the next time. No key is of this kind, but the contents of an
   * {@code env_file} are.
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
    int dot = path.indexOf('.');
    return switch (dot < 0 ? path : path.substring(0, dot)) {
      case "command",
          "shell",
          "working_dir",
          "user",
          "group",
          "supplementary_groups",
          "umask",
          "environment",
          "env_file",
          "inherit_environment" ->
          RESTART;
      // The other end of its pipe is the process's own stdout or stderr.
      case "logs" -> path.equals("logs.file") || path.equals("logs.stderr") ? RESTART : LIVE;
      default -> LIVE;
    };
  }
}
