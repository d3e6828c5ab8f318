package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * What later segments know of an earlier one that is damaged: whether it was on the disk, and
 * whether all was told anew since.
 */
final class JournalProof {
  private final TaskLedger ledger;
  private final List<Optional<SegmentHeader>> headers;
  private final ByteBuffer direct;

  private int durableSegment;
  private long durableOffset;

  /** Index of the segment that tells all anew; -1 if there is none. */
  private int anewIn = -1;

  private int anewSegment;
  private long anewOffset;

  JournalProof(TaskLedger ledger, List<Optional<SegmentHeader>> headers, ByteBuffer direct) {
    this.ledger = ledger;
    this.headers = headers;
    this.direct = direct;
  }

  /** Looks at all segments behind one, as far as they make sense. */
  void lookBehind(int at) throws IOException {
    for (int i = at + 1; i < headers.size(); i++) {
      if (headers.get(i).isPresent()) {
        look(i);
      }
    }
  }

  private void look(int at) throws IOException {
    BlockReader blocks = new BlockReader(direct, ledger.segments().get(at));
    while (blocks.next() == BlockReader.Next.BLOCK) {
      // Places come first in a block.
      int kind = blocks.get();
      while (kind == EntryKind.DURABLE || kind == EntryKind.ANEW) {
        int segment = Math.toIntExact(blocks.getNumber());
        long offset = blocks.getNumber();
        if (kind == EntryKind.DURABLE) {
          durableSegment = segment;
          durableOffset = offset;
        } else {
          anewIn = at;
          anewSegment = segment;
          anewOffset = offset;
        }
        kind = blocks.hasMore() ? blocks.get() : 0;
      }
    }
  }

  /** Returns whether more than {@code offset} bytes of a segment were on the disk. */
  boolean wasFlushed(int segment, long offset) {
    return isBefore(segment, offset, durableSegment, durableOffset);
  }

  /**
   * Returns the index of the segment that tells all anew which was at or behind a place; -1 if
   * there is none.
   */
  int anewSince(int segment, long offset) {
    return isBefore(segment, offset, anewSegment, anewOffset) ? -1 : anewIn;
  }

  private static boolean isBefore(int segment, long offset, int thanSegment, long thanOffset) {
    return segment < thanSegment || (segment == thanSegment && offset < thanOffset);
  }
}
