package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.posix.Fd;

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
