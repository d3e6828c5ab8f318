package pm.config;

/** How the daemon's own log is written. */
public enum LogFormat implements Word {
  /** For the journal under systemd, else text. */
  AUTO("auto"),
  /** A line for people, with its time. */
  TEXT("text"),
  /** One JSON object a line. */
  JSON("json");

  private final String word;

  LogFormat(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
