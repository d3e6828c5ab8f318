package pm.daemon.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * The disk of a simulated machine with the journal of its daemons on it, and what these have kept
 * there: the real journal in files that lose what was not flushed when the power does.
 */
public final class TaskDisk {
  private static final long TOLERANCE_NANOS = 5_000_000;

  private final FakeTaskFolder folder;
  private final int segmentBytes;
  private final Predicate<TaskEntry> drops;
  private final Random random;
  private final List<FlushesByHand> flushers = new ArrayList<>();

  /** What the daemon that runs was told when it began, and what it has kept since. */
  private TaskModel told = new TaskModel();

  /** All that the one before knew. */
  private TaskModel expected = new TaskModel();

  private final List<List<TaskEntry>> turns = new ArrayList<>();
  private long greatest;
  private final Map<String, TaskEntry.Started> leases = new HashMap<>();

  /**
   * @param drops which entries are not written, though they are said to be: a planted bug
   */
  public TaskDisk(long seed, int segmentBytes, Predicate<TaskEntry> drops) {
    this.drops = drops;
    random = new Random(seed);
    folder = new FakeTaskFolder(random);
    this.segmentBytes = segmentBytes;
  }

  /** Opens the journal for another daemon; whoever had it open does not use it any more. */
  public TaskStore open(
      String boot,
      Moment now,
      Consumer<Runnable> loop,
      TaskTimer timer,
      TaskStore.Listener listener)
      throws StoreException {
    flushers.clear();
    JournalStore store =
        JournalStore.open(
            folder,
            boot,
            now,
            random,
            loop,
            timer,
            listener,
            segmentBytes,
            (name, work) -> {
              flushers.add(new FlushesByHand(() -> true, work));
              return flushers.getLast();
            });
    return new Recorded(store);
  }

  /** Returns whether a flush or a removal waits to be done. */
  public boolean isAsked() {
    return flushers.stream().anyMatch(FlushesByHand::isAsked);
  }

  /** Does what was asked for. */
  public void flush() {
    flushers.forEach(FlushesByHand::run);
  }

  /** Whether flushes do nothing, though they say that they do: a planted bug. */
  public void lie() {
    folder.lies = true;
  }

  /** The power fails: of what was not flushed some pages are there and some are not. */
  public void losePower() {
    folder.losePower();
    greatest = 0;
    leases.clear();
  }

  /** Returns the greatest number of a task that was kept since the power failed last. */
  public long greatest() {
    return greatest;
  }

  private static String lease(long task, int attempt, InvocationId invocation) {
    return task + "/" + attempt + " " + invocation;
  }

  /** Returns the lease of an attempt if it was kept since the power failed last. */
  public Optional<TaskEntry.Started> lease(long task, InvocationId invocation, int attempt) {
    return Optional.ofNullable(leases.get(lease(task, attempt, invocation)));
  }

  /** Returns how many turns the daemon that runs has kept. */
  public int turns() {
    return turns.size();
  }

  /**
   * Finds out how many turns of the last daemon are in what the next one is told, which then is
   * what that one knows.
   *
   * @param least how many there must be
   * @param shiftNanos how much greater the nanoseconds of the same time are for the next one
   * @return empty if it is told what never was
   */
  public OptionalInt survivors(List<TaskEntry> replayed, int least, long shiftNanos) {
    TaskModel next = new TaskModel();
    replayed.forEach(next::apply);
    int count = 0;
    OptionalInt survived = OptionalInt.empty();
    for (List<TaskEntry> turn : turns) {
      if (count >= least && isSame(told, next, shiftNanos)) {
        survived = OptionalInt.of(count);
      }
      turn.forEach(told::apply);
      count++;
    }
    if (isSame(told, next, shiftNanos)) {
      survived = OptionalInt.of(count);
    }
    expected = told;
    told = next;
    turns.clear();
    return survived;
  }

  /** Tells what is in {@code replayed} and was not kept at last, and the other way round. */
  public String differences(List<TaskEntry> replayed) {
    TaskModel next = new TaskModel();
    replayed.forEach(next::apply);
    List<String> added = new ArrayList<>(lines(next));
    List<String> missing = new ArrayList<>(lines(expected));
    added.removeAll(missing);
    missing.removeAll(lines(next));
    return "told " + added + " in place of " + missing;
  }

  private static List<String> lines(TaskModel model) {
    return model.tasks.values().stream()
        .map(each -> line(each) + Arrays.toString(times(each)))
        .toList();
  }

