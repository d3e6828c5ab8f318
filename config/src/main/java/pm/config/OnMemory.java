package pm.config;

/** What is done with an instance that uses more memory than it may. */
public enum OnMemory implements Word {
  /** It is restarted, a worker after the task in hand. */
  RESTART("restart"),
  /** It is killed at once, which counts as a failure. */
  KILL("kill"),
  /** It is only said. */
  REPORT("report");

  private final String word;

  OnMemory(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
