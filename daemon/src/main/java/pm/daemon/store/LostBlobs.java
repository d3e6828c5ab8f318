package pm.daemon.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.Moment;

/**
 * Data and results that a failed flush has lost, although they were safe before: cleaning had
 * copied them, and the copy is gone. What they were copied from is still there, for a segment is
 * removed only when what replaces it is on the disk.
 */
final class LostBlobs {
  private static final Logger LOG = LoggerFactory.getLogger(LostBlobs.class);
  private static final byte[] NOTHING = {};
  private static final Moment ANY_TIME = new Moment(0, Instant.EPOCH);

  private final BlobReader blobs;
  private final Map<Long, Place> places = new HashMap<>();

  /** What is lost, and where it was found; {@link Location#NONE} for neither. */
  private static final class Place {
    private long lostData = Location.NONE;
    private long lostResult = Location.NONE;
    private long data = Location.NONE;
    private long result = Location.NONE;
  }

  LostBlobs(BlobReader blobs) {
    this.blobs = blobs;
  }

  /** Reads data of a task, to see whether they are lost. */
  void tryData(long task, long location) {
    if (!isReadable(location)) {
      places.computeIfAbsent(task, any -> new Place()).lostData = location;
    }
  }

  /** Reads a result of a task, to see whether it is lost. */
  void tryResult(long task, long location) {
    if (!isReadable(location)) {
      places.computeIfAbsent(task, any -> new Place()).lostResult = location;
    }
  }

  private boolean isReadable(long location) {
    try {
      blobs.read(location);
      return true;
    } catch (IOException e) {
      LOG.debug("lost: {}", RunRecords.reason(e));
      return false;
    }
  }

  /** Looks for what is lost in older segments, oldest first; what is found last counts. */
  void search(List<Segment> older, ByteBuffer direct) throws IOException {
    if (places.isEmpty()) {
      return;
    }
    for (Segment segment : older) {
      BlockReader reader = new BlockReader(direct, segment);
      EntryReader entries = new EntryReader(reader, ANY_TIME, location -> NOTHING);
      entries.open(segment.number(), true);
      while (reader.next() == BlockReader.Next.BLOCK) {
        while (reader.hasMore()) {
          entries.next().ifPresent(entry -> found(entry, entries.data(), entries.result()));
        }
      }
    }
  }

  private void found(TaskEntry entry, long data, long result) {
    Place place = places.get(entry.task());
    if (place == null) {
      return;
    }
    if (isLike(data, place.lostData)) {
      place.data = data;
    }
    if (isLike(result, place.lostResult)) {
      place.result = result;
    }
  }

  private boolean isLike(long found, long lost) {
    return lost != Location.NONE
        && Location.length(found) == Location.length(lost)
        && isReadable(found);
  }

  /** Returns where to copy the data of a task from. */
  long data(long task, long location) {
    Place place = places.get(task);
    return place != null && place.data != Location.NONE ? place.data : location;
  }

  /** Returns where to copy the result of a task from. */
  long result(long task, long location) {
    Place place = places.get(task);
    return place != null && place.result != Location.NONE ? place.result : location;
  }
}
