package pm.daemon;

/** A folder that the daemon needs cannot be used; the message says which, why, and what to do. */
final class UnusableFolderException extends Exception {
  private static final long serialVersionUID = 1;

  private final String sentence;

  UnusableFolderException(String sentence) {
    super(sentence);
    this.sentence = sentence;
  }

  String sentence() {
    return sentence;
  }
}
