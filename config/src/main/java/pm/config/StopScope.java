package pm.config;

/** What is killed when an instance ends. */
public enum StopScope implements Word {
  /** Everything that it started, wherever it went. */
  TREE("tree"),
  /** Its process group. */
  GROUP("group"),
  /** Its main process only. */
  PROCESS("process");

  private final String word;

  StopScope(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
