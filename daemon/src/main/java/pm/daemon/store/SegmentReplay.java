package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;

/** Takes what a segment says into the ledger and tells it on. */
final class SegmentReplay {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentReplay.class);
  private static final byte[] NOTHING = {};

  private final TaskLedger ledger;
  private final ByteBuffer direct;
  private final Moment now;
  private final BlobReader blobs;

  SegmentReplay(TaskLedger ledger, BlobReader blobs, ByteBuffer direct, Moment now) {
    this.ledger = ledger;
    this.blobs = blobs;
    this.direct = direct;
    this.now = now;
  }

  /**
   * Where the good part of a segment ends.
   *
   * @param isBroken whether something follows that makes no sense
   */
  record End(long offset, boolean isBroken) {}

  /**
   * Reads a segment to its end.
   *
   * @throws IOException if it cannot be read, or a block that is whole makes no sense
   */
  End read(Segment segment, boolean isOfThisBoot, Consumer<TaskEntry> entries) throws IOException {
    BlockReader blocks = new BlockReader(direct, segment);
    EntryReader reader = new EntryReader(blocks, now, this::dataThatStays);
    reader.open(segment.number(), isOfThisBoot);
    while (true) {
      long blockAt = blocks.position();
      switch (blocks.next()) {
        case END -> {
          return new End(blockAt, false);
        }
        case BROKEN -> {
          return new End(blockAt, true);
        }
        case BLOCK -> {
          try {
            block(segment, blocks, reader, entries);
          } catch (BlockReader.NonsenseException e) {
            throw new IOException(e.getMessage() + ", in the block at byte " + blockAt, e);
          }
        }
      }
    }
  }

  private void block(
      Segment segment, BlockReader blocks, EntryReader reader, Consumer<TaskEntry> entries)
      throws IOException {
    Optional<Set<Long>> anew = Optional.empty();
    while (blocks.hasMore()) {
      long before = blocks.offset();
      Optional<TaskEntry> entry = reader.next();
      if (reader.kind() == EntryKind.ANEW) {
        anew = Optional.of(new HashSet<>());
      }
      if (entry.isPresent()) {
        int bytes = (int) (blocks.offset() - before) - reader.blobBytes();
        accept(entry.get(), segment, reader, bytes, entries);
        anew.ifPresent(told -> told.add(entry.get().task()));
      }
    }
    if (anew.isPresent()) {
      forgetOthers(anew.get(), entries);
    }
  }

  private void accept(
      TaskEntry entry,
      Segment segment,
      EntryReader reader,
      int bytes,
      Consumer<TaskEntry> entries) {
    long task = entry.task();
    boolean isKnown = ledger.knows(task);
    switch (entry) {
      case TaskEntry.Whole _ -> ledger.whole(task, segment, reader.data(), reader.result(), bytes);
      case TaskEntry.Queued _ -> ledger.apply(entry, segment, reader.data(), bytes);
      case TaskEntry.Ended _,
          TaskEntry.Started _,
          TaskEntry.Cancelling _,
          TaskEntry.Returned _,
          TaskEntry.Noted _,
          TaskEntry.PutBack _,
          TaskEntry.Forgotten _ -> {
        if (!isKnown) {
          // What came before is in a file that is gone: it is forgotten, or told as a whole later.
          return;
        }
        ledger.apply(entry, segment, reader.result(), bytes);
      }
    }
    entries.accept(entry);
  }

  /** All there was has been told anew: what was not told is forgotten. */
  private void forgetOthers(Set<Long> told, Consumer<TaskEntry> entries) {
    TaskIndex index = ledger.index();
    long[] others = new long[index.count()];
    int count = 0;
    for (int place = 0; place < index.places(); place++) {
      long task = index.taskAt(place);
      if (task != 0 && !told.contains(task)) {
        others[count++] = task;
      }
    }
    for (int i = 0; i < count; i++) {
      ledger.forget(others[i]);
      entries.accept(new TaskEntry.Forgotten(others[i]));
    }
  }

  private byte[] dataThatStays(long location) {
    if (ledger.segment(Location.segment(location, ledger.newest())).isEmpty()) {
      // They have been copied since, and the task is told again.
      return NOTHING;
    }
    try {
      return blobs.read(location);
    } catch (IOException e) {
      // Whoever needs it reads it again, and hears why it cannot be read.
      LOG.warn("the data of a task cannot be read: {}", RunRecords.reason(e));
      return NOTHING;
    }
  }
}
