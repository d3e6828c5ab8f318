package pm.config;

/** How lines of output are written to a log file. */
public enum LineFormat implements Word {
  /** As they come, byte by byte. */
  RAW("raw"),
  /** Each with the time in front, as RFC 3339 has it. */
  TIME("time"),
  /** Each as an object with ts, program, instance, pid, stream and line. */
  JSON("json");

  private final String word;

  LineFormat(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
