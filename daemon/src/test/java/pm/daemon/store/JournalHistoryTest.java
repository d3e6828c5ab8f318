package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskEntry;

/**
 * Random lives of a journal on a disk that loses what was not flushed, fills up and fails; each
 * ends by a kill, a loss of power, or in order, and the next one must know what it has to know.
 */
final class JournalHistoryTest {
  private static final int SEEDS = Integer.getInteger("store.seeds", 300);
  private static final long SEED = Long.getLong("store.seed", 0);

  @Test
  void nothingThatWasAcknowledgedIsLost() throws Exception {
    if (SEED != 0) {
      new History(SEED).run();
      return;
    }
    long first = System.nanoTime();
    for (long seed = first; seed < first + SEEDS; seed++) {
      try {
        new History(seed).run();
      } catch (AssertionError | Exception e) {
        throw new AssertionError("-Dstore.seed=" + seed, e);
      }
    }
  }

  private static final class History {
    private final Random random;
    private final FakeTaskFolder folder;
    private final RandomTasks tasks;
    private final int segmentBytes;

    /** What may be told: the last that was acknowledged, and all that was kept since. */
    private final List<RandomTasks.Snapshot> allowed = new ArrayList<>();

    /**
     * Data and results that were written around a failed flush, so that the kernel may have dropped
     * them; as objects.
     */
    private final Set<byte[]> mayBeLost = Collections.newSetFromMap(new IdentityHashMap<>());

    /** What was acknowledged when a flush failed for the first time. */
    private Optional<RandomTasks.Snapshot> beforeFailure = Optional.empty();

    private boolean flushFailed;
    private int life;

    private History(long seed) {
      random = new Random(seed);
      folder = new FakeTaskFolder(random);
      tasks = new RandomTasks(random, 5 + random.nextInt(60), 6000);
      segmentBytes = 2000 + random.nextInt(20_000);
      allowed.add(tasks.snapshot(0));
    }

    private void run() throws Exception {
      for (life = 0; life < 6; life++) {
        folder.faults = FakeTaskFolder.NONE;
        StoreLab lab = StoreLab.byHand(folder, "boot" + life / 3, segmentBytes);
        settle(lab);
        if (random.nextInt(3) > 0) {
          folder.faults = new Faults();
        }
        live(lab);
        folder.faults = FakeTaskFolder.NONE;
        loseUnflushed();
        switch (random.nextInt(3)) {
          case 0 -> {
            // Killed: what was written is there.
            if (!flushFailed) {
              keepOnlyLast();
            }
          }
          case 1 -> folder.losePower();
          default -> {
            lab.close();
            if (!flushFailed) {
              keepOnlyLast();
            }
          }
        }
      }
    }

    private void keepOnlyLast() {
      RandomTasks.Snapshot last = allowed.getLast();
      allowed.clear();
      allowed.add(last);
    }

    /** What is told must be one of what is allowed; that is the truth from now on. */
    private void settle(StoreLab lab) throws IOException {
      List<String> told = lab.told.lines();
      for (RandomTasks.Snapshot each : allowed.reversed()) {
        if (TaskModel.lines(each.tasks()).equals(told)) {
          tasks.restore(each, lab.store.lastTask());
          allowed.clear();
          allowed.add(tasks.snapshot(0));
          assertReads(lab);
          flushFailed = false;
          return;
        }
      }
      StringBuilder differences = new StringBuilder();
      for (RandomTasks.Snapshot each : allowed) {
        List<String> missing = new ArrayList<>(TaskModel.lines(each.tasks()));
        List<String> added = new ArrayList<>(told);
        added.removeAll(missing);
        missing.removeAll(told);
        differences.append("\nmissing ").append(briefly(missing));
        differences.append(" added ").append(briefly(added));
      }
      throw new AssertionError(
          "life " + life + ": what is told is none of what is allowed:" + differences);
    }

    private static List<String> briefly(List<String> lines) {
      return lines.stream()
          .map(line -> line.replaceAll("^Whole.task=(\\d+).*, state=(\\w+), .*$", "$1 $2"))
          .toList();
    }

