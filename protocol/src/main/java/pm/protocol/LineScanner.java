package pm.protocol;

import java.nio.ByteBuffer;

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
  Found scan(ByteBuffer bytes) {
    isFirst = false;
    isBlank = false;
    if (mode == Mode.BLANK) {
      int start = bytes.position();
      int at = start;
      while (at < bytes.limit() && isBlank(bytes.get(at))) {
        at++;
      }
      bytes.position(at);
      if (earlierBytes() + at - start > maxFrameBytes()) {
        mode = Mode.STRAY;
        isFirst = true;
        return Found.STRAY;
      }
      if (at == bytes.limit()) {
        return Found.UNFINISHED;
      }
      if (bytes.get(at) == '\n') {
        bytes.position(at + 1);
        isFirst = true;
        isBlank = true;
        return Found.STRAY;
      }
      mode = bytes.get(at) == '{' ? Mode.FRAME : Mode.STRAY;
      isFirst = mode == Mode.STRAY;
      return line(bytes, start);
    }
    return line(bytes, bytes.position());
  }

  /**
   * Goes on to the end of the line.
   *
   * @param start where those bytes of it begin that have not been counted
   */
  private Found line(ByteBuffer bytes, int start) {
    int end = lineFeed(bytes, bytes.position());
    boolean isWhole = end < bytes.limit();
    bytes.position(isWhole ? end + 1 : end);
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
      case STRAY -> isWhole || bytes.position() > start ? Found.STRAY : Found.UNFINISHED;
      case TOO_LONG -> isWhole || bytes.position() > start ? Found.TOO_LONG : Found.UNFINISHED;
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
