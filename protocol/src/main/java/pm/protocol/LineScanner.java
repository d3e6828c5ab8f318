package pm.protocol;

/** One message a line. */
final class LineScanner extends FrameScanner {

  private enum Mode {
    /** Nothing but blanks of this line has been seen. */
    BLANK,
    /** The line began with a brace. */
    FRAME,
    /** The line began with something else. */
    STRAY,
    /** The line has grown too long. */
    TOO_LONG
  }

  private Mode mode = Mode.BLANK;
  private boolean isFirst;
  private boolean isBlank;
  private long bodyBytes;

  LineScanner(long maxFrameBytes) {
    super(maxFrameBytes);
  }

  @Override
  Found scan(byte[] bytes, int from, int to) {
    isFirst = false;
    isBlank = false;
    if (mode != Mode.BLANK) {
      return line(bytes, from, from, to);
    }
    int at = from;
    while (at < to && isBlank(bytes[at])) {
      at++;
    }
    if (earlierBytes() + at - from > maxFrameBytes()) {
      mode = Mode.STRAY;
      isFirst = true;
      endAt(at);
      return Found.STRAY;
    }
    if (at == to) {
      endAt(at);
      return Found.UNFINISHED;
    }
    if (bytes[at] == '\n') {
      isFirst = true;
      isBlank = true;
      endAt(at + 1);
      return Found.STRAY;
    }
    mode = bytes[at] == '{' ? Mode.FRAME : Mode.STRAY;
    isFirst = mode == Mode.STRAY;
    return line(bytes, from, at, to);
  }

  /**
   * Goes on to the end of the line.
   *
   * @param start where those bytes of it begin that have not been counted
   * @param at where there may be a line feed
   */
  private Found line(byte[] bytes, int start, int at, int to) {
    int end = lineFeed(bytes, at, to);
    boolean isWhole = end < to;
    int behind = isWhole ? end + 1 : end;
    endAt(behind);
    Mode was = mode;
    if (mode == Mode.FRAME) {
      bodyBytes = earlierBytes() + end - start;
      if (bodyBytes > maxFrameBytes()) {
        was = Mode.TOO_LONG;
        isFirst = true;
      }
    }
    mode = isWhole ? Mode.BLANK : was;
    return switch (was) {
      case FRAME -> isWhole ? Found.FRAME : Found.UNFINISHED;
      case STRAY -> isWhole || behind > start ? Found.STRAY : Found.UNFINISHED;
      case TOO_LONG -> isWhole || behind > start ? Found.TOO_LONG : Found.UNFINISHED;
      case BLANK -> throw new IllegalStateException("a line is looked for before its beginning");
    };
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t' || b == '\r';
  }

  @Override
  public int bodyOffset() {
    return 0;
  }

  @Override
  public long bodyBytes() {
    return bodyBytes;
  }

  @Override
  public boolean isFirst() {
    return isFirst;
  }

  @Override
  public boolean isBlank() {
    return isBlank;
  }
}
