package pm.daemon.store;

import java.io.IOException;
import java.time.Instant;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.TaskView;

/** Puts entries about tasks into a block; {@link EntryReader} reads them. Loop thread only. */
final class EntryWriter {
  /** Enough for all of an entry that has no length of its own. */
  private static final int FIXED = 160;

  private final BlockWriter out;

  EntryWriter(BlockWriter out) {
    this.out = out;
  }

  /** Puts an entry that is not {@link TaskEntry.Whole}; returns where its data or result is. */
  long put(TaskEntry entry) throws IOException {
    // The two that come most often come first: a switch over all types asks for each in turn.
    if (entry instanceof TaskEntry.Started started) {
      started(started);
      return Location.NONE;
    }
    if (entry instanceof TaskEntry.Ended ended) {
      return ended(ended);
    }
    return switch (entry) {
      case TaskEntry.Queued queued -> queued(queued);
      case TaskEntry.Started _, TaskEntry.Ended _, TaskEntry.Whole _ ->
          throw new IllegalStateException("not here: " + entry);
      case TaskEntry.Cancelling cancelling -> {
        begin(EntryKind.CANCELLING, cancelling.task());
        out.putWord(cancelling.by());
        yield Location.NONE;
      }
      case TaskEntry.Returned returned -> {
        begin(EntryKind.RETURNED, returned.task());
        out.putLong(returned.endedMillis());
        out.putLong(returned.notBeforeNanos());
        out.putLong(returned.notBeforeMillis());
        out.put(flags(returned.isFailure(), returned.isDeath()));
        out.putText(returned.end());
        yield Location.NONE;
      }
      case TaskEntry.Noted noted -> {
        begin(EntryKind.NOTED, noted.task());
        out.putSigned(noted.attempt());
        out.putText(noted.evidence());
        yield Location.NONE;
      }
      case TaskEntry.PutBack back -> {
        begin(EntryKind.PUT_BACK, back.task());
        out.putLong(back.enqueuedNanos());
        out.putLong(back.enqueuedMillis());
        out.putWord(back.by());
        yield Location.NONE;
      }
      case TaskEntry.Forgotten forgotten -> {
        begin(EntryKind.FORGOTTEN, forgotten.task());
        yield Location.NONE;
      }
    };
  }

  private void begin(int kind, long task) throws IOException {
    out.reserve(FIXED);
    out.put(kind);
    out.putNumber(task);
  }

  private static int flags(boolean first, boolean second) {
    return (first ? 1 : 0) | (second ? 2 : 0);
  }

  private void started(TaskEntry.Started started) throws IOException {
    begin(EntryKind.STARTED, started.task());
    out.putSigned(started.attempt());
    out.putSigned(started.slot());
    out.putNumber(started.sequence());
    out.putLong(started.startedNanos());
    out.putLong(started.startedMillis());
    out.putLong(started.deadlineNanos());
    out.putWord(started.invocation().hex());
  }

  private long ended(TaskEntry.Ended ended) throws IOException {
    begin(EntryKind.ENDED, ended.task());
    out.put(EntryKind.code(ended.state()));
    out.put(flags(ended.isDeath(), false));
    out.putLong(ended.endedNanos());
    out.putLong(ended.endedMillis());
    out.putText(ended.error());
    return out.putBlob(ended.result());
  }

  private long queued(TaskEntry.Queued queued) throws IOException {
    begin(EntryKind.QUEUED, queued.task());
    boolean atOnce = queued.notBeforeNanos() == queued.enqueuedNanos();
    out.put(flags(atOnce, false));
    out.putLong(queued.enqueuedNanos());
    out.putLong(queued.enqueuedMillis());
    if (!atOnce) {
      out.putLong(queued.notBeforeNanos());
    }
    content(queued.content());
    out.putWord(queued.pool());
    out.putWord(queued.by());
    return out.putBlob(queued.content().data());
  }

  private void content(NewTask content) throws IOException {
    out.put(EntryKind.code(content.priority()));
    out.putSigned(content.timeoutNanos());
    out.putSigned(content.retries());
    out.putSigned(content.delayNanos());
    out.putWord(content.type());
    out.putText(content.key());
  }

  /** Begins {@link EntryKind#WHOLE}; its data and then its result follow. */
  void whole(TaskEntry.Whole whole) throws IOException {
    begin(EntryKind.WHOLE, whole.task());
    out.put(EntryKind.code(whole.state()));
    out.put(flags(whole.isCancelling(), false));
    content(whole.content());
    out.reserve(FIXED);
    out.putLong(whole.enqueuedNanos());
    out.putLong(whole.enqueuedMillis());
    out.putLong(whole.notBeforeNanos());
    out.putLong(whole.notBeforeMillis());
    out.putLong(whole.startedNanos());
    out.putLong(whole.startedMillis());
    out.putLong(whole.deadlineNanos());
    out.putLong(whole.endedNanos());
    out.putLong(whole.endedMillis());
    out.putSigned(whole.attempts());
    out.putSigned(whole.failures());
    out.putSigned(whole.deaths());
    out.putSigned(whole.slot());
    out.putSigned(whole.sequence());
    out.putWord(whole.invocation().hex());
    out.putWord(whole.pool());
    out.putWord(whole.by());
    out.putText(whole.error());
    out.reserve(10);
    out.putNumber(whole.past().size());
    for (TaskView.Attempt attempt : whole.past()) {
      out.reserve(FIXED);
      out.putSigned(attempt.number());
      time(attempt.startedAt());
      time(attempt.endedAt());
      out.putText(attempt.instance());
      out.putText(attempt.end());
      out.putText(attempt.evidence());
    }
  }

  private void time(Instant time) {
    out.putSigned(time.getEpochSecond());
    out.putNumber(time.getNano());
  }

  /** Puts data or result of a task that has none. */
  void noBlob() throws IOException {
    out.reserve(1);
    out.put(EntryKind.BLOB_NONE);
  }

  /** Puts data or result that stay where they are. */
  void blobStays(int segment, long location) throws IOException {
    out.reserve(FIXED);
    out.put(EntryKind.BLOB_STAYS);
    out.putNumber(segment);
    out.putNumber(Location.offset(location));
    out.putNumber(Location.length(location));
  }

  /** Says that data or result follow, which the caller puts. */
  void blobFollows() throws IOException {
    out.reserve(1);
    out.put(EntryKind.BLOB_FOLLOWS);
  }

  /** Says what of the journal is on the disk, or, with {@code kind}, that all is told anew. */
  void place(int kind, int segment, long offset) throws IOException {
    out.reserve(FIXED);
    out.put(kind);
    out.putNumber(segment);
    out.putNumber(offset);
  }

  /** Says that nothing is needed of the segments before one. */
  void needed(int segment) throws IOException {
    out.reserve(FIXED);
    out.put(EntryKind.NEEDED);
    out.putNumber(segment);
  }
}