    private void assertReads(StoreLab lab) throws IOException {
      for (long task : List.copyOf(tasks.data.keySet())) {
        byte[] data = tasks.data.get(task);
        byte[] result = tasks.results.get(task);
        try {
          assertThat(lab.store.data(task)).isEqualTo(data);
        } catch (IOException e) {
          assertThat(mayBeLost.contains(data)).as("%s", e).isTrue();
        }
        try {
          assertThat(lab.store.result(task)).isEqualTo(result == null ? new byte[0] : result);
        } catch (IOException e) {
          assertThat(result != null && mayBeLost.contains(result)).as("%s", e).isTrue();
        }
      }
    }

    private void live(StoreLab lab) throws Exception {
      List<TaskEntry> pending = new ArrayList<>();
      for (int step = random.nextInt(200); step >= 0; step--) {
        pending.addAll(tasks.turn(1 + random.nextInt(20)));
        try {
          long position = lab.keep(tasks, pending);
          pending.clear();
          allowed.add(tasks.snapshot(position));
          if (random.nextInt(4) == 0) {
            lab.store.flush(position);
          }
        } catch (KeepException e) {
          assertThat(e.reason()).startsWith("cannot write to /fake/tasks: ");
        }
        if (random.nextInt(3) == 0) {
          lab.runFlusher();
        }
        if (random.nextInt(3) == 0) {
          lab.turn();
          hear(lab);
        }
        if (!lab.later.isEmpty() && random.nextInt(5) == 0) {
          lab.later.removeFirst().run();
        }
        if (lab.wantsTurn && pending.isEmpty()) {
          lab.keep(tasks, List.of());
        }
        if (!flushFailed && mayBeLost.isEmpty() && pending.isEmpty() && random.nextInt(50) == 0) {
          lab.assertReads(tasks);
        }
      }
    }

    private void hear(StoreLab lab) {
      if (lab.heard.contains("works")) {
        loseUnflushed();
        if (lab.fails) {
          beforeFailure = Optional.of(allowed.getFirst());
        }
      }
      lab.heard.clear();
      while (allowed.size() > 1 && allowed.get(1).position() <= lab.flushed) {
        allowed.removeFirst();
      }
    }

    private void loseUnflushed() {
      beforeFailure.ifPresent(
          before -> {
            for (RandomTasks.Snapshot each : allowed) {
              addOthers(each.data(), before.data());
              addOthers(each.results(), before.results());
            }
          });
      beforeFailure = Optional.empty();
    }

    private void addOthers(Map<Long, byte[]> now, Map<Long, byte[]> before) {
      now.forEach(
          (task, bytes) -> {
            if (before.get(task) != bytes) {
              mayBeLost.add(bytes);
            }
          });
    }

    private final class Faults implements FakeTaskFolder.Faults {
      private final int oneIn = 5 + random.nextInt(100);
      private final boolean flushes = random.nextBoolean();

      private void maybe(String what) throws IOException {
        if (random.nextInt(oneIn) == 0) {
          throw new IOException(what);
        }
      }

      @Override
      public int write(int bytes) throws IOException {
        maybe("No space left on device");
        return random.nextInt(oneIn) == 0 ? 1 + random.nextInt(bytes) : bytes;
      }

      @Override
      public void flush() throws IOException {
        failToFlush();
      }

      private void failToFlush() throws IOException {
        if (flushes && random.nextInt(oneIn) == 0) {
          flushFailed = true;
          if (beforeFailure.isEmpty()) {
            beforeFailure = Optional.of(allowed.getFirst());
          }
          throw new IOException("Input/output error");
        }
      }

      @Override
      public void flushFolder() throws IOException {
        failToFlush();
      }

      @Override
      public void truncate() throws IOException {
        maybe("Input/output error");
      }

      @Override
      public void create() throws IOException {
        maybe("Too many open files");
      }

      @Override
      public void delete() throws IOException {
        maybe("Operation not permitted");
      }
    }
  }

  @Test
  void theFakeDiskLosesWhatWasNotFlushed() throws Exception {
    FakeTaskFolder folder = new FakeTaskFolder(new Random(3));
    try (StoreLab lab = new StoreLab(folder, "b", 1000)) {
      RandomTasks tasks = new RandomTasks(new Random(3), 10, 10);
      lab.keep(tasks, tasks.turn(20));
    }
    byte[] before = folder.contents().firstEntry().getValue();
    folder.losePower();
    assertThat(Arrays.equals(folder.contents().firstEntry().getValue(), before)).isTrue();
  }
}
