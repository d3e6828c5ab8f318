package pm.daemon.simulation;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import pm.daemon.core.model.Moment;

/** The clock of a history, and what is told of it. */
final class Story {

  private final boolean isWritten;
  private final List<String> lines = new ArrayList<>();
  private long hash = 17;
  private long nanos = 1_000_000_000_000L;
  private long wallOffsetSeconds;

  /**
   * A story that begins.
   *
   * @param isWritten whether its lines are wanted; their hash always is
   */
  Story(boolean isWritten) {
    this.isWritten = isWritten;
  }

  Moment now() {
    return new Moment(nanos, Instant.EPOCH.plusNanos(nanos).plusSeconds(wallOffsetSeconds));
  }

  void pass(long length) {
    nanos += length;
  }

  /** Somebody sets the wall clock, which nothing may depend on. */
  void setWall(long offsetSeconds) {
    wallOffsetSeconds = offsetSeconds;
  }

  void tell(String line) {
    hash = hash * 31 + line.hashCode();
    if (isWritten) {
      lines.add(nanos / 1_000_000 + "ms " + line);
    }
  }

  long hash() {
    return hash;
  }

  List<String> lines() {
    return lines;
  }
}
