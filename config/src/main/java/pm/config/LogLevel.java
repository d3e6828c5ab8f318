package pm.config;

/** The least severe line of the daemon's own log that is written. */
public enum LogLevel implements Word {
  ERROR("error"),
  WARN("warn"),
  INFO("info"),
  DEBUG("debug");

  private final String word;

  LogLevel(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
