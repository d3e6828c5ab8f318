package pm.daemon.core.model;

/** How urgent a task is; the more urgent come first. */
public enum Priority {
  /** Before all others. */
  CRITICAL("critical"),
  /** Before the usual. */
  HIGH("high"),
  /** The usual. */
  NORMAL("normal"),
  /** When there is nothing else. */
  LOW("low");

  private final String word;

  Priority(String word) {
    this.word = word;
  }

  /** Returns the word that users see. */
  public String word() {
    return word;
  }
}
