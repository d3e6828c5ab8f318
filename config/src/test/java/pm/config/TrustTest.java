package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules of a daemon that runs as root, shown with the user that runs the test in its place. */
class TrustTest {
  @TempDir Path folder;
  private Path file = Path.of("/");
  private Trust trust = Trust.ANYTHING;

  @BeforeEach
  void ownFilesAndParents() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    folder = folder.toRealPath();
    file = Files.createDirectories(folder.resolve("programs.d")).resolve("web.yaml");
    Files.writeString(file, "programs: {web: {command: a}}");
    chmod(file, "rw-r--r--");
    chmod(file.resolveSibling("."), "rwxr-xr-x");
    trust = new Trust(true, (int) Files.getAttribute(file, "unix:uid"));
    // A build folder below something that others can write cannot show what is trusted.
    assumeThat(trust.distrust(folder)).isEmpty();
  }

  @Test
  void givenOwnFileThatOnlyWeCanWrite_thenTrusted() throws IOException {
    assertThat(trust.distrust(file)).isEmpty();
  }

  @Test
  void stickyFoldersAboveMayBeWritableByAll() throws IOException {
    Path sticky = Files.createDirectories(folder.resolve("sticky"));
    Path below = Files.writeString(sticky.resolve("web.yaml"), "");
    chmod(below, "rw-r--r--");
    Files.setAttribute(sticky, "unix:mode", 01777);
    assertThat(trust.distrust(below)).isEmpty();
    Files.setAttribute(sticky, "unix:mode", 0777);
    assertDistrusted(below, "others can write " + sticky + "; run chmod go-w " + sticky);
  }

  @Test
  void givenFileThatGroupOrOthersCanWrite_thenSaysHowToMendIt() throws IOException {
    chmod(file, "rw-rw-r--");
    assertDistrusted(file, "others can write " + file + "; run chmod go-w " + file);
    chmod(file, "rw-r---w-");
    assertDistrusted(file, "others can write " + file + "; run chmod go-w " + file);
  }

  @Test
  void givenFolderAboveThatOthersCanWrite_thenDistrusted() throws IOException {
    chmod(folder, "rwxrwxr-x");
    assertDistrusted(file, "others can write " + folder + "; run chmod go-w " + folder);
  }

  @Test
  void givenFileOfAnotherUser_thenDistrusted() throws IOException {
    int uid = (int) Files.getAttribute(file, "unix:uid");
    assumeThat(uid).as("root's files are always trusted").isNotZero();
    var stranger = new Trust(true, uid + 1);
    assertThat(stranger.distrust(file).map(MalformedValueException::getMessage))
        .hasValueSatisfying(message -> assertThat(message).contains(" belongs to the user " + uid));
  }

  @Test
  void givenFileOfAnotherUserWhileWeAreRoot_thenDistrusted() throws IOException {
    assumeThat((int) Files.getAttribute(file, "unix:uid"))
        .as("only root can give files away")
        .isZero();
    Files.setAttribute(file, "unix:uid", 1234);
    assertDistrusted(file, file + " belongs to the user 1234; run chown -h root " + file);
    assertThat(new Trust(true, 1234).distrust(file)).isEmpty();
  }

  @Test
  void linksAreFollowedAndBothEndsAreChecked() throws IOException {
    Path open = Files.createDirectories(folder.resolve("open"));
    chmod(open, "rwxrwxrwx");
    Path link =
        Files.createSymbolicLink(
            folder.resolve("link.yaml"), Path.of("programs.d/../programs.d/./web.yaml"));
    assertThat(trust.distrust(link)).isEmpty();
    Path through =
        Files.createSymbolicLink(folder.resolve("through.yaml"), Path.of("open/web.yaml"));
    Files.writeString(open.resolve("web.yaml"), "");
    assertDistrusted(through, "others can write " + open + "; run chmod go-w " + open);
    Path inOpen = Files.createSymbolicLink(open.resolve("link.yaml"), file);
    assertDistrusted(inOpen, "others can write " + open + "; run chmod go-w " + open);
  }

  @Test
  void circlesOfLinksEnd() throws IOException {
    Path circle = Files.createSymbolicLink(folder.resolve("a"), Path.of("b"));
    Files.createSymbolicLink(folder.resolve("b"), Path.of("a"));
    assertThat(trust.distrust(circle).map(MalformedValueException::what))
        .hasValueSatisfying(what -> assertThat(what).startsWith("too many links lead to "));
  }

  @Test
  void theLoaderRefusesWhatIsNotTrustedAndReadsTheRest() throws IOException {
    chmod(
        Files.writeString(folder.resolve("programs.d/api.yaml"), "programs: {api: {command: a}}"),
        "rw-r--r--");
    chmod(file, "rw-rw-rw-");
    var folders = new Folders(folder, folder, folder, folder, Optional.empty());
    Configuration configuration =
        new ConfigurationLoader(folders, 0, trust, Optional.of(Map.of())).load(List.of());
    assertThat(configuration.programs()).containsOnlyKeys("api");
    assertThat(configuration.problems())
        .extracting(Problem::toString)
        .containsExactly(
            file
                + ": others can write "
                + file
                + ", and this daemon runs as root; run chmod go-w "
                + file);
  }

  @Test
  void onlyRootChecks() {
    assertThat(Trust.ofUser(0).required()).isTrue();
    assertThat(Trust.ofUser(1000).required()).isFalse();
  }

  private void assertDistrusted(Path path, String message) throws IOException {
    assertThat(trust.distrust(path).map(MalformedValueException::getMessage)).hasValue(message);
  }

  private static void chmod(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }
}
