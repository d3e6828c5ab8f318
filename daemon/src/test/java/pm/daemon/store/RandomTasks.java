package pm.daemon.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

/** Random histories of tasks, and what became of them. */
final class RandomTasks {
  private static final long NANOS = 5_000_000_000_000L;
  private static final long MILLIS = 1_780_000_000_000L;
  private static final List<Priority> PRIORITIES = List.copyOf(EnumSet.allOf(Priority.class));

  final TaskModel model = new TaskModel();

  /** Data and results as they must be read. */
  final Map<Long, byte[]> data = new HashMap<>();

  final Map<Long, byte[]> results = new HashMap<>();

  private final Random random;
  private final int mostTasks;
  private final int longest;
  private final int usual;
  private final List<Long> known = new ArrayList<>();
  private final List<InvocationId> workers = new ArrayList<>();
  private long last;
  private long sequence;
  private long clock;

  /**
   * @param mostTasks how many are known at a time
   * @param longest bytes of data or a result
   */
  RandomTasks(Random random, int mostTasks, int longest) {
    this(random, mostTasks, longest, Math.min(60, longest));
  }

  /**
   * @param usual most bytes of all but a few
   */
  RandomTasks(Random random, int mostTasks, int longest, int usual) {
    this.random = random;
    this.usual = usual;
    this.mostTasks = mostTasks;
    this.longest = longest;
    for (int i = 0; i < 5; i++) {
      workers.add(InvocationId.draw(random));
    }
  }

  /** Returns what may happen next. */
  List<TaskEntry> turn(int most) {
    List<TaskEntry> entries = new ArrayList<>();
    for (int i = random.nextInt(most); i >= 0; i--) {
      TaskEntry entry = entry();
      entries.add(entry);
      apply(entry);
    }
    return entries;
  }

  /** Goes on after another has told what is known. */
  long last() {
    return last;
  }

  /** All that is known at a moment. */
  record Snapshot(
      long position,
      Map<Long, TaskEntry.Whole> tasks,
      Map<Long, byte[]> data,
      Map<Long, byte[]> results) {}

  Snapshot snapshot(long position) {
    return new Snapshot(
        position, new TreeMap<>(model.tasks), new HashMap<>(data), new HashMap<>(results));
  }

  /** Goes back to what was known, and numbers on behind {@code lastTask}. */
  void restore(Snapshot snapshot, long lastTask) {
    model.tasks.clear();
    model.tasks.putAll(snapshot.tasks());
    data.clear();
    data.putAll(snapshot.data());
    results.clear();
    results.putAll(snapshot.results());
    known.clear();
    known.addAll(snapshot.tasks().keySet());
    last = lastTask;
  }

  private void apply(TaskEntry entry) {
    model.apply(entry);
    switch (entry) {
      case TaskEntry.Queued queued -> {
        known.add(queued.task());
        data.put(queued.task(), queued.content().data());
      }
      case TaskEntry.Ended ended -> results.put(ended.task(), ended.result());
      case TaskEntry.PutBack back -> results.remove(back.task());
      case TaskEntry.Forgotten forgotten -> {
        known.remove(forgotten.task());
        data.remove(forgotten.task());
        results.remove(forgotten.task());
      }
      case TaskEntry.Started _,
          TaskEntry.Cancelling _,
          TaskEntry.Returned _,
          TaskEntry.Noted _,
          TaskEntry.Whole _ -> {
        // Nothing to read.
      }
    }
  }

  TaskEntry entry() {
    clock++;
    long nanos = NANOS + clock * 1_000_000;
    long millis = MILLIS + clock;
    if (known.isEmpty() || (known.size() < mostTasks && random.nextInt(4) == 0)) {
      return queued(nanos, millis);
    }
    long task = known.get(random.nextInt(known.size()));
    TaskEntry.Whole whole = model.whole(task).orElseThrow();
    return switch (whole.state()) {
      case QUEUED ->
          new TaskEntry.Started(
              task,
              whole.attempts() + 1,
              workers.get(random.nextInt(workers.size())),
              1 + random.nextInt(8),
              ++sequence,
              nanos,
              millis,
              nanos + 300_000_000_000L);
      case RUNNING ->
          switch (random.nextInt(6)) {
            case 0 ->
                new TaskEntry.Returned(
                    task,
                    millis,
                    nanos,
                    millis,
                    random.nextBoolean(),
                    random.nextBoolean(),
                    "error: " + text(40));
            case 1 -> new TaskEntry.Cancelling(task, "alice");
            case 2 ->
                new TaskEntry.Ended(
                    task, TaskState.FAILED, nanos, millis, text(100), true, new byte[0]);
            default ->
                new TaskEntry.Ended(task, TaskState.SUCCEEDED, nanos, millis, "", false, bytes());
          };
      case SUCCEEDED -> new TaskEntry.Forgotten(task);
      case FAILED, TIMED_OUT, CANCELLED ->
          switch (random.nextInt(3)) {
            case 0 -> new TaskEntry.PutBack(task, nanos, millis, "böb");
            case 1 -> new TaskEntry.Noted(task, whole.attempts(), text(2000));
            default -> new TaskEntry.Forgotten(task);
          };
    };
  }

  private TaskEntry queued(long nanos, long millis) {
    boolean delayed = random.nextInt(5) == 0;
    last++;
    return new TaskEntry.Queued(
        last,
        "pool" + random.nextInt(3),
        new NewTask(
            random.nextInt(10) == 0 ? "key-" + last : "",
            random.nextBoolean() ? NewTask.DEFAULT_TYPE : text(20),
            PRIORITIES.get(random.nextInt(4)),
            random.nextBoolean() ? NewTask.POOLS : random.nextLong(1_000_000_000_000L),
            random.nextBoolean() ? NewTask.POOLS : random.nextInt(10),
            delayed ? 1000 : 0,
            bytes()),
        nanos,
        millis,
        delayed ? nanos + 1000 : nanos,
        "alice");
  }

  /** Returns mostly short bytes, sometimes long ones. */
  private byte[] bytes() {
    int length = 1 + (random.nextInt(20) == 0 ? random.nextInt(longest) : random.nextInt(usual));
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private String text(int most) {
    int length = random.nextInt(most);
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      text.append("häßlich 日本 plain ".charAt(random.nextInt(17)));
    }
    return new String(text.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
