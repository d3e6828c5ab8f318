package pm.protocol;

/**
 * Finds the messages in a stream of bytes that comes in pieces, and tells them from what is none.
 * Keeps no bytes of the stream: it says how long each stretch is, and whoever reads the stream has
 * the bytes. Not safe for several threads at once.
 *
 * <p>The stretches that {@link #next} finds, one after the other, are the stream: nothing is left
 * out and nothing is counted twice, whatever the bytes are.
 */
public abstract sealed class FrameScanner permits LineScanner, LengthScanner {

  /** What a stretch of the stream is. */
  public enum Found {
    /**
     * Nothing can be said yet: the bytes so far may become a frame. They come before all others.
     */
    UNFINISHED,
    /**
     * A whole frame; its content is at {@link #bodyOffset}. Whether it is a message is not known.
     */
    FRAME,
    /** No frame, a whole line of it or a part. */
    STRAY,
    /** A frame longer than allowed, or a part of one. */
    TOO_LONG
  }

  private final long maxFrameBytes;
  private long unitBytes;
  private boolean isOver = true;
  private int end;

  FrameScanner(long maxFrameBytes) {
    if (maxFrameBytes < 1) {
      throw new IllegalArgumentException("maxFrameBytes " + maxFrameBytes);
    }
    this.maxFrameBytes = maxFrameBytes;
  }

  /**
   * One message a line, as the Model Context Protocol has it. A line whose first visible character
   * is no brace is stray and is told of at once, without waiting for its end.
   *
   * @param maxFrameBytes longest line without its line feed, 1 or more
   */
  public static FrameScanner ofLines(long maxFrameBytes) {
    return new LineScanner(maxFrameBytes);
  }

  /**
   * Messages behind a {@code Content-Length} header, as the Language Server Protocol has them. A
   * line where a header should be and that is none is stray.
   *
   * @param maxFrameBytes longest content, 1 or more
   */
  public static FrameScanner ofContentLengths(long maxFrameBytes) {
    return new LengthScanner(maxFrameBytes);
  }

  /**
   * Looks at the bytes that follow those it has seen: the next stretch begins with the first of
   * them, and goes up to {@link #end}. Bytes that it called UNFINISHED are not shown again.
   */
  public final Found next(byte[] bytes, int from, int to) {
    if (isOver) {
      unitBytes = 0;
    }
    Found found = scan(bytes, from, to);
    unitBytes += end - from;
    isOver = found != Found.UNFINISHED;
    return found;
  }

  /** Returns the position behind the stretch that was found. */
  public final int end() {
    return end;
  }

  /** Returns how many bytes the last stretch has, those of earlier pieces included. */
  public final long unitBytes() {
    return unitBytes;
  }

  /** Returns how many bytes are unfinished. */
  public final long pendingBytes() {
    return isOver ? 0 : unitBytes;
  }

  /** Returns where in the frame that was found its content begins. */
  public abstract int bodyOffset();

  /** Returns how long the content of the frame that was found is. */
  public abstract long bodyBytes();

  /**
   * Returns whether the stray or too long stretch that was found is the first of its line or frame.
   */
  public abstract boolean isFirst();

  /** Returns whether the stray stretch that was found is a line without any visible character. */
  public abstract boolean isBlank();

  final long maxFrameBytes() {
    return maxFrameBytes;
  }

  /** The bytes of the stretch that earlier pieces had. */
  final long earlierBytes() {
    return unitBytes;
  }

  /** Looks at these bytes, and says by {@link #endAt} where the stretch ends. */
  abstract Found scan(byte[] bytes, int from, int to);

  final void endAt(int position) {
    end = position;
  }

  /** Returns the position of the first line feed between two positions; the second if none. */
  static int lineFeed(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] != '\n') {
      at++;
    }
    return at;
  }
}
