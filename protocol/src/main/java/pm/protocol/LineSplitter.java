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
    while (input.hasRemaining()) {
      int start = input.position();
      int end = lineFeed(input);
      boolean complete = end < input.limit();
      take(input, end - start, sink);
      if (complete) {
        input.get();
        if (skipping) {
          skipping = false;
        } else {
          byte[] line = Arrays.copyOf(pending, length);
          release();
          sink.line(line);
        }
      }
    }
  }

  private static int lineFeed(ByteBuffer input) {
    int end = input.position();
    while (end < input.limit() && input.get(end) != '\n') {
      end++;
    }
    return end;
  }

  private void take(ByteBuffer input, int count, Sink sink) {
    if (skipping) {
      input.position(input.position() + count);
    } else if (count > maxLineBytes - length) {
      input.position(input.position() + count);
      release();
      skipping = true;
      sink.tooLong();
    } else {
      if (length + count > pending.length) {
        pending =
            Arrays.copyOf(
                pending,
                Math.min(
                    maxLineBytes,
                    Math.max(length + count, Math.max(FIRST_CAPACITY, pending.length * 2))));
      }
      input.get(pending, length, count);
      length += count;
    }
  }

  private void release() {
    pending = NOTHING;
    length = 0;
  }
}
