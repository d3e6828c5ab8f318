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
   * Reads a segment to its end.
   *
   * @return where it makes no sense, if that is before the end of the file
   * @throws IOException if it cannot be read, or a block that is whole makes no sense
   */
  Optional<Long> read(Segment segment, boolean isOfThisBoot, Consumer<TaskEntry> entries)
      throws IOException {
    BlockReader blocks = new BlockReader(direct, segment);
    EntryReader reader = new EntryReader(blocks, now, this::dataThatStays);
    reader.open(segment.number(), isOfThisBoot);
    while (true) {
      long blockAt = blocks.position();
      switch (blocks.next()) {
        case END -> {
          return Optional.empty();
        }
        case BROKEN -> {
          return Optional.of(blockAt);
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
        int bytes = (int) (blocks.offset() - before);
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
      case TaskEntry.Whole _ -> {
        int place = ledger.index().find(task);
        long data = reader.dataStays() && isKnown ? ledger.index().data(place) : reader.data();
        long result =
            reader.resultStays() && isKnown ? ledger.index().result(place) : reader.result();
        ledger.whole(
            task,
            segment,
            data,
            result,
            bytes - Location.length(reader.data()) - Location.length(reader.result()));
      }
      case TaskEntry.Queued _ ->
          ledger.apply(entry, segment, reader.data(), bytes - Location.length(reader.data()));
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
        ledger.apply(entry, segment, reader.result(), bytes - Location.length(reader.result()));
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

  private byte[] dataThatStays(long task) {
    int place = ledger.index().find(task);
    long location = place == TaskIndex.NOWHERE ? Location.NONE : ledger.index().data(place);
    if (location == Location.NONE || Location.length(location) > TaskStore.INLINE_BYTES) {
      return NOTHING;
    }
    try {
      return blobs.read(location);
    } catch (IOException e) {
      // Whoever needs it reads it again, and hears why it cannot be read.
      LOG.warn("the data of task {} cannot be read: {}", task, RunRecords.reason(e));
      return NOTHING;
    }
  }
}
