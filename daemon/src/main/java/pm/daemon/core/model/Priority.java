package pm.daemon.core.model;

/** How urgent a task is; the more urgent come first. */
public enum Priority {
  /** Before all others. */
  CRITICAL("critical", 0),
  /** Before the usual. */
  HIGH("high", 1),
  /** The usual. */
  NORMAL("normal", 2),
  /** When there is nothing else. */
  LOW("low", 3);

  private final String word;
  private final int rank;

  Priority(String word, int rank) {
    this.word = word;
    this.rank = rank;
  }

  /** Returns its place, from 0 for the most urgent. */
  public int rank() {
    return rank;
  }

  /** Returns the word that users see. */
  public String word() {
    return word;
  }
}
