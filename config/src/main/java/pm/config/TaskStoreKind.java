package pm.config;

/** Where tasks are kept. */
public enum TaskStoreKind implements Word {
  /** In files of the state folder: they outlive the daemon and a loss of power. */
  AUTO("auto"),
  /** In the daemon's memory only: they are gone when it ends, however it ends. */
  MEMORY("memory");

  private final String word;

  TaskStoreKind(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
