package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;

@Timeout(60)
class LockFileTest {

  @TempDir private Path folder;

  @Test
  void theLockOfADaemonThatRunsIsItsOwn() throws Exception {
    Process holder = hold("1000");
    try {
      Files.writeString(lock(), holder.pid() + "\n");
      assertThat(LockFile.take(folder))
          .isEqualTo(new LockFile.Attempt.Taken(lock(), Optional.of("" + holder.pid())));
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatAKilledDaemonLeftToAChildInTheMakingIsWaitedFor() throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    Process holder = hold("0.2");
    Files.writeString(lock(), ended.pid() + "\n");
    LockFile.Attempt attempt = LockFile.take(folder);
    assertThat(attempt).isInstanceOf(LockFile.Attempt.Held.class);
    assertThat(Files.readString(lock())).isEqualTo(ProcessHandle.current().pid() + "\n");
    holder.waitFor();
    Fd.close(((LockFile.Attempt.Held) attempt).fd());
  }

  /** Whoever can open it to read could hold it, and with it keep the next daemon from starting. */
  @Test
  void nobodyElseCanHoldIt() throws Exception {
    Files.createFile(lock());
    Files.setPosixFilePermissions(lock(), PosixFilePermissions.fromString("rw-rw-rw-"));
    LockFile.Attempt attempt = LockFile.take(folder);
    assertThat(Files.getPosixFilePermissions(lock()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    Fd.close(((LockFile.Attempt.Held) attempt).fd());
  }

  @Test
  void whatOnlyLooksLikeALockIsLeftAlone() throws Exception {
    Path precious = Files.writeString(folder.resolve("precious"), "precious");
    Files.createSymbolicLink(lock(), precious);
    refuses("is a symbolic link, not a file");

    Files.createLink(lock(), precious);
    refuses("has 2 names (hard links)");

    FilePath.mkfifo(lock().toString(), 0600);
    refuses("is a named pipe, not a file");

    Files.createDirectory(lock());
    refuses("is a directory");
    assertThat(precious).hasContent("precious");
  }

  @Test
  void theLockOfAnotherUserIsLeftAlone() throws Exception {
    Assumptions.assumeTrue(Host.euid() == 0, "only root can give files away");
    Files.writeString(lock(), "theirs");
    Files.setAttribute(lock(), "unix:uid", 65534);
    assertThatThrownBy(() -> LockFile.take(folder))
        .hasMessage(lock() + ": belongs to user 65534; remove it");
    assertThat(lock()).hasContent("theirs");
  }

  private void refuses(String why) throws IOException {
    assertThatThrownBy(() -> LockFile.take(folder))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(lock() + ": ")
        .hasMessageContaining(why);
    Files.delete(lock());
  }

  private Path lock() {
    return folder.resolve("pmd.lock");
  }

  /** Returns a process that holds the lock, once it does, for so many seconds. */
  private Process hold(String seconds) throws IOException {
    Process holder =
        new ProcessBuilder(
                "flock", "--no-fork", lock().toString(), "sh", "-c", "echo; exec sleep " + seconds)
            .start();
    assertThat(holder.getInputStream().read()).isEqualTo('\n');
    return holder;
  }
}
