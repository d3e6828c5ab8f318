package pm.protocol;

/**
 * Bytes are not JSON. What is wrong with them is not told, so that a flood of them costs little.
 */
public final class MalformedJsonException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedJsonException() {
    super("not JSON", null, false, false);
  }
}
