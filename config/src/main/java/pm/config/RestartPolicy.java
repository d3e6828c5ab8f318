package pm.config;

/** After which ends of its process an instance is started again. */
public enum RestartPolicy implements Word {
  /** After every end that was not asked for. */
  ALWAYS("always"),
  /** After every end that is not a success. */
  ON_FAILURE("on-failure"),
  /** After a signal, a core dump, a timeout or lost health; not after an exit code. */
  ON_ABNORMAL("on-abnormal"),
  /** Never. */
  NEVER("never");

  private final String word;

  RestartPolicy(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
