package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskEntry;

/** What a journal does when the disk does not do what it should. */
final class JournalFaultTest {
  private static final int SEGMENT_BYTES = 1 << 20;
  private static final long SEED = Long.getLong("store.seed", System.nanoTime());

  private final FakeTaskFolder disk = new FakeTaskFolder(new Random(SEED));
  private final RandomTasks tasks = new RandomTasks(new Random(SEED), 100, 500);
  private boolean flushFails;

  private StoreLab open() throws StoreException {
    return StoreLab.byHand(disk, StoreLab.BOOT, SEGMENT_BYTES);
  }

  /** Every prefix of a write can be all that there was room for. */
  @Test
  void aFullDiskKeepsNothingAndRecoversByItself() throws Exception {
    List<TaskEntry> pending = new ArrayList<>();
    int refused = 0;
    try (StoreLab lab = open()) {
      for (int room = 0; room < 400; room++) {
        long before = lab.store.keep(List.of(), tasks.model::whole);
        pending.addAll(tasks.turn(3));
        disk.faults = new Room(room);
        try {
          assertThat(lab.keep(tasks, pending)).isGreaterThan(before);
        } catch (KeepException e) {
          refused++;
          assertThat(e).hasMessage("cannot write to /fake/tasks: No space left on device");
          assertThat(lab.store.keep(List.of(), tasks.model::whole)).isEqualTo(before);
          disk.faults = FakeTaskFolder.NONE;
          // There is room again: the same ones, and more.
          pending.addAll(tasks.turn(3));
          assertThat(lab.keep(tasks, pending)).isGreaterThan(before);
        }
        pending.clear();
      }
      lab.assertReads(tasks);
    }
    assertThat(refused).isGreaterThan(50);
    try (StoreLab lab = open()) {
      lab.assertHas(tasks);
    }
  }

  /** A disk with room for so many bytes more. */
  private static final class Room implements FakeTaskFolder.Faults {
    private int room;

    private Room(int room) {
      this.room = room;
    }

    @Override
    public int write(int bytes) throws IOException {
      if (room == 0) {
        throw new IOException("No space left on device");
      }
      int count = Math.min(room, bytes);
      // Whatever does not fit is found out by the next write, as with a real disk.
      room -= count;
      return count;
    }
  }

  @Test
  void whatAKilledDaemonLeftOfAFailedWriteIsCutOff() throws Exception {
    try (StoreLab lab = open()) {
      lab.keep(tasks, tasks.turn(20));
      lab.flushByHand(lab.keep(tasks, tasks.turn(20)));
      RandomTasks.Snapshot kept = tasks.snapshot(0);
      disk.faults = new Room(40);
      assertThatThrownBy(() -> lab.keep(tasks, tasks.turn(50))).isInstanceOf(KeepException.class);
      disk.faults = FakeTaskFolder.NONE;
      tasks.restore(kept, lab.store.lastTask());
    }
    try (StoreLab lab = open()) {
      lab.assertHas(tasks);
    }
  }