  private static boolean isSame(TaskModel before, TaskModel after, long shiftNanos) {
    if (!before.tasks.keySet().equals(after.tasks.keySet())) {
      return false;
    }
    for (Map.Entry<Long, TaskEntry.Whole> each : before.tasks.entrySet()) {
      TaskEntry.Whole other = after.whole(each.getKey()).orElseThrow();
      if (!line(each.getValue()).equals(line(other)) || !isSamePast(each.getValue(), other)) {
        return false;
      }
      long[] times = times(each.getValue());
      long[] otherTimes = times(other);
      for (int i = 0; i < times.length; i++) {
        if (Math.abs(times[i] + shiftNanos - otherTimes[i]) > TOLERANCE_NANOS) {
          return false;
        }
      }
    }
    return true;
  }

  /** What must be the same, whatever clock is looked at. */
  private static String line(TaskEntry.Whole task) {
    StringBuilder line = new StringBuilder();
    line.append(task.task()).append(' ').append(task.pool());
    line.append(' ').append(task.content().key()).append(' ').append(task.content().type());
    line.append(' ').append(task.content().priority()).append(' ');
    line.append(task.content().timeoutNanos()).append(' ').append(task.content().retries());
    line.append(' ').append(Arrays.hashCode(task.content().data()));
    line.append(' ').append(task.state()).append(' ').append(task.attempts());
    line.append(' ').append(task.deaths());
    if (!task.state().isEnd()) {
      line.append(' ').append(task.failures());
    }
    line.append(' ').append(task.by());
    line.append(' ').append(task.enqueuedMillis());
    if (task.state() == TaskState.RUNNING) {
      line.append(' ').append(task.invocation()).append(' ').append(task.slot());
      line.append(' ').append(task.sequence()).append(' ').append(task.startedMillis());
      line.append(' ').append(task.isCancelling());
    }
    if (task.state().isEnd()) {
      line.append(' ').append(task.error()).append(' ').append(task.endedMillis());
    }
    return line.toString();
  }

  /** Of many attempts only the last ones are told, and of the last of all not by each of both. */
  private static boolean isSamePast(TaskEntry.Whole before, TaskEntry.Whole after) {
    for (TaskView.Attempt one : before.past()) {
      for (TaskView.Attempt other : after.past()) {
        if (one.number() == other.number()
            && !(one.end().equals(other.end()) && one.evidence().equals(other.evidence()))) {
          return false;
        }
      }
    }
    return true;
  }

  private static long[] times(TaskEntry.Whole task) {
    return switch (task.state()) {
      case QUEUED -> new long[] {task.enqueuedNanos(), task.notBeforeNanos()};
      case RUNNING -> new long[] {task.startedNanos(), task.deadlineNanos()};
      case SUCCEEDED, FAILED, TIMED_OUT, CANCELLED -> new long[] {task.endedNanos()};
    };
  }

  /** Remembers what was kept. */
  private final class Recorded implements TaskStore {
    private final JournalStore store;

    private Recorded(JournalStore store) {
      this.store = store;
    }

    @Override
    public String epoch() {
      return store.epoch();
    }

    @Override
    public boolean isOfThisBoot() {
      return store.isOfThisBoot();
    }

    @Override
    public long lastTask() {
      return store.lastTask();
    }

    @Override
    public void replay(Consumer<TaskEntry> entries) throws StoreException {
      store.replay(entries);
    }

    @Override
    public long keep(List<TaskEntry> entries, LongFunction<Optional<TaskEntry.Whole>> whole)
        throws KeepException {
      long position = store.keep(entries.stream().filter(drops.negate()).toList(), whole);
      if (!entries.isEmpty()) {
        turns.add(List.copyOf(entries));
        entries.forEach(this::note);
      }
      return position;
    }

    private void note(TaskEntry entry) {
      greatest = Math.max(greatest, entry.task());
      if (entry instanceof TaskEntry.Started started) {
        leases.put(lease(started.task(), started.attempt(), started.invocation()), started);
      }
    }

    @Override
    public void flush(long position) {
      store.flush(position);
    }

    @Override
    public byte[] data(long task) throws java.io.IOException {
      return store.data(task);
    }

    @Override
    public byte[] result(long task) throws java.io.IOException {
      return store.result(task);
    }

    @Override
    public int dataBytes(long task) {
      return store.dataBytes(task);
    }

    @Override
    public int resultBytes(long task) {
      return store.resultBytes(task);
    }

    @Override
    public String fullness() {
      return store.fullness();
    }

    @Override
    public long sizeBytes() {
      return store.sizeBytes();
    }

    @Override
    public void close() throws java.io.IOException {
      store.close();
    }
  }
}
