package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalStoreTest {
  private static final long SEED = Long.getLong("store.seed", System.nanoTime());

  @TempDir Path state;

  @Test
  void beginsWithNothing() throws Exception {
    try (StoreLab lab = new StoreLab(folder())) {
      assertThat(lab.store.epoch()).matches("[a-z0-9]{4}");
      assertThat(lab.store.isOfThisBoot()).isTrue();
      assertThat(lab.store.lastTask()).isZero();
      assertThat(lab.store.sizeBytes()).isZero();
      assertThat(lab.entries).isEmpty();
      assertThatThrownBy(() -> lab.store.data(1))
          .isInstanceOf(IOException.class)
          .hasMessage("task 1 is not known");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
        .isEqualTo("rwx------");
    try (var files = Files.list(folder())) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void whatIsKeptIsToldAgain() throws Exception {
    RandomTasks tasks = new RandomTasks(new Random(SEED), 200, 300_000);
    String epoch = "";
    for (int life = 0; life < 5; life++) {
      try (StoreLab lab = new StoreLab(folder())) {
        assertThat(lab.told.lines()).as("seed %d", SEED).isEqualTo(tasks.model.lines());
        lab.assertHas(tasks);
        assertThat(lab.store.lastTask()).isEqualTo(tasks.last());
        assertThat(epoch.isEmpty() || epoch.equals(lab.store.epoch())).isTrue();
        epoch = lab.store.epoch();
        long position = 0;
        for (int turn = 0; turn < 200; turn++) {
          long next = lab.keep(tasks, tasks.turn(20));
          assertThat(next).isGreaterThan(position);
          position = next;
        }
        lab.assertReads(tasks);
        if (life % 2 == 0) {
          lab.flush(position);
        }
      }
    }
    try (var files = Files.list(folder())) {
      for (Path each : files.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
            .isEqualTo("rw-------");
      }
    }
  }

  @Test
  void oneFlushIsForAllThatCameMeanwhile() throws Exception {
    RandomTasks tasks = new RandomTasks(new Random(SEED), 200, 100);
    try (StoreLab lab = new StoreLab(folder())) {
      long position = 0;
      for (int i = 0; i < 1000; i++) {
        position = lab.keep(tasks, tasks.turn(3));
        lab.store.flush(position);
      }
      long last = position;
      lab.await(() -> lab.flushed >= last);
      assertThat(lab.heard).hasSizeLessThan(1000).containsOnly("flushed");
      lab.heard.clear();
      lab.store.flush(last);
      lab.turn();
      assertThat(lab.heard).isEqualTo(List.of("flushed"));
    }
  }

  private Path folder() {
    return state.resolve(JournalStore.FOLDER);
  }
}
