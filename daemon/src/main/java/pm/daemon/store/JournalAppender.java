package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Writes blocks at the end of the journal and remembers what of it waits for a flush. Loop thread
 * only, but for {@link #take}.
 */
final class JournalAppender {
  private final TaskFolder folder;
  private final TaskLedger ledger;
  private final ReentrantLock lock;
  private final String epoch;
  private final String bootId;
  private final int segmentBytes;
  private final BlockWriter blocks;
  private final EntryWriter entries;

  /** Whether the newest segment takes more. */
  private boolean isOpen;

  /** Whether behind the newest segment's good bytes is what a failed write left. */
  private boolean isTorn;

  /** Bytes that were ever written. */
  private long position;

  // What is on the disk, as far as the loop knows; told with the next block.
  private int durableSegment;
  private long durableOffset;
  private boolean tellsDurable;

  // Under the lock.
  private final List<Segment> dirty = new ArrayList<>();
  private boolean isFolderDirty;

  /** All that was written and not flushed at a moment, up to {@code size} bytes of the newest. */
  record Unflushed(long position, List<Segment> segments, boolean folder, int newest, long size) {
    Unflushed {
      segments = List.copyOf(segments);
    }
  }

  /**
   * @param direct of {@link BlockWriter#CHUNK} bytes
   */
  JournalAppender(
      TaskFolder folder,
      TaskLedger ledger,
      String epoch,
      String bootId,
      int segmentBytes,
      ByteBuffer direct) {
    this.folder = folder;
    this.ledger = ledger;
    this.lock = ledger.lock();
    this.epoch = epoch;
    this.bootId = bootId;
    this.segmentBytes = segmentBytes;
    this.blocks = new BlockWriter(direct);
    this.entries = new EntryWriter(blocks);
  }

  BlockWriter blocks() {
    return blocks;
  }

  EntryWriter entries() {
    return entries;
  }

  /** Returns the position behind all that is written. */
  long position() {
    return position;
  }

  int durableSegment() {
    return durableSegment;
  }

  /** Returns whether a byte was on the disk when we last knew. */
  boolean isDurable(int segment, long offset) {
    return segment < durableSegment || (segment == durableSegment && offset < durableOffset);
  }

  /** All up to {@code size} bytes of a segment is on the disk. */
  void durable(int segment, long size) {
    durableSegment = segment;
    durableOffset = size;
    tellsDurable = true;
  }

  /**
   * Writes nothing more to the newest segment, and has nothing flushed any more that was written so
   * far: all will be told anew.
   */
  void giveUpSegment() {
    isOpen = false;
    isTorn = false;
    lock.lock();
    try {
      dirty.clear();
    } finally {
      lock.unlock();
    }
  }

  private void cutTorn() throws IOException {
    if (isTorn && isOpen) {
      Segment torn = ledger.segments().getLast();
      torn.file().truncate(torn.size());
    }
    isTorn = false;
  }

  /** Begins a block at the end of the newest segment, or of a new one if that is full. */
  Segment begin() throws IOException {
    cutTorn();
    if (!isOpen || ledger.segments().getLast().size() >= segmentBytes) {
      create();
    }
    Segment target = ledger.segments().getLast();
    if (target.size() == 0) {
      blocks.begin(target, header(target.number()));
    } else {
      blocks.begin(target);
    }
    if (tellsDurable) {
      entries.place(EntryKind.DURABLE, durableSegment, durableOffset);
    }
    return target;
  }

  private SegmentHeader header(int number) {
    long sizeBefore = ledger.segment(number - 1).map(Segment::size).orElse(0L);
    return new SegmentHeader(number, epoch, bootId, ledger.lastTask(), ledger.needed(), sizeBefore);
  }

  private void create() throws IOException {
    int number = ledger.newest() + 1;
    Segment fresh = new Segment(number, folder.create(Segment.name(number)), 0);
    lock.lock();
    try {
      ledger.segments().add(fresh);
      isFolderDirty = true;
    } finally {
      lock.unlock();
    }
    isOpen = true;
  }

  /** Says that all is told anew in the block that was just begun. */
  void tellAnew() throws IOException {
    entries.place(EntryKind.ANEW, durableSegment, durableOffset);
  }

  /** Writes the block that was begun; if that fails, {@link #abandon} follows. */
  long write() throws IOException {
    return blocks.end();
  }

  /** The block that was begun is not written. */
  void abandon() {
    isTorn = true;
    blocks.words().rollback();
  }

  /** The block that was begun is written up to {@code end}. Under the lock. */
  void written(Segment target, long end) {
    blocks.words().commit();
    position += end - target.size();
    target.size(end);
    tellsDurable = false;
    if (dirty.isEmpty() || dirty.getLast() != target) {
      dirty.add(target);
    }
  }

  /** Returns what waits for a flush, which is then no longer here. Under the lock; any thread. */
  Unflushed take() {
    Segment newest = ledger.segments().getLast();
    Unflushed unflushed =
        new Unflushed(position, dirty, isFolderDirty, newest.number(), newest.size());
    dirty.clear();
    isFolderDirty = false;
    return unflushed;
  }
}
