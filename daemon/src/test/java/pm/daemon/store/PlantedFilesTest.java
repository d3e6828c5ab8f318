package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;

/** What is none of ours in the place of a file of ours is not read, written or waited for. */
@Timeout(20)
class PlantedFilesTest {
  @TempDir private Path folder;

  enum Kind {
    LINK("no regular file"),
    SECOND_NAME("has 2 names (hard links)"),
    PIPE("no regular file"),
    FOLDER("no regular file"),
    FILE_OF_ANOTHER("belongs to user 65534");

    private final String refusal;

    Kind(String refusal) {
      this.refusal = refusal;
    }
  }

  @ParameterizedTest
  @EnumSource
  void inPlaceOfTheRecords(Kind kind) throws Exception {
    Path precious = plant(kind, "records");
    assertThatThrownBy(() -> RunRecords.open(folder, "boot", new NamesOnly()))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(kind.refusal);
    assertThat(precious).hasContent("precious");
  }

  @ParameterizedTest
  @EnumSource
  void inPlaceOfTheDecisions(Kind kind) throws Exception {
    Path precious = plant(kind, DecisionStore.FILE);
    DecisionStore store =
        new DecisionStore(
            folder,
            "boot",
            Runnable::run,
            Runnable::run,
            new DecisionStore.Listener() {
              @Override
              public void flushed(long number) {}

              @Override
              public void failed(long number, String reason) {}
            });
    assertThatThrownBy(store::read)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(kind.refusal);
    assertThat(precious).hasContent("precious");
  }

  @ParameterizedTest
  @EnumSource
  void inPlaceOfTheEvents(Kind kind) throws Exception {
    Path precious = plant(kind, EventLog.FILE);
    assertThatThrownBy(() -> EventLog.open(folder, false, Runnable::run))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(kind.refusal);
    assertThat(precious).hasContent("precious");
  }

  /** Returns what must stay as it is. */
  private Path plant(Kind kind, String name) throws IOException {
    Path file = folder.resolve(name);
    Path precious = folder.resolve("precious");
    switch (kind) {
      case LINK -> Files.createSymbolicLink(file, Files.writeString(precious, "precious"));
      case SECOND_NAME -> Files.createLink(file, Files.writeString(precious, "precious"));
      case PIPE -> {
        FilePath.mkfifo(file.toString(), 0600);
        Files.writeString(precious, "precious");
      }
      case FOLDER -> Files.writeString(Files.createDirectory(file).resolve("precious"), "precious");
      case FILE_OF_ANOTHER -> {
        Assumptions.assumeTrue(Host.euid() == 0, "only root can give files away");
        FilePath.chown(Files.writeString(file, "precious").toString(), 65534, 65534);
      }
    }
    return switch (kind) {
      case LINK, SECOND_NAME, PIPE -> precious;
      case FOLDER -> file.resolve("precious");
      case FILE_OF_ANOTHER -> file;
    };
  }
}
