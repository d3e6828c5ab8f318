package pm.config;

/** How a program is meant to live. */
public enum ProgramType implements Word {
  /** Runs until it is stopped. */
  SIMPLE("simple"),
  /** Does something and ends; ready as soon as it could be executed. */
  ONESHOT("oneshot"),
  /** Runs until it is stopped and speaks the worker protocol. */
  WORKER("worker");

  private final String word;

  ProgramType(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
