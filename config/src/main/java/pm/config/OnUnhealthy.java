package pm.config;

/** What is done with an instance that is UNHEALTHY. */
public enum OnUnhealthy implements Word {
  /** It is stopped, which counts as a failure, so its restart policy applies. */
  RESTART("restart"),
  /** It is only said. */
  REPORT("report");

  private final String word;

  OnUnhealthy(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
