package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * What later segments know of an earlier one that is damaged or missing: whether it was on the
 * disk, whether all was told anew since, and whether it is needed.
 */
final class JournalProof {
  private final TaskLedger ledger;
  private final List<Optional<SegmentHeader>> headers;
  private final ByteBuffer direct;

  /** Where the damage begins. */
  private final int brokenSegment;

  private final long brokenOffset;

  private boolean wasFlushed;

  /** Index of the segment that tells all anew; -1 if there is none. */
  private int anewIn = -1;

  JournalProof(
      TaskLedger ledger,
      List<Optional<SegmentHeader>> headers,
      ByteBuffer direct,
      int brokenSegment,
      long brokenOffset) {
    this.ledger = ledger;
    this.brokenSegment = brokenSegment;
    this.brokenOffset = brokenOffset;
    this.headers = headers;
    this.direct = direct;
  }

  /**
   * Finds out which segment is the first that is needed; the newest that knows tells.
   *
   * @return it
   */
  int findNeeded() throws IOException {
    headers.forEach(each -> each.ifPresent(header -> ledger.needed(header.needed())));
    int oldest = ledger.segments().getFirst().number();
    for (int i = headers.size() - 1; i >= 0 && ledger.needed() < oldest; i--) {
      if (headers.get(i).isPresent()) {
        look(i);
      }
    }
    return ledger.needed();
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
      // What is about the journal itself comes first in a block.
      for (int kind = blocks.get(); isAboutJournal(kind); ) {
        int segment = Math.toIntExact(blocks.getNumber());
        if (kind == EntryKind.NEEDED) {
          ledger.needed(segment);
        } else {
          place(kind, segment, blocks.getNumber(), at);
        }
        kind = blocks.hasMore() ? blocks.get() : 0;
      }
    }
  }

  private static boolean isAboutJournal(int kind) {
    return kind == EntryKind.DURABLE || kind == EntryKind.ANEW || kind == EntryKind.NEEDED;
  }

  private void place(int kind, int segment, long offset, int at) {
    boolean isBehind =
        segment > brokenSegment || (segment == brokenSegment && offset > brokenOffset);
    if (kind == EntryKind.DURABLE) {
      wasFlushed |= isBehind;
    } else if (!isBehind) {
      anewIn = at;
    }
  }

  /** Returns whether bytes from the damage on were on the disk. */
  boolean wasFlushed() {
    return wasFlushed;
  }

  /** Returns the index of the segment that tells all anew since; -1 if there is none. */
  int anewIn() {
    return anewIn;
  }
}
