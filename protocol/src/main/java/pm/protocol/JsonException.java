package pm.protocol;

/**
 * Text that is not the JSON we accept, or a value that has not the shape it must have. The message
 * is a sentence for people.
 */
public final class JsonException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String sentence;

  /** Makes one with a sentence that says what is wrong and where. */
  public JsonException(String message) {
    super(message);
    this.sentence = message;
  }

  /** What is wrong, as {@link #getMessage()}, which is declared to be possibly null. */
  public String sentence() {
    return sentence;
  }
}