  @Test
  void aFailedFlushAcknowledgesNothingUntilAllIsKeptAnew() throws Exception {
    try (StoreLab lab = open()) {
      lab.flushByHand(lab.keep(tasks, tasks.turn(200)));
      lab.heard.clear();
      disk.faults = new FailingFlush();
      flushFails = true;
      long lost = lab.keep(tasks, tasks.turn(200));
      lab.store.flush(lost);
      lab.runFlusher();
      lab.turn();
      String failed = "failed cannot flush /fake/tasks: Input/output error";
      assertThat(lab.heard).containsExactly(failed);
      assertThat(lab.wantsTurn).as("it is tried at once, in a new file").isTrue();

      // Whoever asks meanwhile hears the same.
      lab.store.flush(lab.keep(tasks, List.of()));
      lab.turn();
      assertThat(lab.heard).containsExactly(failed, failed);
      for (int i = 0; i < 8; i++) {
        lab.runFlusher();
        lab.turn();
        assertThat(lab.heard).as("said once").hasSize(2);
        assertThat(lab.wantsTurn).isFalse();
        // Meanwhile things go on and are kept, against a kill.
        lab.keep(tasks, tasks.turn(20));
        lab.later.removeFirst().run();
        assertThat(lab.wantsTurn).isTrue();
        lab.keep(tasks, List.of());
      }
      assertThat(lab.delays)
          .extracting(TimeUnit.NANOSECONDS::toSeconds)
          .containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);

      flushFails = false;
      lab.runFlusher();
      lab.turn();
      assertThat(lab.heard).containsExactly(failed, failed, "works", "flushed");
      assertThat(lab.flushed).isGreaterThan(lost);
      long after = lab.keep(tasks, tasks.turn(20));
      lab.flushByHand(after);
      lab.store.flush(after);
      lab.turn();
    }
    disk.losePower();
    try (StoreLab lab = open()) {
      assertThat(lab.told.lines()).isEqualTo(tasks.model.lines());
    }
  }

  private final class FailingFlush implements FakeTaskFolder.Faults {
    @Override
    public void flush() throws IOException {
      if (flushFails) {
        throw new IOException("Input/output error");
      }
    }
  }

  @Test
  void tasksThatWereForgottenMeanwhileStayForgotten() throws Exception {
    try (StoreLab lab = open()) {
      lab.flushByHand(lab.keep(tasks, tasks.turn(100)));
      disk.faults = new FailingFlush();
      flushFails = true;
      List<TaskEntry> forget = new ArrayList<>();
      for (long task : List.copyOf(tasks.model.tasks.keySet())) {
        forget.add(new TaskEntry.Forgotten(task));
        tasks.model.apply(new TaskEntry.Forgotten(task));
      }
      lab.store.flush(lab.store.keep(forget, tasks.model::whole));
      lab.runFlusher();
      lab.turn();
      flushFails = false;
      lab.store.keep(List.of(), tasks.model::whole);
      lab.runFlusher();
      lab.turn();
      assertThat(lab.fails).isFalse();
    }
    disk.losePower();
    try (StoreLab lab = open()) {
      assertThat(lab.told.tasks).isEmpty();
      assertThat(lab.store.lastTask()).isEqualTo(tasks.last());
    }
  }

  @Test
  void withoutAThreadNothingIsLostAndNothingAcknowledged() throws Exception {
    try (StoreLab lab = open()) {
      lab.grantsThread = false;
      long position = lab.keep(tasks, tasks.turn(20));
      lab.store.flush(position);
      lab.turn();
      assertThat(lab.heard)
          .containsExactly("failed cannot flush /fake/tasks: no thread can be started");
      lab.grantsThread = true;
      lab.later.removeFirst().run();
      lab.runFlusher();
      lab.turn();
      assertThat(lab.heard.subList(1, 3)).containsExactly("works", "flushed");
      assertThat(lab.flushed).isEqualTo(position);
      assertThat(disk.contents()).hasSize(1);
    }
  }

  /** Whatever is thrown on the thread of the flusher, nobody waits for ever. */
  @Test
  void aMistakeInAFlushIsAFailedOne() throws Exception {
    isAFailedFlush(
        () -> {
          throw new IllegalStateException("planted");
        });
    // As when a class cannot be loaded any more, since the installation has been replaced.
    isAFailedFlush(
        () -> {
          throw new NoClassDefFoundError("planted");
        });
  }

  private void isAFailedFlush(Runnable mistake) throws Exception {
    try (StoreLab lab = new StoreLab(disk, StoreLab.BOOT, SEGMENT_BYTES)) {
      disk.faults =
          new FakeTaskFolder.Faults() {
            @Override
            public void flush() {
              mistake.run();
            }
          };
      lab.store.flush(lab.keep(tasks, tasks.turn(20)));
      lab.await(() -> lab.fails);
      disk.faults = FakeTaskFolder.NONE;
      lab.keep(tasks, List.of());
      lab.await(() -> !lab.fails);
    }
    try (StoreLab lab = open()) {
      lab.assertHas(tasks);
    }
  }

  @Test
  void aStoreOfWhichNothingWasAskedCloses() throws Exception {
    for (int i = 0; i < 3; i++) {
      try (StoreLab lab = new StoreLab(disk, StoreLab.BOOT, SEGMENT_BYTES)) {
        lab.store.flush(lab.keep(tasks, List.of()));
      }
    }
    assertThat(disk.contents()).isEmpty();
  }

  @Test
  void aDiskThatFailsAtTheStartIsHeardOf() throws Exception {
    try (StoreLab lab = open()) {
      lab.keep(tasks, tasks.turn(20));
    }
    disk.faults = new FailingFlush();
    flushFails = true;
    try (StoreLab lab = open()) {
      lab.turn();
      assertThat(lab.heard).containsExactly("failed cannot flush /fake/tasks: Input/output error");
      flushFails = false;
      lab.keep(tasks, List.of());
      lab.runFlusher();
      lab.turn();
      assertThat(lab.heard).endsWith("works", "flushed");
    }
  }

  @Test
  void aBatchIsOneWriteHoweverManyEntriesItHas() throws Exception {
    try (StoreLab lab = open()) {
      lab.keep(tasks, tasks.turn(5));
      for (int i = 0; i < 50; i++) {
        int before = disk.writes;
        lab.keep(tasks, tasks.turn(100));
        assertThat(disk.writes - before).isEqualTo(1);
      }
      assertThat(disk.flushes).as("nobody waits for one").isZero();
    }
  }
}
