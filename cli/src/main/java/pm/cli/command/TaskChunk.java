package pm.cli.command;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Tasks that are submitted with one request, as JSON already, and the lines that they come from. A
 * request has a bound, so a long input goes in many chunks. One thread at a time.
 */
final class TaskChunk {
  /** What the daemon takes in one request, and answers in one line. */
  static final int MOST_TASKS = 5_000;

  /** Half of a line, so that a single task always has room beside it. */
  private static final int MOST_BYTES = 512 * 1024;

  private static final byte[] BEGIN = "{\"data\":".getBytes(StandardCharsets.US_ASCII);

  private final byte[] options;
  private final int most;
  private byte[] bytes = new byte[4 * 1024];
  private int length;
  private int[] ends = new int[64];
  private long[] lines = new long[64];
  private int first;
  private int end;

  /**
   * @param options what stands behind the data of each task, up to the end of its object
   * @param most tasks that it has room for, at most {@link #MOST_TASKS}
   */
  TaskChunk(String options, int most) {
    this.most = most;
    this.options = options.getBytes(StandardCharsets.UTF_8);
  }

  /** Whether a task with so many bytes of data finds room; an empty one always has it. */
  boolean hasRoom(int dataBytes) {
    return end == 0
        || (end < most && length + dataBytes + options.length + BEGIN.length < MOST_BYTES);
  }

  /** Adds a task. */
  void add(byte[] data, long line) {
    if (end == ends.length) {
      ends = Arrays.copyOf(ends, end * 2);
      lines = Arrays.copyOf(lines, end * 2);
    }
    put(BEGIN);
    put(data);
    put(options);
    ends[end] = length;
    lines[end] = line;
    end++;
  }

  private void put(byte[] more) {
    if (length + more.length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more.length, bytes.length * 2));
    }
    System.arraycopy(more, 0, bytes, length, more.length);
    length += more.length;
  }

  /** How many there are, without those that were dropped. */
  int count() {
    return end - first;
  }

  /** The line of the first one there is. */
  long firstLine() {
    return lines[first];
  }

  /** The line of the last one there is. */
  long lastLine() {
    return lines[end - 1];
  }

  /**
   * Drops the first ones: they are in.
   *
   * @return the line of the last of them
   */
  long drop(int count) {
    first += count;
    return lines[first - 1];
  }

  /**
   * The parameters of a request that submits all there are.
   *
   * @param head up to the array of tasks
   * @param tail behind it
   */
  ByteBuffer params(byte[] head, byte[] tail) {
    int from = first == 0 ? 0 : ends[first - 1];
    ByteBuffer params =
        ByteBuffer.allocate(head.length + length - from + count() + tail.length + 1);
    params.put(head).put((byte) '[');
    for (int i = first; i < end; i++) {
      if (i > first) {
        params.put((byte) ',');
      }
      params.put(bytes, from, ends[i] - from);
      from = ends[i];
    }
    return params.put((byte) ']').put(tail).flip();
  }

  /** Empties it, so that it can be used again. */
  void clear() {
    length = 0;
    first = 0;
    end = 0;
  }
}
