package pm.daemon.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import pm.daemon.core.event.TaskEntry;

/**
 * What the journal has, and where: its segments, and for each task the places of its data and its
 * result and the first segment that is needed for it.
 *
 * <p>The loop thread changes it, under {@link #lock}, and may read without; other threads read
 * under the lock.
 */
final class TaskLedger {
  /** About what a task takes beside its first entry when it is told as a whole. */
  private static final int REST_OF_WHOLE = 120;

  /** So many bytes of later entries count as what is needed of a task; more are history. */
  private static final int MOST_LATER = 8 * 1024;

  private final ReentrantLock lock = new ReentrantLock();
  private final TaskIndex index = new TaskIndex();
  private final List<Segment> segments = new ArrayList<>();
  private long bytesNeeded;
  private long lastTask;
  private int needed = 1;

  ReentrantLock lock() {
    return lock;
  }

  TaskIndex index() {
    return index;
  }

  /** Returns the greatest number of a task that was ever seen. */
  long lastTask() {
    return lastTask;
  }

  void sawTask(long task) {
    lastTask = Math.max(lastTask, task);
  }

  /** Returns the first segment that anything is needed of. */
  int needed() {
    return needed;
  }

  /** Nothing is needed any more of the segments before one. */
  void needed(int segment) {
    needed = Math.max(needed, segment);
  }

  /** Returns about how many bytes all tasks would take if they were kept anew. */
  long bytesNeeded() {
    return bytesNeeded;
  }

  /** Returns the segments, oldest first. */
  List<Segment> segments() {
    return segments;
  }

  /** Returns the number of the newest segment; 0 if there is none. */
  int newest() {
    return segments.isEmpty() ? 0 : segments.getLast().number();
  }

  /** Returns the size of all files in bytes. */
  long totalBytes() {
    long total = 0;
    for (Segment each : segments) {
      total += each.size();
    }
    return total;
  }

  /** Returns the segment that has the bytes at a location. */
  Segment segmentOf(long location) throws IOException {
    return segment(Location.segment(location, newest()))
        .orElseThrow(() -> new IOException("a file of the journal is gone"));
  }

  Optional<Segment> segment(int number) {
    // They are numbered without gaps.
    int at = segments.isEmpty() ? -1 : number - segments.getFirst().number();
    return at >= 0 && at < segments.size() ? Optional.of(segments.get(at)) : Optional.empty();
  }

  /** Returns whether a task is known. */
  boolean knows(long task) {
    return index.find(task) != TaskIndex.NOWHERE;
  }

  /**
   * An entry is in a segment; not {@link TaskEntry.Whole}.
   *
   * @param location of its data or result
   * @param bytes its length without these
   */
  void apply(TaskEntry entry, Segment segment, long location, int bytes) {
    switch (entry) {
      case TaskEntry.Queued queued -> {
        int place = begin(queued.task(), segment);
        index.data(place, location);
        index.size(place, bytes + REST_OF_WHOLE);
        bytesNeeded += bytesNeeded(place);
      }
      case TaskEntry.Ended ended -> {
        int place = index.find(ended.task());
        if (place != TaskIndex.NOWHERE) {
          bytesNeeded -= bytesNeeded(place);
          index.result(place, location);
          index.size(place, later(place, bytes - REST_OF_WHOLE));
          bytesNeeded += bytesNeeded(place);
        }
      }
      case TaskEntry.Returned returned -> grow(returned.task(), bytes);
      case TaskEntry.Noted noted -> grow(noted.task(), bytes);
      case TaskEntry.PutBack back -> {
        int place = index.find(back.task());
        if (place != TaskIndex.NOWHERE) {
          bytesNeeded -= bytesNeeded(place);
          index.result(place, Location.NONE);
          bytesNeeded += bytesNeeded(place);
        }
      }
      case TaskEntry.Forgotten forgotten -> forget(forgotten.task());
      case TaskEntry.Started _, TaskEntry.Cancelling _ -> {
        // There is room for them in what a task takes as a whole.
      }
      case TaskEntry.Whole whole -> throw new IllegalStateException("not here: " + whole);
    }
  }

  /** A task was told as a whole in {@code segment}. */
  void whole(long task, Segment segment, long data, long result, int bytes) {
    int place = begin(task, segment);
    index.data(place, data);
    index.result(place, result);
    index.size(place, bytes);
    bytesNeeded += bytesNeeded(place);
    int first = segment.number();
    if (data != Location.NONE) {
      first = Math.min(first, Location.segment(data, newest()));
    }
    if (result != Location.NONE) {
      first = Math.min(first, Location.segment(result, newest()));
    }
    moveFirst(place, first);
  }

  private int begin(long task, Segment segment) {
    sawTask(task);
    int place = index.find(task);
    if (place != TaskIndex.NOWHERE) {
      bytesNeeded -= bytesNeeded(place);
      index.result(place, Location.NONE);
      moveFirst(place, segment.number());
      return place;
    }
    place = index.put(task);
    index.first(place, segment.number());
    segment.addFirsts(1);
    return place;
  }

  private void moveFirst(int place, int number) {
    int before = index.first(place);
    if (before != number) {
      segment(before).ifPresent(segment -> segment.addFirsts(-1));
      segment(number).ifPresent(segment -> segment.addFirsts(1));
      index.first(place, number);
    }
  }

  /** A task is not known any more. */
  void forget(long task) {
    int place = index.find(task);
    if (place != TaskIndex.NOWHERE) {
      bytesNeeded -= bytesNeeded(place);
      segment(index.first(place)).ifPresent(segment -> segment.addFirsts(-1));
      index.remove(place);
    }
  }

  private void grow(long task, int bytes) {
    int place = index.find(task);
    if (place != TaskIndex.NOWHERE) {
      int after = later(place, bytes);
      bytesNeeded += after - index.size(place);
      index.size(place, after);
    }
  }

  private int later(int place, int more) {
    int size = index.size(place);
    return more <= 0 ? size : Math.max(size, Math.min(size + more, MOST_LATER));
  }

  private long bytesNeeded(int place) {
    return index.size(place)
        + (long) Location.length(index.data(place))
        + Location.length(index.result(place));
  }
}
