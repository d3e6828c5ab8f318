package pm.daemon.output;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Makes lines of the pieces of one stream, for {@link Awaited}. One thread at a time. */
final class LineWatch {
  private final Awaited awaited;
  private byte[] begun = new byte[256];
  private int length;

  LineWatch(Awaited awaited) {
    this.awaited = awaited;
  }

  boolean isOver() {
    return awaited.isFound();
  }

  /** More of the stream. A line counts once it has ended. */
  void feed(byte[] bytes, int from, int to) {
    int begin = from;
    for (int at = from; at < to && !awaited.isFound(); at++) {
      if (bytes[at] == '\n') {
        add(bytes, begin, at);
        end();
        begin = at + 1;
      }
    }
    if (!awaited.isFound()) {
      add(bytes, begin, to);
    }
  }

  /** The line has ended, with the stream or otherwise. */
  void end() {
    int end = length > 0 && begun[length - 1] == '\r' ? length - 1 : length;
    awaited.line(new String(begun, 0, end, StandardCharsets.UTF_8));
    length = 0;
  }

  private void add(byte[] bytes, int from, int to) {
    int more = Math.min(to - from, Awaited.MOST_BYTES - length);
    if (more > 0) {
      if (length + more > begun.length) {
        begun =
            Arrays.copyOf(
                begun, Math.min(Awaited.MOST_BYTES, Math.max(2 * begun.length, length + more)));
      }
      System.arraycopy(bytes, from, begun, length, more);
      length += more;
    }
  }
}
