package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FolderWatchIT {

  private static final long LONG_ENOUGH = 10_000_000_000L;

  @TempDir private Path parent;

  @Test
  void tellsWhatIsDeletedAndMovedAwayAndNothingElse() throws Exception {
    Path folder = Files.createDirectory(parent.resolve("run"));
    Path deleted = Files.writeString(folder.resolve("löschen"), "");
    Path moved = Files.writeString(folder.resolve("moved"), "");
    try (FolderWatch watch = FolderWatch.of(folder.toString())) {
      Files.writeString(folder.resolve("new"), "");
      Files.writeString(deleted, "changed");
      assertThat(watch.lost()).isEmpty();
      Files.delete(deleted);
      Files.move(moved, folder.resolve("other"));
      assertThat(Fd.poll(watch.fd(), Fd.POLLIN, LONG_ENOUGH)).isEqualTo(Fd.POLLIN);
      assertThat(watch.lost()).containsExactlyInAnyOrder("löschen", "moved");
      assertThat(watch.lost()).isEmpty();
      assertThat(Fd.poll(watch.fd(), Fd.POLLIN, 0)).isZero();
    }
  }

  @Test
  void tellsOfManyMoreThanItReadsAtOnce() throws Exception {
    Path folder = Files.createDirectory(parent.resolve("run"));
    for (int i = 0; i < 1_000; i++) {
      Files.writeString(folder.resolve("file" + i), "");
    }
    try (FolderWatch watch = FolderWatch.of(folder.toString())) {
      for (int i = 0; i < 1_000; i++) {
        Files.delete(folder.resolve("file" + i));
      }
      assertThat(watch.lost()).hasSize(1_000).contains("file0", "file999");
    }
  }

  @Test
  void tellsOfTheFolderItself() throws Exception {
    Path folder = Files.createDirectory(parent.resolve("run"));
    try (FolderWatch watch = FolderWatch.of(folder.toString())) {
      Files.move(folder, parent.resolve("elsewhere"));
      assertThat(watch.lost()).containsExactly(FolderWatch.ITSELF);
      Files.delete(parent.resolve("elsewhere"));
      assertThat(watch.lost()).containsExactly(FolderWatch.ITSELF);
    }
  }

  @Test
  void refusesWhatIsNoFolder() throws Exception {
    Path file = Files.writeString(parent.resolve("file"), "");
    assertThatThrownBy(() -> FolderWatch.of(file.toString()))
        .hasMessage("inotify_add_watch " + file + ": Not a directory");
    assertThatThrownBy(() -> FolderWatch.of(parent.resolve("none").toString()))
        .hasMessageEndingWith("none: No such file or directory");
  }
}
