package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

/** Files are bounded, whatever comes and goes, and what is needed stays readable. */
final class JournalCleaningTest {
  private static final int SEGMENT_BYTES = 256 * 1024;
  private static final InvocationId WORKER = new InvocationId("0123456789abcdef".repeat(2));
  private static final byte[] RESULT = "true".getBytes(StandardCharsets.UTF_8);

  @TempDir Path state;

  private Path folder() {
    return state.resolve(JournalStore.FOLDER);
  }

  private StoreLab open() throws StoreException {
    return new StoreLab(TaskFolder.at(folder()), StoreLab.BOOT, SEGMENT_BYTES);
  }

  private static TaskEntry queued(long task, byte[] data) {
    NewTask content =
        new NewTask("", NewTask.DEFAULT_TYPE, Priority.NORMAL, NewTask.POOLS, 3, 0, data);
    return new TaskEntry.Queued(task, "p", content, task, 1, task, "alice");
  }

  private static TaskEntry started(long task) {
    return new TaskEntry.Started(task, 1, WORKER, 1, task, task, 1, task + 5);
  }

  private static TaskEntry ended(long task) {
    return new TaskEntry.Ended(task, TaskState.SUCCEEDED, task, 2, "", false, RESULT);
  }

  private static TaskEntry.Whole whole(long task) {
    TaskModel model = new TaskModel();
    model.apply(queued(task, RESULT));
    model.apply(started(task));
    model.apply(ended(task));
    return model.whole(task).orElseThrow();
  }

  private static byte[] dataOf(long task, int length) {
    byte[] data = new byte[length];
    new Random(task).nextBytes(data);
    return data;
  }

