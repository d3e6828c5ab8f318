package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;

/**
 * Opens the files of a journal and tells what is in them. Before the loop runs.
 *
 * <p>What a loss of power left of what was never flushed is cut off. Whatever was flushed must be
 * there: if it is not, nothing is skipped, and the journal is not opened.
 */
final class JournalOpening {
  private static final Logger LOG = LoggerFactory.getLogger(JournalOpening.class);
  private static final String REMEDY =
      "; use the version of pmd that wrote it, or move the folder away to begin without its tasks";

  private final TaskFolder folder;
  private final String bootId;
  private final TaskLedger ledger;

  /** Headers of the segments; empty for one that is torn. */
  private final List<Optional<SegmentHeader>> headers = new ArrayList<>();

  JournalOpening(TaskFolder folder, String bootId, TaskLedger ledger) {
    this.folder = folder;
    this.bootId = bootId;
    this.ledger = ledger;
  }

  /**
   * Opens the segments and reads their headers.
   *
   * @throws StoreException if they are not ours, or of another format
   */
  void open() throws StoreException {
    try {
      folder.prepare();
      List<Integer> numbers = new ArrayList<>();
      for (String name : folder.names()) {
        if (Segment.isName(name)) {
          numbers.add(Segment.number(name));
        }
      }
      numbers.sort(null);
      for (int number : numbers) {
        while (ledger.newest() != 0 && number != ledger.newest() + 1) {
          missing(ledger.newest() + 1);
        }
        open(number);
      }
      checkEpochs();
    } catch (IOException e) {
      throw new StoreException("cannot use " + folder.path() + ": " + RunRecords.reason(e), e);
    }
  }

  /** Perhaps its name was never on the disk; {@link #replay} finds out. */
  private void missing(int number) {
    ledger.segments().add(new Segment(number, TaskFile.MISSING, 0));
    headers.add(Optional.empty());
  }

  private void open(int number) throws StoreException {
    String name = Segment.name(number);
    try {
      TaskFile file = folder.open(name);
      Segment segment = new Segment(number, file, file.size());
      ledger.segments().add(segment);
      headers.add(header(segment));
    } catch (IOException e) {
      throw new StoreException("cannot use " + path(name) + ": " + RunRecords.reason(e), e);
    }
  }

  private Optional<SegmentHeader> header(Segment segment) throws IOException, StoreException {
    ByteBuffer direct = ByteBuffer.allocateDirect(SegmentHeader.BYTES);
    while (direct.hasRemaining() && segment.file().read(direct, direct.position()) > 0) {
      // A read may give less than all.
    }
    byte[] beginning = new byte[SegmentHeader.BYTES];
    direct.flip().get(beginning, 0, direct.remaining());
    return switch (SegmentHeader.look(beginning, segment.size())) {
      case SegmentHeader.Look.Torn _ -> Optional.empty();
      case SegmentHeader.Look.Wrong wrong ->
          throw new StoreException(path(segment.name()) + ": " + wrong.what() + REMEDY);
      case SegmentHeader.Look.Good good -> {
        if (good.header().segment() != segment.number()) {
          throw new StoreException(
              path(segment.name()) + " was " + Segment.name(good.header().segment()) + REMEDY);
        }
        yield Optional.of(good.header());
      }
    };
  }

  private void checkEpochs() throws StoreException {
    Optional<String> epoch = epoch();
    for (int i = 0; i < headers.size(); i++) {
      if (headers.get(i).isPresent() && !Optional.of(headers.get(i).get().epoch()).equals(epoch)) {
        throw new StoreException(
            path(ledger.segments().get(i).name())
                + " is of another store than the files before it; move away what does not belong"
                + " here");
      }
    }
  }

  /** Returns what ids of tasks begin with, if there is anything yet. */
  Optional<String> epoch() {
    for (Optional<SegmentHeader> header : headers) {
      if (header.isPresent()) {
        return Optional.of(header.get().epoch());
      }
    }
    return Optional.empty();
  }

  /** Returns whether what was kept last was kept in this boot. */
  boolean isOfThisBoot() {
    for (Optional<SegmentHeader> header : headers.reversed()) {
      if (header.isPresent()) {
        return header.get().bootId().equals(bootId);
      }
    }
    return true;
  }

