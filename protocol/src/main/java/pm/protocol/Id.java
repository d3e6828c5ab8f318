package pm.protocol;

/**
 * What joins a response to its request: an integer or a string, chosen by who asks and sent back
 * unchanged.
 */
public sealed interface Id {
  /** Longest text that is accepted, in characters: an id is kept while its request is worked on. */
  int MAX_LENGTH = 128;

  /** An id that is an integer. */
  record Number(long value) implements Id {}

  /** An id that is a string. */
  record Text(String value) implements Id {}

  /** The id as a JSON value. */
  default Object json() {
    return switch (this) {
      case Number number -> number.value();
      case Text text -> text.value();
    };
  }
}