  private long fileBytes() throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.list(folder())) {
      for (Path each : files.toList()) {
        bytes += Files.size(each);
      }
    }
    return bytes;
  }

  @Test
  void aMillionShortTasksLeaveLittle() throws Exception {
    int batch = 500;
    int remembered = 2_000;
    long most = 0;
    try (StoreLab lab = open()) {
      long forgotten = 0;
      for (long first = 1; first < 1_000_000; first += batch) {
        List<TaskEntry> entries = new ArrayList<>();
        for (long task = first; task < first + batch; task++) {
          entries.add(queued(task, RESULT));
          entries.add(started(task));
          entries.add(ended(task));
        }
        for (; forgotten < first - remembered; forgotten++) {
          entries.add(new TaskEntry.Forgotten(forgotten + 1));
        }
        long position = lab.store.keep(entries, task -> Optional.of(whole(task)));
        lab.turn();
        if (first / batch % 10 == 0) {
          // Files go when what replaces them is on the disk, which nobody else waits for here.
          lab.flush(position);
        }
        most = Math.max(most, lab.store.sizeBytes());
      }
      assertThat(lab.store.sizeBytes()).isLessThan(10 * SEGMENT_BYTES);
    }
    // About 100 bytes a task: 100 MB were written.
    assertThat(most).isLessThan(30L * SEGMENT_BYTES);
    assertThat(fileBytes()).isLessThan(10 * SEGMENT_BYTES);
    try (StoreLab lab = open()) {
      assertThat(lab.store.lastTask()).isEqualTo(1_000_000);
      assertThat(lab.told.tasks.lastKey()).isEqualTo(1_000_000);
    }
  }

  /** What waits for long is copied now and then, but not all the time. */
  @Test
  void longDataThatStayAreBoundedAndCopiedSeldom() throws Exception {
    int waiting = 300;
    int length = 10_000;
    try (StoreLab lab = open()) {
      TaskModel model = new TaskModel();
      List<TaskEntry> entries = new ArrayList<>();
      for (long task = 1; task <= waiting; task++) {
        entries.add(queued(task, dataOf(task, length)));
      }
      entries.forEach(model::apply);
      long start = lab.store.keep(entries, model::whole);
      long payload = start;
      long position = start;
      for (long task = waiting + 1L; task < 40_000; task++) {
        List<TaskEntry> turn =
            List.of(
                queued(task, RESULT), started(task), ended(task), new TaskEntry.Forgotten(task));
        turn.forEach(model::apply);
        position = lab.store.keep(turn, model::whole);
        payload += 110;
        if (task % 100 == 0) {
          lab.flush(position);
        }
        assertThat(lab.store.sizeBytes()).isLessThan(3L * waiting * length + 6 * SEGMENT_BYTES);
      }
      // As much again for each half of the files that was no longer needed.
      assertThat(position).isLessThan(4 * payload);
      for (long task = 1; task <= waiting; task++) {
        assertThat(lab.store.data(task)).isEqualTo(dataOf(task, length));
      }
    }
    try (StoreLab lab = open()) {
      assertThat(lab.told.tasks).hasSize(waiting);
      for (long task = 1; task <= waiting; task++) {
        assertThat(lab.store.data(task)).isEqualTo(dataOf(task, length));
      }
    }
  }

  @Test
  void aNumberIsNeverGivenTwice() throws Exception {
    for (int life = 0; life < 5; life++) {
      try (StoreLab lab = open()) {
        long last = lab.store.lastTask();
        assertThat(last).isEqualTo(life * 20_000L);
        for (long task = last + 1; task <= last + 20_000; task++) {
          lab.store.keep(
              List.of(queued(task, RESULT), new TaskEntry.Forgotten(task)),
              any -> Optional.empty());
        }
        lab.flush(lab.store.keep(List.of(), any -> Optional.empty()));
      }
      assertThat(fileBytes()).isLessThan(10 * SEGMENT_BYTES);
    }
  }

  /** A daemon that is started again and again begins a file each time that it keeps something. */
  @Test
  void manyStartsLeaveFewFiles() throws Exception {
    for (long task = 1; task <= 60; task++) {
      try (StoreLab lab = open()) {
        List<TaskEntry> entries = List.of(queued(task, RESULT));
        entries.forEach(lab.told::apply);
        lab.flush(lab.store.keep(entries, lab.told::whole));
      }
      try (Stream<Path> files = Files.list(folder())) {
        assertThat(files.count()).isLessThan(14);
      }
    }
    try (StoreLab lab = open()) {
      assertThat(lab.told.tasks).hasSize(60);
    }
  }

  @Test
  void whatIsReadMeanwhileIsRight() throws Exception {
    int fixed = 200;
    AtomicBoolean done = new AtomicBoolean();
    try (StoreLab lab = new StoreLab(TaskFolder.at(folder()), StoreLab.BOOT, 64 * 1024);
        ExecutorService readers = Executors.newFixedThreadPool(3)) {
      TaskModel model = new TaskModel();
      List<TaskEntry> entries = new ArrayList<>();
      for (long task = 1; task <= fixed; task++) {
        entries.add(queued(task, dataOf(task, 1 + (int) task * 97 % 9000)));
        entries.add(started(task));
        entries.add(ended(task));
      }
      entries.forEach(model::apply);
      lab.flush(lab.store.keep(entries, model::whole));
      List<Future<Integer>> reads = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        long seed = i;
        reads.add(readers.submit(reading(lab.store, done, seed, fixed)));
      }
      try {
        byte[] some = dataOf(1, 500);
        for (long task = fixed + 1L; task < 15_000; task++) {
          List<TaskEntry> turn = List.of(queued(task, some), new TaskEntry.Forgotten(task));
          turn.forEach(model::apply);
          long position = lab.store.keep(turn, model::whole);
          lab.turn();
          if (task % 200 == 0) {
            lab.flush(position);
          }
        }
      } finally {
        done.set(true);
      }
      for (Future<Integer> each : reads) {
        assertThat(each.get()).isPositive();
      }
    }
  }

  private static Callable<Integer> reading(
      TaskStore store, AtomicBoolean done, long seed, int fixed) {
    return () -> {
      Random random = new Random(seed);
      int count = 0;
      while (!done.get()) {
        long task = 1L + random.nextInt(fixed);
        int length = 1 + (int) task * 97 % 9000;
        assertThat(store.data(task)).isEqualTo(dataOf(task, length));
        assertThat(store.result(task)).isEqualTo(RESULT);
        assertThat(store.dataBytes(task)).isEqualTo(length);
        count++;
      }
      return count;
    };
  }

  /** Queued, with long data, in batches that are longer than what is written at a time. */
  @Test
  void dataOfAnyLengthComeBack() throws Exception {
    int[] lengths = {
      1, 4095, 4096, 4097, 128 * 1024 - 60, 128 * 1024, 300_000, NewTask.MOST_DATA_BYTES
    };
    List<TaskEntry> entries = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      entries.add(queued(i + 1, dataOf(i + 1, lengths[i])));
      entries.add(started(i + 1));
      entries.add(
          new TaskEntry.Ended(i + 1, TaskState.SUCCEEDED, 1, 1, "", false, dataOf(-i, lengths[i])));
    }
    for (int life = 0; life < 2; life++) {
      try (StoreLab lab = open()) {
        if (life == 0) {
          lab.flush(lab.store.keep(entries, any -> Optional.empty()));
        } else {
          assertThat(lab.entries).hasSize(entries.size());
        }
        for (int i = 0; i < lengths.length; i++) {
          assertThat(lab.store.data(i + 1)).isEqualTo(dataOf(i + 1, lengths[i]));
          assertThat(lab.store.result(i + 1)).isEqualTo(dataOf(-i, lengths[i]));
          if (life == 1) {
            TaskEntry.Queued told = (TaskEntry.Queued) lab.entries.get(3 * i);
            assertThat(told.content().data())
                .isEqualTo(
                    lengths[i] > TaskStore.INLINE_BYTES ? new byte[0] : dataOf(i + 1, lengths[i]));
          }
        }
      }
    }
  }
}
