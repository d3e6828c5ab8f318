package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.config.EnvFile;
import pm.daemon.core.plan.Account;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;

/** What root reads for programs of others, and what it does not. */
class EnvFileReaderTest {
  private static final int ANN = 4711;
  private static final int STAFF = 4712;
  private static final Account ANNS =
      new Account("ann", ANN, ANN, List.of(STAFF), "/home/ann", "/bin/sh");
  private static final Account ROOTS = new Account("root", 0, 0, List.of(0), "/root", "/bin/sh");

  @TempDir private Path folder;
  private Path secret = Path.of("/");
  private Path home = Path.of("/");

  @BeforeEach
  void twoFolders() throws IOException {
    assumeTrue(Host.euid() == 0, "only root reads what others may not");
    chmod(folder, "rwxr-xr-x");
    secret = Files.writeString(folder.resolve("secret"), "A=root\n");
    chmod(secret, "rw-------");
    home = Files.createDirectory(folder.resolve("ann"));
    give(home, ANN);
  }

  @Test
  void whatOnlyRootCanChangeIsReadByRootForAnybody() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("secret"));
    for (Path file : List.of(secret, link)) {
      for (Account account : List.of(ANNS, ROOTS)) {
        EnvFileReader.Variables read = read(account, file);
        assertThat(read.values()).isEqualTo(Map.of("A", "root"));
        assertThat(read.unsure()).isEmpty();
      }
    }
  }

  @Test
  void whatTheUserOfTheProgramMayReadIsReadAndNotReliedOn() throws Exception {
    Path own = Files.writeString(home.resolve("own"), "A=ann\n");
    give(own, ANN);
    chmod(own, "rw-------");
    Path shared = Files.writeString(home.resolve("shared"), "B=staff\n");
    FilePath.chown(shared.toString(), 0, STAFF);
    chmod(shared, "rw-r-----");
    EnvFileReader.Variables read = read(ANNS, own, shared);
    assertThat(read.values()).isEqualTo(Map.of("A", "ann", "B", "staff"));
    assertThat(read.unsure()).containsExactlyInAnyOrder("A", "B");
    // What root says later counts, and is root's.
    assertThat(read(ANNS, own, secret).values()).isEqualTo(Map.of("A", "root"));
    assertThat(read(ANNS, own, secret).unsure()).isEmpty();
  }

  @Test
  void whatHeMayNotReadHeCannotHaveReadForHim() throws Exception {
    refuses(ANNS, Files.createSymbolicLink(home.resolve("link"), secret));
    refuses(ANNS, Files.createLink(home.resolve("second-name"), secret));
    // Not by a link in place of a folder, and not what only its folder protects.
    Path closed = Files.createDirectory(folder.resolve("closed"));
    chmod(closed, "rwx------");
    Files.writeString(closed.resolve("env"), "A=root\n");
    refuses(ANNS, Files.createSymbolicLink(home.resolve("way"), closed).resolve("env"));
    // A file that another user gave him no right to.
    Path bobs = Files.writeString(home.resolve("bobs"), "A=bob\n");
    give(bobs, 4713);
    chmod(bobs, "rw-------");
    refuses(ANNS, bobs)
        .contains("Permission denied for user ann, as whom it is read because ")
        .contains(home + " belongs to the user " + ANN);
  }

  @Test
  void aProgramThatRunsAsRootHasNothingOfWhatOthersCanChange() throws Exception {
    Path own = Files.writeString(home.resolve("own"), "LD_PRELOAD=/home/ann/mine.so\n");
    refuses(ROOTS, own).contains("and this program runs as root; run chown -h root " + home);
    chmod(secret, "rw-rw-rw-");
    refuses(ROOTS, secret).contains("others can write " + secret);
  }

  @Test
  void whatIsNoFileHoldsNobodyUp() throws Exception {
    Path pipe = home.resolve("pipe");
    FilePath.mkfifo(pipe.toString(), 0600);
    give(pipe, ANN);
    refuses(ANNS, pipe).contains("is not a regular file");
    refuses(ANNS, Path.of("/dev/zero")).contains("is not a regular file");
    refuses(ANNS, home).contains("is a directory");
  }

  @Test
  void oneThatMayBeMissingMayBe() throws Exception {
    EnvFile missing = new EnvFile(home.resolve("gone").toString(), true);
    assertThat(EnvFileReader.read(List.of(missing), ANNS).values()).isEmpty();
    refuses(ANNS, home.resolve("gone")).contains("No such file or directory");
  }

  private static EnvFileReader.Variables read(Account account, Path... files) throws Exception {
    List<EnvFile> all =
        List.of(files).stream().map(file -> new EnvFile(file.toString(), false)).toList();
    return EnvFileReader.read(all, account);
  }

  private static AbstractStringAssert<?> refuses(Account account, Path file) {
    return assertThatThrownBy(() -> read(account, file))
        .isInstanceOf(StageException.class)
        .extracting(thrown -> String.valueOf(thrown.getMessage()))
        .asString()
        .startsWith(file + ": ");
  }

  private static void give(Path file, int user) throws IOException {
    FilePath.chown(file.toString(), user, user);
  }

  private static void chmod(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }
}
