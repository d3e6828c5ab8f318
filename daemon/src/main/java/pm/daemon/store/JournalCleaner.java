package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;

/**
 * Keeps tasks anew: those of the oldest segment, a few at a time, so that it can be removed, or all
 * at once where the disk may have lost some. Loop thread only.
 *
 * <p>A task that is kept anew is one {@link TaskEntry.Whole} at the end of the journal. Of its data
 * and its result only what is in the segment that goes is copied.
 */
final class JournalCleaner {
  private static final Logger LOG = LoggerFactory.getLogger(JournalCleaner.class);

  /** Segments that are always allowed, however little of them is needed. */
  private static final int FREE_SEGMENTS = 2;

  /** So many files more than the needed bytes fill are allowed: each start begins one. */
  private static final int FREE_FILES = 8;

  /** At least so many bytes are copied with a call while the oldest segment is cleaned. */
  private static final long LEAST_BYTES = 16 * 1024;

  /** At least so many places of the index are looked at with a call. */
  private static final long LEAST_PLACES = 512;

  /** So much faster than the journal grows the oldest segment is emptied. */
  private static final int PACE = 3;

  private static final int SCRATCH = 32 * 1024;
  private static final byte[] NOTHING = {};

  private final TaskLedger ledger;
  private final ReentrantLock lock;
  private final JournalAppender appender;
  private final BlobReader blobs;
  private final LostBlobs noneLost;
  private final int segmentBytes;
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH);

  /** Number of the segment that is being emptied; 0 for none. */
  private int cleaning;

  /** The next place of the index to look at. */
  private int cursor;

  private long cleanedAt;

  /** Four numbers for each task of a block: task, data, result, bytes. */
  private long[] staged = new long[4 * 64];

  private int stagedCount;

  /** Segments that nothing is needed of, and the position that must be flushed before they go. */
  private final ArrayDeque<Empty> empty = new ArrayDeque<>();

  private record Empty(Segment segment, long position) {}

  JournalCleaner(TaskLedger ledger, JournalAppender appender, BlobReader blobs, int segmentBytes) {
    this.ledger = ledger;
    this.blobs = blobs;
    this.noneLost = new LostBlobs(blobs);
    this.lock = ledger.lock();
    this.appender = appender;
    this.segmentBytes = segmentBytes;
  }

  /**
   * Goes on emptying the oldest segment, if there is a reason to. What cannot be written is tried
   * again with the next call.
   *
   * @return whether a segment has become empty, so that a flush is to be asked for
   */
  boolean clean(LongFunction<Optional<TaskEntry.Whole>> whole) {
    long grown = appender.position() - cleanedAt;
    cleanedAt = appender.position();
    if (cleaning == 0 && !begin()) {
      return false;
    }
    Segment oldest = ledger.segment(cleaning).orElseThrow();
    if (oldest.firsts() > 0) {
      try {
        portion(oldest, grown, whole);
      } catch (IOException e) {
        LOG.debug("cannot go on cleaning {}: {}", oldest.name(), RunRecords.reason(e));
      }
    }
    cleanedAt = appender.position();
    if (oldest.firsts() > 0 || !tellEmpty(oldest)) {
      return false;
    }
    empty.add(new Empty(oldest, appender.position()));
    cleaning = 0;
    return true;
  }

  /** Before a file goes it is written that it may, so that one that is missing is noticed. */
  private boolean tellEmpty(Segment oldest) {
    try {
      Segment target = appender.begin();
      appender.entries().needed(oldest.number() + 1);
      long end = appender.write();
      lock.lock();
      try {
        appender.written(target, end);
        ledger.needed(oldest.number() + 1);
      } finally {
        lock.unlock();
      }
      return true;
    } catch (IOException e) {
      appender.abandon();
      LOG.debug("{} cannot go yet: {}", oldest.name(), RunRecords.reason(e));
      return false;
    }
  }

  private boolean begin() {
    // Those at the front that are empty already wait for a flush.
    int at = empty.size();
    if (at + 1 >= ledger.segments().size()) {
      return false;
    }
    long bytes = 0;
    int files = 0;
    for (int i = at; i < ledger.segments().size(); i++) {
      bytes += ledger.segments().get(i).size();
      files++;
    }
    long needed = ledger.bytesNeeded();
    if (bytes <= 2 * needed + (long) FREE_SEGMENTS * segmentBytes
        && files <= 2 * needed / segmentBytes + FREE_FILES) {
      return false;
    }
    cleaning = ledger.segments().get(at).number();
    cursor = 0;
    return true;
  }

  private void portion(Segment oldest, long grown, LongFunction<Optional<TaskEntry.Whole>> whole)
      throws IOException {
    TaskIndex index = ledger.index();
    long mostBytes = Math.max(LEAST_BYTES, PACE * grown);
    long places =
        Math.min(
            index.places(), Math.max(LEAST_PLACES, PACE * grown * index.places() / segmentBytes));
    Optional<Segment> target = Optional.empty();
    long start = 0;
    stagedCount = 0;
    try {
      for (long i = 0; i < places && stagedCount / 4 < oldest.firsts(); i++) {
        cursor = cursor >= index.places() - 1 ? 0 : cursor + 1;
        long task = index.taskAt(cursor);
        if (task == 0 || index.first(cursor) != oldest.number()) {
          continue;
        }
        if (target.isEmpty()) {
          target = Optional.of(appender.begin());
          start = appender.blocks().offset();
        }
        put(cursor, whole, this::isInCleaned, noneLost);
        if (appender.blocks().offset() - start >= mostBytes) {
          break;
        }
      }
      if (target.isPresent()) {
        end(target.get());
      }
    } catch (IOException e) {
      appender.abandon();
      throw e;
    }
  }

  /** Which data and results must be copied. */
  private interface Moves {
    boolean test(long location);
  }

  private void put(
      int place, LongFunction<Optional<TaskEntry.Whole>> whole, Moves moves, LostBlobs lost)
      throws IOException {
    TaskIndex index = ledger.index();
    long task = index.taskAt(place);
    Optional<TaskEntry.Whole> all = whole.apply(task);
    if (all.isEmpty()) {
      LOG.warn("task {} is in the journal, but nobody knows it; it is forgotten", task);
      appender.entries().put(new TaskEntry.Forgotten(task));
      stage(task, Location.NONE, Location.NONE, -1);
      return;
    }
    long before = appender.blocks().offset();
    appender.entries().whole(all.get());
    long bytes = appender.blocks().offset() - before;
    long data =
        put(
            task,
            lost.data(task, index.data(place)),
            all.get().content().data(),
            moves.test(index.data(place)));
    long result =
        put(task, lost.result(task, index.result(place)), NOTHING, moves.test(index.result(place)));
    stage(task, data, result, bytes);
  }

  /**
   * Puts data or a result.
   *
   * @param inMemory them, or nothing if they are only in the store
   */
  private long put(long task, long location, byte[] inMemory, boolean moves) throws IOException {
    if (location == Location.NONE) {
      appender.entries().noBlob();
      return location;
    }
    if (!moves) {
      int segment = Location.segment(location, ledger.newest());
      appender.entries().blobStays(segment, location);
      return location;
    }
    appender.entries().blobFollows();
    if (inMemory.length == Location.length(location)) {
      return appender.blocks().putBlob(inMemory);
    }
    return appender
        .blocks()
        .copyBlob(
            ledger.segmentOf(location),
            location,
            scratch,
            e ->
                LOG.error(
                    "data or result of task {} cannot be read any more: {}",
                    task,
                    RunRecords.reason(e)));
  }

  private void stage(long task, long data, long result, long bytes) {
    if (stagedCount + 4 > staged.length) {
      staged = Arrays.copyOf(staged, 2 * staged.length);
    }
    staged[stagedCount++] = task;
    staged[stagedCount++] = data;
    staged[stagedCount++] = result;
    staged[stagedCount++] = bytes;
  }

  private void end(Segment target) throws IOException {
    long end = appender.write();
    lock.lock();
    try {
      appender.written(target, end);
      for (int i = 0; i < stagedCount; i += 4) {
        if (staged[i + 3] < 0) {
          ledger.forget(staged[i]);
        } else {
          ledger.whole(staged[i], target, staged[i + 1], staged[i + 2], (int) staged[i + 3]);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Keeps all tasks in one block of a new segment, because nobody knows what of the last ones is on
   * the disk.
   *
   * @throws IOException if it cannot be written; all is as before
   */
  void anew(LongFunction<Optional<TaskEntry.Whole>> whole) throws IOException {
    stagedCount = 0;
    LostBlobs lost = lostBlobs();
    try {
      Segment target = appender.begin();
      appender.tellAnew();
      TaskIndex index = ledger.index();
      for (int place = 0; place < index.places(); place++) {
        if (index.taskAt(place) != 0) {
          put(place, whole, this::isUnsafe, lost);
        }
      }
      end(target);
    } catch (IOException e) {
      appender.abandon();
      throw e;
    }
  }

  private boolean isInCleaned(long location) {
    return Location.segment(location, ledger.newest()) <= cleaning;
  }

  private boolean isUnsafe(long location) {
    int segment = Location.segment(location, ledger.newest());
    return !appender.isDurable(segment, Location.offset(location));
  }

  private LostBlobs lostBlobs() throws IOException {
    LostBlobs lost = new LostBlobs(blobs);
    TaskIndex index = ledger.index();
    for (int place = 0; place < index.places(); place++) {
      long task = index.taskAt(place);
      if (task != 0 && index.data(place) != Location.NONE && isUnsafe(index.data(place))) {
        lost.tryData(task, index.data(place));
      }
      if (task != 0 && index.result(place) != Location.NONE && isUnsafe(index.result(place))) {
        lost.tryResult(task, index.result(place));
      }
    }
    lost.search(ledger.segments().subList(0, empty.size() + (cleaning == 0 ? 0 : 1)), scratch);
    return lost;
  }

  /** Returns the oldest segment if it can go now that all up to a position is on the disk. */
  Optional<Segment> takeEmpty(long flushed) {
    if (empty.isEmpty() || empty.getFirst().position() > flushed) {
      return Optional.empty();
    }
    return Optional.of(empty.removeFirst().segment());
  }
}
