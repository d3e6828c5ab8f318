package pm.protocol;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Cuts a stream of bytes into lines, however the bytes come in. Holds no memory between lines, so
 * that an idle connection costs none. Not safe for several threads at once.
 */
public final class LineSplitter {
  /** Longest line without its line feed that our protocols allow, in bytes. */
  public static final int MAX_LINE_BYTES = 1024 * 1024;

  private static final byte[] NOTHING = new byte[0];
  private static final int FIRST_CAPACITY = 512;

  private final int maxLineBytes;
  private byte[] pending = NOTHING;
  private int length;
  private boolean skipping;

  /** Receives what is found. */
  public interface Sink {
    /** A whole line, without its line feed; the array is the receiver's own. */
    void line(byte[] line);

    /** A line has grown longer than allowed: said once, its rest is dropped up to its line feed. */
    void tooLong();
  }

  /** A splitter with the bound of our protocols. */
  public LineSplitter() {
    this(MAX_LINE_BYTES);
  }

  /**
   * A splitter for lines of at most {@code maxLineBytes} (1 or more), not counting the line feed.
   */
  public LineSplitter(int maxLineBytes) {
    if (maxLineBytes < 1) {
      throw new IllegalArgumentException("maxLineBytes " + maxLineBytes);
    }
    this.maxLineBytes = maxLineBytes;
  }

  /** Bytes of an unfinished line that are held. */
  public int pendingBytes() {
    return length;
  }

  /**
   * Takes all bytes that remain in {@code input}; tells {@code sink} of each line that they
   * complete, in order.
   */
  public void feed(ByteBuffer input, Sink sink) {
    int count = input.remaining();
    if (input.hasArray()) {
      feed(input.array(), input.arrayOffset() + input.position(), count, sink);
      input.position(input.limit());
    } else {
      byte[] bytes = new byte[count];
      input.get(bytes);
      feed(bytes, 0, count, sink);
    }
  }

  /** As above, all bytes of a part of an array, which is not kept. */
  public void feed(byte[] input, int offset, int count, Sink sink) {
    int start = offset;
    int limit = offset + count;
    while (start < limit) {
      int end = lineFeed(input, start, limit);
      if (end == limit) {
        take(input, start, end, sink);
      } else if (skipping) {
        skipping = false;
      } else if (end - start > maxLineBytes - length) {
        release();
        sink.tooLong();
      } else {
        byte[] line = Arrays.copyOf(pending, length + end - start);
        System.arraycopy(input, start, line, length, end - start);
        release();
        sink.line(line);
      }
      start = end + 1;
    }
  }

  private static int lineFeed(byte[] input, int start, int limit) {
    int end = start;
    while (end < limit && input[end] != '\n') {
      end++;
    }
    return end;
  }

  /** Takes a part of a line whose end is still to come. */
  private void take(byte[] input, int start, int end, Sink sink) {
    int count = end - start;
    if (skipping) {
      return;
    }
    if (count > maxLineBytes - length) {
      release();
      skipping = true;
      sink.tooLong();
      return;
    }
    if (length + count > pending.length) {
      pending =
          Arrays.copyOf(
              pending,
              Math.min(
                  maxLineBytes,
                  Math.max(length + count, Math.max(FIRST_CAPACITY, pending.length * 2))));
    }
    System.arraycopy(input, start, pending, length, count);
    length += count;
  }

  private void release() {
    pending = NOTHING;
    length = 0;
  }
}
