package pm.daemon.output;

import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What is looked for in the lines of an invocation, in both its streams, until one matches. Any one
 * thread at a time.
 *
 * <p>Of a line the first 8 KiB are looked at, and a pattern gets so many looks at characters and no
 * more: neither a long line nor a pattern that tries all ways can hold up other programs.
 */
final class Awaited {
  /** Most of a line that is looked at. */
  static final int MOST_BYTES = 8 * 1024;

  /** Looks at characters for one line; about 10 ms. */
  private static final int MOST_LOOKS = 1_000_000;

  private final Pattern pattern;
  private final Consumer<String> whenFound;
  private boolean isFound;

  /**
   * @param whenFound gets the line, once
   */
  Awaited(Pattern pattern, Consumer<String> whenFound) {
    this.pattern = pattern;
    this.whenFound = whenFound;
  }

  boolean isFound() {
    return isFound;
  }

  /** Looks at a line. */
  void line(String line) {
    if (!isFound && isMatch(line)) {
      isFound = true;
      whenFound.accept(line);
    }
  }

  private boolean isMatch(String line) {
    try {
      return pattern.matcher(new Bounded(line, 0, line.length(), new Looks())).find();
    } catch (TooManyLooksException | StackOverflowError e) {
      // It asks for more than one line may cost, and so it is no match.
      return false;
    }
  }

  private static final class TooManyLooksException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private TooManyLooksException() {
      super("too many looks", null, false, false);
    }
  }

  /** Counts the looks that are left. */
  private static final class Looks {
    private int left = MOST_LOOKS;

    void one() {
      left--;
      if (left < 0) {
        throw new TooManyLooksException();
      }
    }
  }

  private record Bounded(String text, int from, int to, Looks looks) implements CharSequence {
    @Override
    public int length() {
      return to - from;
    }

    @Override
    public char charAt(int index) {
      looks.one();
      return text.charAt(from + index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Bounded(text, from + start, from + end, looks);
    }

    @Override
    public String toString() {
      return text.substring(from, to);
    }
  }
}
