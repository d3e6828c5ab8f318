package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Folders;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;

class OwnFoldersTest {
  private static final int STRANGER = 65534;

  @TempDir private Path folder;
  private Path home = Path.of("/");

  @BeforeEach
  void home() {
    home = folder.resolve("a/home");
  }

  @Test
  void eachHasItsMode() throws Exception {
    OwnFolders.prepare(folders(), Host.euid());
    String run = Host.euid() == 0 ? "rwxr-xr-x" : "rwx------";
    assertMode(home.resolve("run"), run);
    assertMode(home.resolve("run/pipes"), "rwx--x--x");
    assertMode(home.resolve("run/n"), "rwx--x--x");
    assertMode(home.resolve("run/workers"), "rwx------");
    assertMode(home.resolve("state"), "rwx------");
    assertMode(home.resolve("log"), "rwxr-x---");
  }

  @Test
  void whatOthersCanWriteIsRefused() throws Exception {
    Files.createDirectories(home.resolve("run"));
    Files.setPosixFilePermissions(
        home.resolve("run"), PosixFilePermissions.fromString("rwxrwxr-x"));
    refuses("run", "can be written by others. Run: chmod go-w ");
  }

  @Test
  void whatIsAnothersIsRefused() throws Exception {
    onlyRoot();
    Files.createDirectories(home.resolve("run"));
    FilePath.chown(home.resolve("run").toString(), STRANGER, STRANGER);
    refuses("run", "belongs to user 65534, not to 0");
  }

  @Test
  void whatIsNoFolderIsRefused() throws Exception {
    Files.createDirectories(home);
    FilePath.mkfifo(home.resolve("run").toString(), 0600);
    refuses("run", "is no directory");
    Files.delete(home.resolve("run"));
    Files.createSymbolicLink(home.resolve("run"), Path.of("nowhere"));
    refuses("run", Host.euid() == 0 ? "No such file or directory: " : "is no directory");
    Files.delete(home.resolve("run"));
    Files.delete(home);
    Files.writeString(home, "");
    refuses("run", "cannot be used: File exists: " + home + ". Give another by --home DIR.");
    Files.delete(home);
    // Nor in one that is.
    Files.createDirectories(home.resolve("run"));
    Files.writeString(home.resolve("run/pipes"), "");
    refuses("run/pipes", "is no directory");
  }

  /** Who can write the folder above it could put another in its place at any time. */
  @Test
  void forRootNobodyElseMayBeAbleToExchangeIt() throws Exception {
    onlyRoot();
    Files.createDirectories(home);
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
    refuses("run", "could be exchanged by another user: others can write " + home);
    Files.setAttribute(home, "unix:mode", 01777);
    OwnFolders.prepare(folders(), 0);

    FilePath.chown(home.toString(), STRANGER, STRANGER);
    refuses("run", "could be exchanged by another user: " + home + " belongs to the user 65534");
  }

  @Test
  void aLinkOfAnotherIsNotFollowedAndOneOfRootIs() throws Exception {
    onlyRoot();
    Path real = Files.createDirectory(folder.resolve("real"));
    Files.createDirectories(home);
    Files.setAttribute(home, "unix:mode", 01777);
    Path link = Files.createSymbolicLink(home.resolve("run"), real);
    OwnFolders.prepare(folders(), 0);
    Files.delete(real.resolve("pipes"));
    FilePath.changeLinkOwner(link.toString(), STRANGER, STRANGER);
    refuses("run", link + " belongs to the user 65534");
    assertThat(real.resolve("pipes")).doesNotExist();
  }

  @Test
  void anOrdinaryUserFollowsNoLink() throws Exception {
    Path real = Files.createDirectory(folder.resolve("real"));
    Files.createDirectories(home);
    Files.createSymbolicLink(home.resolve("run"), real);
    assertThatThrownBy(() -> OwnFolders.prepare(folders(), 4242))
        .hasMessageContaining("is no directory");
    assertThat(real).isEmptyDirectory();
  }

  private void onlyRoot() {
    Assumptions.assumeTrue(Host.euid() == 0, "only root can give files away");
  }

  private Folders folders() {
    return new Folders(
        home.resolve("config"),
        home.resolve("run"),
        home.resolve("state"),
        home.resolve("log"),
        Optional.empty());
  }

  private void refuses(String name, String why) {
    assertThatThrownBy(() -> OwnFolders.prepare(folders(), Host.euid()))
        .isInstanceOf(UnusableFolderException.class)
        .extracting(thrown -> ((UnusableFolderException) thrown).sentence())
        .asString()
        .contains(home.resolve(name).toString())
        .contains(why);
  }

  private static void assertMode(Path path, String mode) throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo(mode);
  }
}
