package pm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Messages behind a header: {@code Content-Length: 17}, perhaps a {@code Content-Type}, an empty
 * line, and so many bytes. Lines end in CR LF, or in LF alone.
 */
final class LengthScanner extends FrameScanner {
  /** Longest line of a header; ours and those of the Language Server Protocol are far shorter. */
  static final int MAX_HEADER_LINE = 256;

  /** Lines of one header. */
  private static final int MAX_HEADER_LINES = 4;

  private static final String LENGTH = "content-length:";
  private static final String TYPE = "content-type:";
  private static final int MAX_DIGITS = 10;
  private static final long UNKNOWN = -1;

  private enum Mode {
    HEADER,
    BODY,
    STRAY,
    TOO_LONG
  }

  private final byte[] line = new byte[MAX_HEADER_LINE];
  private int lineBytes;
  private int lines;
  private int headerBytes;
  private long length = UNKNOWN;
  private long left;

  private Mode mode = Mode.HEADER;
  private boolean isFirst;
  private boolean isBlank;
  private int bodyOffset;
  private long bodyBytes;

  LengthScanner(long maxFrameBytes) {
    super(maxFrameBytes);
  }

  @Override
  Found scan(byte[] bytes, int from, int to) {
    isFirst = false;
    isBlank = false;
    return switch (mode) {
      case HEADER -> header(bytes, from, to);
      case BODY -> body(from, to);
      case STRAY -> stray(bytes, from, from, to);
      case TOO_LONG -> tooLong(from, to);
    };
  }

  private Found header(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      byte b = bytes[at];
      if (headerBytes == 0 && lineBytes == 0 && !isLetterC(b)) {
        isFirst = true;
        Found found = stray(bytes, from, at, to);
        isBlank = mode == Mode.HEADER && isBlank(bytes, from, end());
        return found;
      }
      at++;
      if (b == '\n') {
        headerBytes += lineBytes + 1;
        String text = new String(line, 0, lineBytes, StandardCharsets.ISO_8859_1).strip();
        lineBytes = 0;
        lines++;
        if (text.isEmpty() && length != UNKNOWN) {
          return begin(at, to);
        }
        if (lines > MAX_HEADER_LINES || !isHeader(text)) {
          restart();
          isFirst = true;
          endAt(at);
          return Found.STRAY;
        }
      } else if (lineBytes == line.length) {
        restart();
        isFirst = true;
        return stray(bytes, from, at, to);
      } else {
        line[lineBytes++] = b;
      }
    }
    endAt(at);
    return Found.UNFINISHED;
  }

  private static boolean isLetterC(byte b) {
    return b == 'C' || b == 'c';
  }

  private boolean isHeader(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.startsWith(TYPE)) {
      return true;
    }
    if (!lower.startsWith(LENGTH) || length != UNKNOWN) {
      return false;
    }
    String digits = lower.substring(LENGTH.length()).strip();
    if (digits.isEmpty()
        || digits.length() > MAX_DIGITS
        || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return false;
    }
    length = Long.parseLong(digits);
    return true;
  }

  private Found begin(int at, int to) {
    bodyOffset = headerBytes;
    bodyBytes = length;
    left = length;
    restart();
    if (bodyBytes > maxFrameBytes()) {
      isFirst = true;
      mode = Mode.TOO_LONG;
      return tooLong(at, to);
    }
    mode = Mode.BODY;
    return body(at, to);
  }

  private Found body(int at, int to) {
    take(at, to);
    if (left > 0) {
      return Found.UNFINISHED;
    }
    mode = Mode.HEADER;
    return Found.FRAME;
  }

  private Found tooLong(int at, int to) {
    boolean isSome = at < to || isFirst;
    take(at, to);
    if (left == 0) {
      mode = Mode.HEADER;
    }
    return isSome ? Found.TOO_LONG : Found.UNFINISHED;
  }

  private void take(int at, int to) {
    int count = (int) Math.min(left, to - at);
    endAt(at + count);
    left -= count;
  }

  /**
   * Goes on to the end of a line that is no header.
   *
   * @param start where the stretch begins
   * @param at where there may be a line feed
   */
  private Found stray(byte[] bytes, int start, int at, int to) {
    int end = lineFeed(bytes, at, to);
    boolean isWhole = end < to;
    endAt(isWhole ? end + 1 : end);
    mode = isWhole ? Mode.HEADER : Mode.STRAY;
    return isWhole || end > start ? Found.STRAY : Found.UNFINISHED;
  }

  private static boolean isBlank(byte[] bytes, int from, int to) {
    for (int at = from; at < to; at++) {
      byte b = bytes[at];
      if (b != ' ' && b != '\t' && b != '\r' && b != '\n') {
        return false;
      }
    }
    return true;
  }

  private void restart() {
    mode = Mode.HEADER;
    lineBytes = 0;
    lines = 0;
    headerBytes = 0;
    length = UNKNOWN;
  }

  @Override
  public int bodyOffset() {
    return bodyOffset;
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
