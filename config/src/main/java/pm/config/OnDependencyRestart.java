package pm.config;

/** What becomes of a program when one that it depends on was started anew. */
public enum OnDependencyRestart implements Word {
  /** It goes on. */
  NOTHING("nothing"),
  /** It is restarted once its dependency is ready again. */
  RESTART("restart"),
  /** It is reloaded once its dependency is ready again. */
  RELOAD("reload");

  private final String word;

  OnDependencyRestart(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
