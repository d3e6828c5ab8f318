package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import pm.daemon.posix.Fd;

/**
 * Data and results in memory. Those of a few bytes are their own location. Others are on the heap,
 * in pages of equal places, so that it does not hold an object for each; and as soon as that would
 * become too much, or for long ones, in a file that has no name and no disk. Places are powers of
 * two and are used again. One thread at a time.
 */
final class MemoryBlobs implements AutoCloseable {
  /** So many bytes may be on the heap. */
  static final int HEAP_BYTES = 2 * 1024 * 1024;

  /** So many bytes have room in a location itself. */
  static final int INLINE_BYTES = 5;

  /** The size of a page on the heap, and of the largest place there. */
  static final int HEAP_PAGE_BITS = 14;

  private static final int HEAP_PAGE = 1 << HEAP_PAGE_BITS;
  private static final int LEAST_HEAP_BITS = 4;
  private static final int LEAST_BITS = 6;
  private static final int PAGE_BITS = 12;
  private static final int LENGTH_BITS = 20;
  private static final int CHUNK = 64 * 1024;
  private static final int NO_FILE = -1;
  private static final byte[] NOTHING = {};

  /** Marks a location as one on the heap. */
  private static final long ON_HEAP = 1L << 63;

  /** Marks a location that has the bytes itself. */
  private static final long IS_INLINE = 1L << 62;

  /** The end of a list of free places. */
  private static final int NO_PLACE = -1;

  private final byte[][] pages = new byte[HEAP_BYTES >> HEAP_PAGE_BITS][];
  private int pageCount;

  /** How many places of the heap are taken. */
  private int onHeap;

  /** The first free place of each size; each of them has the offset of the next. */
  private final int[] freeOnHeap = new int[HEAP_PAGE_BITS + 1];

  /** The page of which places of each size are taken for the first time: where, and its end. */
  private final int[] freshOnHeap = new int[HEAP_PAGE_BITS + 1];

  private final int[] freshEnds = new int[HEAP_PAGE_BITS + 1];

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
    Arrays.fill(freeOnHeap, NO_PLACE);
  }

  /**
   * Keeps a copy of bytes.
   *
   * @return their location; {@link Location#NONE} if there are none
   * @throws IOException if there is no memory for them
   */
  long put(byte[] bytes) throws IOException {
    if (bytes.length == 0) {
      return Location.NONE;
    }
    if (bytes.length <= INLINE_BYTES) {
      return inline(bytes);
    }
    if (bytes.length <= HEAP_PAGE) {
      int place = placeOnHeap(bits(bytes.length, LEAST_HEAP_BITS));
      if (place != NO_PLACE) {
        System.arraycopy(
            bytes, 0, pages[place >> HEAP_PAGE_BITS], place & (HEAP_PAGE - 1), bytes.length);
        return ON_HEAP | ((long) place << LENGTH_BITS) | bytes.length;
      }
    }
    int bits = bits(bytes.length, LEAST_BITS);
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

  private static long inline(byte[] bytes) {
    long text = 0;
    for (int i = bytes.length - 1; i >= 0; i--) {
      text = text << Byte.SIZE | (bytes[i] & 0xff);
    }
    return IS_INLINE | text << LENGTH_BITS | bytes.length;
  }

  private static byte[] inlined(long location) {
    byte[] bytes = new byte[length(location)];
    long text = location >>> LENGTH_BITS;
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) text;
      text >>>= Byte.SIZE;
    }
    return bytes;
  }

  /** Takes a place on the heap; returns {@link #NO_PLACE} if there is none. */
  private int placeOnHeap(int bits) {
    int place = freeOnHeap[bits];
    if (place != NO_PLACE) {
      freeOnHeap[bits] = next(pages[place >> HEAP_PAGE_BITS], place & (HEAP_PAGE - 1));
    } else {
      if (freshOnHeap[bits] == freshEnds[bits]) {
        if (pageCount == pages.length) {
          return NO_PLACE;
        }
        if (pages[pageCount] == null) {
          pages[pageCount] = new byte[HEAP_PAGE];
        }
        freshOnHeap[bits] = pageCount++ << HEAP_PAGE_BITS;
        freshEnds[bits] = freshOnHeap[bits] + HEAP_PAGE;
      }
      place = freshOnHeap[bits];
      freshOnHeap[bits] += 1 << bits;
    }
    onHeap++;
    return place;
  }

  private void freeOnHeap(int place, int bits) {
    next(pages[place >> HEAP_PAGE_BITS], place & (HEAP_PAGE - 1), freeOnHeap[bits]);
    freeOnHeap[bits] = place;
    onHeap--;
    if (onHeap == 0) {
      // All pages are free: but for the first one they are given back.
      Arrays.fill(freeOnHeap, NO_PLACE);
      Arrays.fill(freshOnHeap, 0);
      Arrays.fill(freshEnds, 0);
      Arrays.fill(pages, 1, pages.length, null);
      pageCount = 0;
    }
  }

  private static int next(byte[] page, int at) {
    return (page[at] & 0xff)
        | (page[at + 1] & 0xff) << 8
        | (page[at + 2] & 0xff) << 16
        | page[at + 3] << 24;
  }

  private static void next(byte[] page, int at, int place) {
    page[at] = (byte) place;
    page[at + 1] = (byte) (place >> 8);
    page[at + 2] = (byte) (place >> 16);
    page[at + 3] = (byte) (place >> 24);
  }

  /** Returns the size of a place for so many bytes, as a power of two. */
  private static int bits(int length, int least) {
    return Math.max(least, Integer.SIZE - Integer.numberOfLeadingZeros(length - 1));
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

  /** Returns the bytes at a location. */
  byte[] get(long location) throws IOException {
    if (location == Location.NONE) {
      return NOTHING;
    }
    if (location < 0) {
      int place = place(location);
      int from = place & (HEAP_PAGE - 1);
      return Arrays.copyOfRange(pages[place >> HEAP_PAGE_BITS], from, from + length(location));
    }
    if ((location & IS_INLINE) != 0) {
      return inlined(location);
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

  private static int place(long location) {
    return (int) ((location & ~ON_HEAP) >>> LENGTH_BITS);
  }

  /** Lets go of the bytes at a location. */
  void remove(long location) throws IOException {
    if (location == Location.NONE) {
      return;
    }
    int length = length(location);
    if (location < 0) {
      freeOnHeap(place(location), bits(length, LEAST_HEAP_BITS));
      return;
    }
    if ((location & IS_INLINE) != 0) {
      return;
    }
    int bits = bits(length, LEAST_BITS);
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
