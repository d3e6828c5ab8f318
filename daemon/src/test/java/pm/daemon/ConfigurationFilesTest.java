package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Configuration;
import pm.config.ConfigurationLoader;
import pm.config.Folders;
import pm.config.Trust;

class ConfigurationFilesTest {
  @TempDir private Path home;
  private Path programs;

  @BeforeEach
  void makeFiles() throws IOException {
    programs = Files.createDirectories(home.resolve("config/programs.d"));
    Files.writeString(programs.resolve("web.yaml"), "programs: {web: {command: a}}\n");
  }

  @Test
  void seesNewChangedAndRemovedFiles() throws IOException {
    ConfigurationFiles files = files();
    apply(files);
    Path fresh = programs.resolve("api.yaml");
    Files.writeString(fresh, "programs: {api: {command: a}}\n");
    assertThat(files.isNewer()).isTrue();
    apply(files);
    // Older than all that was read, but new to us.
    Path moved = home.resolve("old.yaml");
    Files.writeString(moved, "programs: {web: {instances: 2}}\n");
    Files.setLastModifiedTime(moved, FileTime.from(Instant.EPOCH.plus(Duration.ofDays(400))));
    Files.move(moved, programs.resolve("web.override.yaml"));
    assertThat(files.isNewer()).isTrue();
    apply(files);
    Files.delete(fresh);
    assertThat(files.isNewer()).isTrue();
    apply(files);
  }

  @Test
  void givenAConfigurationOfAnEarlierDaemon_thenTheTimesDecide() throws IOException {
    Configuration kept = files().read();
    Instant now = Instant.now();
    ConfigurationFiles same = files();
    same.inForce(kept, now.plusSeconds(60));
    assertThat(same.isNewer()).isFalse();
    assertThat(same.loaded().files()).contains(programs.resolve("web.yaml"));
    Files.writeString(programs.resolve("api.yaml"), "programs: {}\n");
    assertThat(same.isNewer()).isTrue();
    ConfigurationFiles later = files();
    later.inForce(kept, now.minusSeconds(60));
    assertThat(later.isNewer()).isTrue();
    Files.delete(programs.resolve("web.yaml"));
    ConfigurationFiles without = files();
    without.inForce(kept, now.plusSeconds(60));
    assertThat(without.isNewer()).isTrue();
  }

  private static void apply(ConfigurationFiles files) {
    files.inForce(files.read());
    assertThat(files.isNewer()).isFalse();
  }

  private ConfigurationFiles files() {
    var folders =
        new Folders(
            home.resolve("config"),
            home.resolve("run"),
            home.resolve("state"),
            home.resolve("log"),
            Optional.empty());
    var loader = new ConfigurationLoader(folders, 1000, Trust.ANYTHING, Optional.of(Map.of()));
    return new ConfigurationFiles(loader, folders, List.of());
  }
}
