package pm.protocol;

/**
 * What joins a response to its request: an integer or a string, chosen by who asks and sent back
 * unchanged.
 */
public sealed interface Id {
  /**
   * Longest text that is accepted, in characters: an id is kept while its request is worked on. The
   * id of an attempt at a task, whose key has 128 characters at most, is shorter.
   */
  int MAX_LENGTH = 160;

  /** The id as a JSON value. */
  Object json();

  /** An id that is an integer. */
  record Number(long value) implements Id {
    @Override
    public Object json() {
      return value;
    }
  }

  /** An id that is a string. */
  record Text(String value) implements Id {
    @Override
    public Object json() {
      return value;
    }
  }
}
