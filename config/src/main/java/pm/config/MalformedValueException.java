package pm.config;

/** A value that a person wrote and that cannot be understood. */
public final class MalformedValueException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String what;
  private final String remedy;

  /**
   * Makes one.
   *
   * @param what what is wrong, without a full stop
   * @param remedy what would be right
   */
  public MalformedValueException(String what, String remedy) {
    // It is a value for the user; where it was made is of no interest, and traces are slow.
    super(remedy.isEmpty() ? what : what + "; " + remedy, null, false, false);
    this.what = what;
    this.remedy = remedy;
  }

  /** What is wrong, as in {@link Problem#message()}. */
  public String what() {
    return what;
  }

  /** What would be right; empty if {@link #what()} says it. */
  public String remedy() {
    return remedy;
  }
}
