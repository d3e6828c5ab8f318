package pm.daemon.store;

/**
 * Where some bytes are in the journal, in one number: the segment, the offset of their checksum,
 * and how many they are. A segment is known by the low bits of its number, since far fewer than
 * {@value #SEGMENTS} of them are there at a time.
 */
final class Location {
  /** No bytes anywhere. */
  static final long NONE = 0;

  /** Offsets in a segment are below it. */
  static final int OFFSETS = 1 << 28;

  /** How many segments can be told from each other. */
  static final int SEGMENTS = 1 << 16;

  private static final int LENGTH_BITS = 20;
  private static final int OFFSET_BITS = 28;

  private Location() {}

  /**
   * @param length at least 1 and below 2^20
   */
  static long of(int segment, long offset, int length) {
    if (offset < 0 || offset >= OFFSETS || length <= 0 || length >= 1 << LENGTH_BITS) {
      throw new IllegalArgumentException(length + " bytes at " + offset + " have no location");
    }
    return ((long) segment << (OFFSET_BITS + LENGTH_BITS)) | (offset << LENGTH_BITS) | length;
  }

  /** Returns the number of its segment, which is at most {@code newest}. */
  static int segment(long location, int newest) {
    int low = (int) (location >>> (OFFSET_BITS + LENGTH_BITS));
    return newest - ((newest - low) & (SEGMENTS - 1));
  }

  static long offset(long location) {
    return (location >>> LENGTH_BITS) & (OFFSETS - 1);
  }

  /** Returns how many bytes there are; 0 for {@link #NONE}. */
  static int length(long location) {
    return (int) location & ((1 << LENGTH_BITS) - 1);
  }
}
