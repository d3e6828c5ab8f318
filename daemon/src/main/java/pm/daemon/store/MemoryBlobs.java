package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import pm.daemon.posix.Fd;

/**
 * Data and results in memory: the first on the heap, and as soon as that would become too much, in
 * a file that has no name and no disk. Places in it are powers of two and are used again. One
 * thread at a time.
 */
final class MemoryBlobs implements AutoCloseable {
  /** So many bytes may be on the heap. */
  static final int HEAP_BYTES = 2 * 1024 * 1024;

  /** What an array takes beside its bytes, about. */
  private static final int ARRAY_BYTES = 24;

  private static final int LEAST_BITS = 6;
  private static final int PAGE_BITS = 12;
  private static final int LENGTH_BITS = 20;
  private static final int CHUNK = 64 * 1024;
  private static final int NO_FILE = -1;
  private static final byte[] NOTHING = {};

  /** Marks a location as one on the heap. */
  private static final long ON_HEAP = 1L << 63;

  private byte[][] slots = new byte[64][];
  private final Stack freeSlots = new Stack();
  private int slotCount;
  private long heapBytes;

  private int file = NO_FILE;
  private long fileEnd;
  private final Stack[] freePlaces = new Stack[LENGTH_BITS + 1];
  private ByteBuffer direct = ByteBuffer.allocate(0);

  /** Numbers, the last of which is taken first. */
  private static final class Stack {
    private long[] numbers = new long[16];
    private int count;

    void push(long number) {
      if (count == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * count);
      }
      numbers[count++] = number;
    }

    boolean isEmpty() {
      return count == 0;
    }

    long pop() {
      return numbers[--count];
    }
  }

  MemoryBlobs() {
    Arrays.setAll(freePlaces, bits -> new Stack());
  }

  /**
   * Keeps bytes; the array is not copied where it stays on the heap.
   *
   * @return their location; {@link Location#NONE} if there are none
   * @throws IOException if there is no memory for them
   */
  long put(byte[] bytes) throws IOException {
    if (bytes.length == 0) {
      return Location.NONE;
    }
    if (heapBytes + bytes.length + ARRAY_BYTES <= HEAP_BYTES) {
      return putOnHeap(bytes);
    }
    int bits = bits(bytes.length);
    long offset = freePlaces[bits].isEmpty() ? fileEnd : freePlaces[bits].pop();
    try {
      write(bytes, offset);
    } catch (IOException e) {
      if (offset != fileEnd) {
        freePlaces[bits].push(offset);
      }
      throw e;
    }
    if (offset == fileEnd) {
      fileEnd += 1L << bits;
    }
    return (offset << LENGTH_BITS) | bytes.length;
  }

  private long putOnHeap(byte[] bytes) {
    int slot = freeSlots.isEmpty() ? slotCount++ : (int) freeSlots.pop();
    if (slot == slots.length) {
      slots = Arrays.copyOf(slots, 2 * slot);
    }
    slots[slot] = bytes;
    heapBytes += bytes.length + ARRAY_BYTES;
    return ON_HEAP | ((long) slot << LENGTH_BITS) | bytes.length;
  }

  /** Returns the size of a place for so many bytes, as a power of two. */
  private static int bits(int length) {
    return Math.max(LEAST_BITS, Integer.SIZE - Integer.numberOfLeadingZeros(length - 1));
  }

  private void write(byte[] bytes, long offset) throws IOException {
    if (file == NO_FILE) {
      file = Fd.memoryFile("pm-tasks");
      direct = ByteBuffer.allocateDirect(CHUNK);
    }
    int done = 0;
    while (done < bytes.length) {
      direct.clear();
      direct.put(bytes, done, Math.min(CHUNK, bytes.length - done)).flip();
      done += Fd.writeAt(file, direct, offset + done);
    }
  }

  /** Returns how many bytes are at a location. */
  static int length(long location) {
    return (int) location & ((1 << LENGTH_BITS) - 1);
  }

  /** Returns the bytes at a location, which the caller does not change. */
  byte[] get(long location) throws IOException {
    if (location == Location.NONE) {
      return NOTHING;
    }
    if (location < 0) {
      return slots[slot(location)];
    }
    byte[] bytes = new byte[length(location)];
    long offset = location >>> LENGTH_BITS;
    int done = 0;
    while (done < bytes.length) {
      direct.clear().limit(Math.min(CHUNK, bytes.length - done));
      int read = Fd.readAt(file, direct, offset + done);
      if (read <= 0) {
        throw new IOException("the memory of tasks ends at " + (offset + done));
      }
      direct.flip().get(bytes, done, read);
      done += read;
    }
    return bytes;
  }

  private static int slot(long location) {
    return (int) ((location & ~ON_HEAP) >>> LENGTH_BITS);
  }

  /** Lets go of the bytes at a location. */
  void remove(long location) throws IOException {
    if (location == Location.NONE) {
      return;
    }
    int length = length(location);
    if (location < 0) {
      int slot = slot(location);
      slots[slot] = NOTHING;
      freeSlots.push(slot);
      heapBytes -= length + ARRAY_BYTES;
      return;
    }
    int bits = bits(length);
    long offset = location >>> LENGTH_BITS;
    freePlaces[bits].push(offset);
    // A place need not begin where a page does: only the pages inside are given back.
    long page = 1L << PAGE_BITS;
    long from = (offset + page - 1) & -page;
    long to = (offset + (1L << bits)) & -page;
    if (from < to) {
      Fd.punchHole(file, from, to - from);
    }
  }

  /** Returns how many bytes the file would have without its holes. */
  long fileBytes() {
    return fileEnd;
  }

  @Override
  public void close() throws IOException {
    if (file != NO_FILE) {
      int open = file;
      file = NO_FILE;
      Fd.close(open);
    }
  }
}
