package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.TaskState;

final class MemoryStoreTest {
  private static final long SEED = Long.getLong("store.seed", System.nanoTime());

  private final List<String> heard = new ArrayList<>();

  private final TaskStore.Listener listener =
      new TaskStore.Listener() {
        @Override
        public void flushed(long position) {
          heard.add("flushed " + position);
        }

        @Override
        public void failed(long position, String why) {
          heard.add("failed");
        }

        @Override
        public void works() {
          heard.add("works");
        }

        @Override
        public void wantsTurn() {
          heard.add("wants turn");
        }
      };

  @Test
  void hasWhatIsKnown() throws Exception {
    try (MemoryStore store = MemoryStore.open(new Random(1), listener)) {
      assertThat(store.epoch()).matches("[a-z0-9]{4}");
      store.replay(entry -> heard.add("entry"));
      // More than the heap takes, in all sizes.
      RandomTasks tasks = new RandomTasks(new Random(SEED), 300, 400_000);
      for (int turn = 0; turn < 400; turn++) {
        store.keep(tasks.turn(20), tasks.model::whole);
        if (turn % 40 == 0) {
          assertReads(store, tasks);
        }
      }
      assertReads(store, tasks);
      assertThat(store.lastTask()).isEqualTo(tasks.last());
    }
    assertThat(heard).isEmpty();
  }

  private static void assertReads(MemoryStore store, RandomTasks tasks) throws IOException {
    for (Map.Entry<Long, byte[]> each : tasks.data.entrySet()) {
      byte[] result = tasks.results.getOrDefault(each.getKey(), new byte[0]);
      assertThat(store.data(each.getKey())).as("seed %d", SEED).isEqualTo(each.getValue());
      assertThat(store.dataBytes(each.getKey())).isEqualTo(each.getValue().length);
      assertThat(store.dataAtHand(each.getKey()))
          .isEqualTo(
              each.getValue().length > TaskStore.INLINE_BYTES ? new byte[0] : each.getValue());
      assertThat(store.result(each.getKey())).isEqualTo(result);
      assertThat(store.resultBytes(each.getKey())).isEqualTo(result.length);
    }
  }

  @Test
  void aFlushIsAtOnce() throws Exception {
    try (MemoryStore store = MemoryStore.open(new Random(1), listener)) {
      RandomTasks tasks = new RandomTasks(new Random(SEED), 300, 10);
      long position = store.keep(tasks.turn(5), tasks.model::whole);
      store.flush(position);
      assertThat(heard).isEqualTo(List.of("flushed " + position));
    }
  }

  @Test
  void blobsOfAllSizesComeAndGo() throws Exception {
    try (MemoryBlobs blobs = new MemoryBlobs()) {
      Random random = new Random(SEED);
      Map<Long, byte[]> model = new java.util.HashMap<>();
      for (int i = 0; i < 100_000; i++) {
        // It grows beyond what the heap takes, then it shrinks to nothing, twice.
        boolean adds = random.nextInt(10) < (i % 50_000 < 30_000 ? 7 : 2);
        if (adds) {
          byte[] some = new byte[random.nextInt(1 << random.nextInt(16))];
          random.nextBytes(some);
          long location = blobs.put(some);
          assertThat(MemoryBlobs.length(location)).isEqualTo(some.length);
          if (some.length > MemoryBlobs.INLINE_BYTES) {
            assertThat(model).as("seed %d", SEED).doesNotContainKey(location);
            model.put(location, some);
          } else {
            assertThat(blobs.get(location)).isEqualTo(some);
          }
        } else if (!model.isEmpty()) {
          long location = model.keySet().iterator().next();
          assertThat(blobs.get(location)).as("seed %d", SEED).isEqualTo(model.remove(location));
          blobs.remove(location);
        }
      }
      for (Map.Entry<Long, byte[]> each : model.entrySet()) {
        assertThat(blobs.get(each.getKey())).as("seed %d", SEED).isEqualTo(each.getValue());
      }
    }
  }

  @Test
  void forgottenTasksLeaveNothing() throws Exception {
    try (MemoryBlobs blobs = new MemoryBlobs()) {
      List<Long> locations = new ArrayList<>();
      long bytes = 0;
      for (int round = 0; round < 20; round++) {
        Random random = new Random(round % 2);
        bytes = 0;
        for (int i = 0; i < 200; i++) {
          byte[] some = new byte[1 + random.nextInt(100_000)];
          bytes += some.length;
          locations.add(blobs.put(some));
        }
        for (long each : locations) {
          blobs.remove(each);
        }
        locations.clear();
      }
      // Each size has its own places: those of two rounds, rounded up.
      assertThat(blobs.fileBytes()).isLessThan(4 * bytes);
    }
  }

  @Test
  void whatItHoldsIsBounded() throws Exception {
    try (MemoryStore store = MemoryStore.open(new Random(1), listener)) {
      byte[] large = new byte[1_000_000];
      long most = MemoryStore.MOST_BYTES / large.length;
      NewTask content = new NewTask("", "default", Priority.LOW, 1, 1, 0, large);
      for (long task = 1; task <= most; task++) {
        keep(store, new TaskEntry.Queued(task, "p", content, 1, 1, 1, "alice"));
      }
      assertThat(store.fullness()).isEmpty();
      keep(store, new TaskEntry.Ended(1, TaskState.SUCCEEDED, 1, 1, "", false, large));
      assertThat(store.fullness()).contains("256 MiB");
      keep(store, new TaskEntry.Forgotten(1));
      assertThat(store.fullness()).as("not full and empty by turns").isNotEmpty();
      for (long task = 2; task <= most / 8 + 2; task++) {
        keep(store, new TaskEntry.Forgotten(task));
      }
      assertThat(store.fullness()).isEmpty();
      for (long task = 2; task <= most; task++) {
        keep(store, new TaskEntry.Forgotten(task));
      }
      keep(store, new TaskEntry.Ended(1, TaskState.SUCCEEDED, 1, 1, "", false, large));
      assertThat(store.fullness()).isEmpty();
    }
  }

  private static void keep(MemoryStore store, TaskEntry entry) throws KeepException {
    store.keep(List.of(entry), task -> java.util.Optional.empty());
  }

  @Test
  void unknownTasksHaveNothing() throws Exception {
    try (MemoryStore store = MemoryStore.open(new Random(1), listener)) {
      assertThatThrownBy(() -> store.data(7)).hasMessage("task 7 is not known");
      assertThatThrownBy(() -> store.result(7)).hasMessage("task 7 is not known");
      assertThat(store.dataBytes(7)).isZero();
      assertThat(store.dataAtHand(7)).isEmpty();
      byte[] result = "1".getBytes(java.nio.charset.StandardCharsets.UTF_8);
      store.keep(
          List.of(
              new TaskEntry.Ended(7, TaskState.SUCCEEDED, 1, 1, "", false, result),
              new TaskEntry.PutBack(7, 1, 1, "alice"),
              new TaskEntry.Forgotten(7)),
          task -> java.util.Optional.empty());
      NewTask content = new NewTask("", "default", Priority.LOW, 1, 1, 0, result);
      store.keep(
          List.of(new TaskEntry.Queued(7, "p", content, 1, 1, 1, "alice")),
          task -> java.util.Optional.empty());
      assertThat(store.data(7)).isEqualTo(result);
      assertThat(store.result(7)).isEmpty();
    }
  }
}
