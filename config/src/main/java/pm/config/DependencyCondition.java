package pm.config;

/** What a program waits for in one that it depends on. */
public enum DependencyCondition implements Word {
  /** Its process runs. */
  STARTED("started"),
  /** It has ended STARTING. */
  READY("ready"),
  /** It is ready and has passed a check of its liveness; ready is enough where it has none. */
  HEALTHY("healthy"),
  /** It has ended with success. */
  COMPLETED("completed");

  private final String word;

  DependencyCondition(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
