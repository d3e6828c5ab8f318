package pm.protocol;

import java.nio.ByteBuffer;
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
  Found scan(ByteBuffer bytes) {
    isFirst = false;
    isBlank = false;
    return switch (mode) {
      case HEADER -> header(bytes);
      case BODY -> body(bytes);
      case STRAY -> stray(bytes, bytes.position());
      case TOO_LONG -> tooLong(bytes);
    };
  }

  private Found header(ByteBuffer bytes) {
    int start = bytes.position();
    while (bytes.hasRemaining()) {
      if (headerBytes == 0 && lineBytes == 0 && !isLetterC(bytes.get(bytes.position()))) {
        isFirst = true;
        Found found = stray(bytes, start);
        isBlank = mode == Mode.HEADER && isBlank(bytes, start, bytes.position());
        return found;
      }
      byte b = bytes.get();
      if (b == '\n') {
        headerBytes += lineBytes + 1;
        String text = new String(line, 0, lineBytes, StandardCharsets.ISO_8859_1).strip();
        lineBytes = 0;
        lines++;
        if (text.isEmpty() && length != UNKNOWN) {
          return begin(bytes);
        }
        if (lines > MAX_HEADER_LINES || !isHeader(text)) {
          restart();
          isFirst = true;
          return Found.STRAY;
        }
      } else if (lineBytes == line.length) {
        restart();
        isFirst = true;
        return stray(bytes, start);
      } else {
        line[lineBytes++] = b;
      }
    }
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

  private Found begin(ByteBuffer bytes) {
    bodyOffset = headerBytes;
    bodyBytes = length;
    left = length;
    restart();
    if (bodyBytes > maxFrameBytes()) {
      isFirst = true;
      mode = Mode.TOO_LONG;
      return tooLong(bytes);
    }
    mode = Mode.BODY;
    return body(bytes);
  }

  private Found body(ByteBuffer bytes) {
    take(bytes);
    if (left > 0) {
      return Found.UNFINISHED;
    }
    mode = Mode.HEADER;
    return Found.FRAME;
  }

  private Found tooLong(ByteBuffer bytes) {
    boolean isSome = bytes.hasRemaining() || isFirst;
    take(bytes);
    if (left == 0) {
      mode = Mode.HEADER;
    }
    return isSome ? Found.TOO_LONG : Found.UNFINISHED;
  }

  private void take(ByteBuffer bytes) {
    int count = (int) Math.min(left, bytes.remaining());
    bytes.position(bytes.position() + count);
    left -= count;
  }

  private Found stray(ByteBuffer bytes, int start) {
    int end = lineFeed(bytes, bytes.position());
    boolean isWhole = end < bytes.limit();
    bytes.position(isWhole ? end + 1 : end);
    mode = isWhole ? Mode.HEADER : Mode.STRAY;
    return isWhole || end > start ? Found.STRAY : Found.UNFINISHED;
  }

  private static boolean isBlank(ByteBuffer bytes, int from, int to) {
    for (int at = from; at < to; at++) {
      byte b = bytes.get(at);
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
