package pm.daemon.store;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * Reads entries about tasks from a block; {@link EntryWriter} writes them. Data and results longer
 * than {@link TaskStore#INLINE_BYTES} are passed over: an empty array stands for them.
 *
 * <p>Nanoseconds of another boot are told as nanoseconds of this one, by the wall clock.
 */
final class EntryReader {
  private static final byte[] NOTHING = {};
  private static final long NANOS_A_MILLI = 1_000_000L;

  private final BlockReader in;
  private final Moment now;
  private final LongFunction<byte[]> dataThatStays;
  private final Map<String, InvocationId> invocations = new HashMap<>();

  private int segment;
  private boolean isForeignBoot;

  private int kind;
  private long blobAt;
  private int blobBytes;
  private long data;
  private long result;
  private int placeSegment;
  private long placeOffset;

  /**
   * @param now what nanoseconds of other boots are converted with
   * @param dataThatStays gives short data that are elsewhere, by their location
   */
  EntryReader(BlockReader in, Moment now, LongFunction<byte[]> dataThatStays) {
    this.in = in;
    this.now = now;
    this.dataThatStays = dataThatStays;
  }

  /** Goes to another segment. */
  void open(int number, boolean isOfThisBoot) {
    segment = number;
    isForeignBoot = !isOfThisBoot;
    invocations.clear();
  }

  /** Returns the {@link EntryKind} of what was read last. */
  int kind() {
    return kind;
  }

  /** Returns where the data of the entry are. */
  long data() {
    return data;
  }

  /** Returns where the result of the entry is. */
  long result() {
    return result;
  }

  /** Returns how many bytes of data and result are in the entry itself. */
  int blobBytes() {
    return blobBytes;
  }

  /** Returns the segment of the place that was read last. */
  int placeSegment() {
    return placeSegment;
  }

  /** Returns the offset of the place that was read last. */
  long placeOffset() {
    return placeOffset;
  }

  /** Reads the next entry of the block; empty if it is about no task. */
  Optional<TaskEntry> next() throws IOException {
    data = Location.NONE;
    result = Location.NONE;
    blobBytes = 0;
    kind = in.get();
    try {
      return switch (kind) {
        case EntryKind.DURABLE, EntryKind.ANEW -> {
          placeSegment = Math.toIntExact(in.getNumber());
          placeOffset = in.getNumber();
          yield Optional.empty();
        }
        case EntryKind.NEEDED -> {
          in.getNumber();
          yield Optional.empty();
        }
        default -> Optional.of(entry(task()));
      };
    } catch (ArithmeticException | IllegalArgumentException | DateTimeException e) {
      throw new BlockReader.NonsenseException("an entry makes no sense: " + e.getMessage());
    }
  }

  private long task() throws IOException {
    long task = in.getNumber();
    if (task <= 0) {
      throw new BlockReader.NonsenseException("no task has the number " + task);
    }
    return task;
  }

  private TaskEntry entry(long task) throws IOException {
    return switch (kind) {
      case EntryKind.QUEUED -> queued(task);
      case EntryKind.STARTED -> started(task);
      case EntryKind.CANCELLING -> new TaskEntry.Cancelling(task, in.getWord());
      case EntryKind.RETURNED -> returned(task);
      case EntryKind.ENDED -> ended(task);
      case EntryKind.NOTED -> new TaskEntry.Noted(task, in.getInt(), in.getText());
      case EntryKind.PUT_BACK -> {
        long nanos = in.getLong();
        long millis = in.getLong();
        yield new TaskEntry.PutBack(task, nanos(nanos, millis), millis, in.getWord());
      }
      case EntryKind.FORGOTTEN -> new TaskEntry.Forgotten(task);
      case EntryKind.WHOLE -> whole(task);
      default ->
          throw new BlockReader.NonsenseException("entries of kind " + kind + " are unknown");
    };
  }

  private TaskEntry started(long task) throws IOException {
    int attempt = in.getInt();
    int slot = in.getInt();
    long sequence = in.getNumber();
    long startedNanos = in.getLong();
    long startedMillis = in.getLong();
    long deadlineNanos = in.getLong();
    long here = nanos(startedNanos, startedMillis);
    return new TaskEntry.Started(
        task,
        attempt,
        invocation(),
        slot,
        sequence,
        here,
        startedMillis,
        later(deadlineNanos, startedNanos, here));
  }

  private TaskEntry returned(long task) throws IOException {
    long endedMillis = in.getLong();
    long notBeforeNanos = in.getLong();
    long notBeforeMillis = in.getLong();
    int flags = in.get();
    return new TaskEntry.Returned(
        task,
        endedMillis,
        nanos(notBeforeNanos, notBeforeMillis),
        notBeforeMillis,
        (flags & 1) != 0,
        (flags & 2) != 0,
        in.getText());
  }

  private TaskEntry ended(long task) throws IOException {
    TaskState state = EntryKind.state(in.get());
    boolean isDeath = (in.get() & 1) != 0;
    long endedNanos = in.getLong();
    long endedMillis = in.getLong();
    String error = in.getText();
    byte[] bytes = blob(TaskStore.INLINE_BYTES);
    result = blobAt;
    return new TaskEntry.Ended(
        task, state, nanos(endedNanos, endedMillis), endedMillis, error, isDeath, bytes);
  }

  private TaskEntry queued(long task) throws IOException {
    boolean atOnce = (in.get() & 1) != 0;
    long enqueuedNanos = in.getLong();
    long enqueuedMillis = in.getLong();
    long notBeforeNanos = atOnce ? enqueuedNanos : in.getLong();
    NewTask content = content();
    String pool = in.getWord();
    String by = in.getWord();
    byte[] bytes = blob(TaskStore.INLINE_BYTES);
    data = blobAt;
    long here = nanos(enqueuedNanos, enqueuedMillis);
    return new TaskEntry.Queued(
        task,
        pool,
        with(content, bytes),
        here,
        enqueuedMillis,
        later(notBeforeNanos, enqueuedNanos, here),
        by);
  }

  private NewTask content() throws IOException {
    Priority priority = EntryKind.priority(in.get());
    long timeoutNanos = in.getSigned();
    int retries = in.getInt();
    long delayNanos = in.getSigned();
    String type = in.getWord();
    String key = in.getText();
    return new NewTask(key, type, priority, timeoutNanos, retries, delayNanos, NOTHING);
  }

  private static NewTask with(NewTask content, byte[] bytes) {
    return bytes.length == 0
        ? content
        : new NewTask(
            content.key(),
            content.type(),
            content.priority(),
            content.timeoutNanos(),
            content.retries(),
            content.delayNanos(),
            bytes);
  }

  private TaskEntry whole(long task) throws IOException {
    TaskState state = EntryKind.state(in.get());
    final boolean isCancelling = (in.get() & 1) != 0;
    final NewTask content = content();
    long enqueuedNanos = in.getLong();
    long enqueuedMillis = in.getLong();
    long notBeforeNanos = in.getLong();
    long notBeforeMillis = in.getLong();
    long startedNanos = in.getLong();
    long startedMillis = in.getLong();
    long deadlineNanos = in.getLong();
    long endedNanos = in.getLong();
    long endedMillis = in.getLong();
    int attempts = in.getInt();
    int failures = in.getInt();
    int deaths = in.getInt();
    int slot = in.getInt();
    long sequence = in.getSigned();
    InvocationId invocation = invocation();
    String pool = in.getWord();
    String by = in.getWord();
    String error = in.getText();
    List<TaskView.Attempt> past = past();
    byte[] bytes =
        switch (in.get()) {
          case EntryKind.BLOB_NONE -> {
            blobAt = Location.NONE;
            yield NOTHING;
          }
          case EntryKind.BLOB_STAYS -> {
            blobAt = stayed();
            yield Location.length(blobAt) > TaskStore.INLINE_BYTES
                ? NOTHING
                : dataThatStays.apply(blobAt);
          }
          case EntryKind.BLOB_FOLLOWS -> blob(TaskStore.INLINE_BYTES);
          default -> throw new BlockReader.NonsenseException("data are nowhere");
        };
    data = blobAt;
    result =
        switch (in.get()) {
          case EntryKind.BLOB_NONE -> Location.NONE;
          case EntryKind.BLOB_STAYS -> stayed();
          case EntryKind.BLOB_FOLLOWS -> {
            blob(0);
            yield blobAt;
          }
          default -> throw new BlockReader.NonsenseException("a result is nowhere");
        };
    long enqueuedHere = nanos(enqueuedNanos, enqueuedMillis);
    long startedHere = nanos(startedNanos, startedMillis);
    return new TaskEntry.Whole(
        task,
        pool,
        with(content, bytes),
        state,
        enqueuedHere,
        enqueuedMillis,
        notBeforeMillis == 0
            ? later(notBeforeNanos, enqueuedNanos, enqueuedHere)
            : nanos(notBeforeNanos, notBeforeMillis),
        notBeforeMillis,
        attempts,
        failures,
        deaths,
        invocation,
        slot,
        sequence,
        startedHere,
        startedMillis,
        later(deadlineNanos, startedNanos, startedHere),
        isCancelling,
        nanos(endedNanos, endedMillis),
        endedMillis,
        error,
        by,
        past);
  }

  private List<TaskView.Attempt> past() throws IOException {
    long count = in.getNumber();
    List<TaskView.Attempt> past = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      int number = in.getInt();
      Instant startedAt = Instant.ofEpochSecond(in.getSigned(), in.getNumber());
      Instant endedAt = Instant.ofEpochSecond(in.getSigned(), in.getNumber());
      past.add(
          new TaskView.Attempt(
              number, in.getText(), startedAt, endedAt, in.getText(), in.getText()));
    }
    return past;
  }

  /** Reads data or a result, or passes over long ones; {@link #blobAt} tells where they are. */
  private byte[] blob(int most) throws IOException {
    int length = Math.toIntExact(in.getNumber());
    if (length == 0) {
      blobAt = Location.NONE;
      return NOTHING;
    }
    blobAt = Location.of(segment, in.offset(), length);
    blobBytes += length;
    in.skip(Integer.BYTES);
    if (length <= most) {
      return in.getBytes(length);
    }
    in.skip(length);
    return NOTHING;
  }

  private long stayed() throws IOException {
    int number = Math.toIntExact(in.getNumber());
    long offset = in.getNumber();
    return Location.of(number, offset, Math.toIntExact(in.getNumber()));
  }

  private InvocationId invocation() throws IOException {
    return invocations.computeIfAbsent(in.getWord(), InvocationId::new);
  }

  /** Returns a moment of the entry's boot as one of this boot. */
  private long nanos(long nanos, long millis) {
    if (!isForeignBoot || millis == 0 || nanos == Moment.NEVER) {
      return nanos;
    }
    return now.nanos() - (now.wall().toEpochMilli() - millis) * NANOS_A_MILLI;
  }

  /** Returns a moment that is as far behind {@code startHere} as it was behind {@code start}. */
  private static long later(long nanos, long start, long startHere) {
    return nanos == Moment.NEVER ? nanos : startHere + (nanos - start);
  }
}