  /**
   * Tells what is kept.
   *
   * @param direct of {@link BlockWriter#CHUNK} bytes
   * @throws StoreException if it cannot be read, or what was flushed is damaged
   */
  void replay(BlobReader blobs, ByteBuffer direct, Moment now, Consumer<TaskEntry> entries)
      throws StoreException {
    for (Optional<SegmentHeader> each : headers) {
      each.ifPresent(header -> ledger.sawTask(header.lastTask()));
    }
    checkFront(direct);
    SegmentReplay replay = new SegmentReplay(ledger, blobs, direct, now);
    int at = 0;
    while (at < ledger.segments().size()) {
      Segment segment = ledger.segments().get(at);
      SegmentReplay.End end = new SegmentReplay.End(0, true);
      try {
        if (headers.get(at).isPresent()) {
          end = replay.read(segment, isOfThisBoot(at), entries);
        }
      } catch (IOException e) {
        throw new StoreException(
            "cannot read " + path(segment.name()) + ": " + RunRecords.reason(e) + REMEDY, e);
      }
      at = isComplete(at, end) ? at + 1 : broken(at, end.offset(), direct);
    }
  }

  /** Returns whether all of a segment was read; the next one knows how much there was. */
  private boolean isComplete(int at, SegmentReplay.End end) {
    boolean isLast = at + 1 == headers.size();
    if (isLast || headers.get(at + 1).isEmpty()) {
      return !end.isBroken();
    }
    // What follows in the file is then what a failed write left.
    return headers.get(at + 1).get().sizeBefore() == end.offset();
  }

  /** The oldest are removed once they are not needed; if others are missing they are lost. */
  private void checkFront(ByteBuffer direct) throws StoreException {
    if (ledger.segments().isEmpty()) {
      return;
    }
    int oldest = ledger.segments().getFirst().number();
    try {
      if (new JournalProof(ledger, headers, direct, 0, 0).findNeeded() < oldest) {
        ledger.segments().addFirst(new Segment(oldest - 1, TaskFile.MISSING, 0));
        headers.addFirst(Optional.empty());
      }
    } catch (IOException e) {
      throw new StoreException("cannot read " + folder.path() + ": " + RunRecords.reason(e), e);
    }
  }

  private boolean isOfThisBoot(int at) {
    return headers.get(at).filter(header -> header.bootId().equals(bootId)).isPresent();
  }

  /**
   * A segment makes no sense from an offset on.
   *
   * @return the index of the segment to go on with
   */
  private int broken(int at, long offset, ByteBuffer direct) throws StoreException {
    Segment segment = ledger.segments().get(at);
    try {
      JournalProof proof = new JournalProof(ledger, headers, direct, segment.number(), offset);
      proof.lookBehind(at);
      int anew = proof.anewIn();
      if (anew > at) {
        LOG.warn(
            "{} is damaged or missing from byte {} on; all of it was kept anew in {}",
            path(segment.name()),
            offset,
            path(ledger.segments().get(anew).name()));
        return anew;
      }
      if (proof.wasFlushed()) {
        throw new StoreException(
            path(segment.name())
                + (segment.isMissing() ? " is missing" : " is damaged at byte " + offset)
                + ", although it was safely on the disk, and more follows; bring it back from a"
                + " backup, or move "
                + folder.path()
                + " away to begin without its tasks");
      }
      cut(at, offset);
      return ledger.segments().size();
    } catch (IOException e) {
      throw new StoreException(
          "cannot cut " + path(segment.name()) + ": " + RunRecords.reason(e), e);
    }
  }

  /** Cuts off what was never flushed: the newest first, so that another crash leaves no gap. */
  private void cut(int at, long offset) throws IOException {
    List<Segment> segments = ledger.segments();
    long bytes = 0;
    for (int last = segments.size() - 1; last > at || (last == at && offset == 0); last--) {
      Segment gone = segments.remove(last);
      headers.remove(last);
      bytes += gone.size();
      gone.drop();
      folder.delete(gone.name());
      folder.flush();
    }
    if (offset > 0) {
      Segment segment = segments.get(at);
      bytes += segment.size() - offset;
      segment.file().truncate(offset);
      segment.file().flush();
      segment.size(offset);
    }
    LOG.warn(
        "cut {} bytes off the tasks in {}, from byte {} of {} on; they were not on the disk when"
            + " the machine or the daemon ended, and nobody was told that they were",
        bytes,
        folder.path(),
        offset,
        Segment.name(segments.isEmpty() ? 1 : segments.getLast().number()));
  }

  private String path(String name) {
    return folder.path().resolve(name).toString();
  }
}
