package pm.daemon.store;

/** A folder or file of ours that cannot be used; the daemon does not start. */
public final class StoreException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String sentence;

  /** Makes one with a sentence: what, why, and what to do. */
  StoreException(String sentence) {
    super(sentence);
    this.sentence = sentence;
  }

  StoreException(String sentence, Throwable cause) {
    super(sentence, cause);
    this.sentence = sentence;
  }

  /** What is wrong, for people; never empty. */
  public String sentence() {
    return sentence;
  }
}
