package pm.daemon.probe;

import java.nio.ByteBuffer;

/**
 * Finds the status in an HTTP response as its bytes come in, however they are cut. Answers that
 * announce another one (100 to 199) are passed over. Nothing of headers and body is kept.
 */
final class HttpStatusReader {
  /** A status line is short; what is longer is none. */
  private static final int MOST_LINE = 8 * 1024;

  /** As much as may come before the status that counts. */
  private static final int MOST_BEFORE = 64 * 1024;

  private static final int LAST_INTERIM = 199;
  private static final int SWITCHING_PROTOCOLS = 101;

  /** What is known so far. */
  sealed interface Result {
    /** More must come. */
    record Unfinished() implements Result {}

    /** It has this status. */
    record Status(int code) implements Result {}

    /** It is no HTTP; the reason is the rest of the sentence. */
    record Malformed(String reason) implements Result {}
  }

  private final StringBuilder line = new StringBuilder(64);
  private boolean isInHeaders;
  private int seen;

  /** Reads what came, all of it or up to the status. */
  Result read(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      char c = (char) (bytes.get() & 0xff);
      seen++;
      if (seen > MOST_BEFORE) {
        return new Result.Malformed("answers without end and without a status");
      }
      if (c != '\n') {
        line.append(c);
        if (line.length() > MOST_LINE) {
          return new Result.Malformed("does not speak HTTP");
        }
        continue;
      }
      int end = line.length();
      String text =
          end > 0 && line.charAt(end - 1) == '\r' ? line.substring(0, end - 1) : line.toString();
      line.setLength(0);
      if (isInHeaders) {
        isInHeaders = !text.isEmpty();
      } else {
        int code = status(text);
        if (code < 0) {
          return new Result.Malformed("does not speak HTTP");
        }
        if (code > LAST_INTERIM || code == SWITCHING_PROTOCOLS) {
          return new Result.Status(code);
        }
        isInHeaders = true;
      }
    }
    return new Result.Unfinished();
  }

  /** Reads {@code HTTP/1.1 200 OK}; -1 if it is no such line. */
  private static int status(String line) {
    boolean isHttp = line.startsWith("HTTP/1.") && line.length() >= 12 && line.charAt(8) == ' ';
    if (!isHttp || (line.length() > 12 && line.charAt(12) != ' ')) {
      return -1;
    }
    int code = 0;
    for (int i = 9; i < 12; i++) {
      char c = line.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      code = code * 10 + (c - '0');
    }
    return code >= 100 ? code : -1;
  }
}
