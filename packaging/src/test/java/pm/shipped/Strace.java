package pm.shipped;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Does something to the system calls of a daemon until it is closed. */
final class Strace implements AutoCloseable {

  private final Process process;

  private Strace(Process process) {
    this.process = process;
  }

  /**
   * Returns when it holds all threads of the daemon; the test is skipped where it may not.
   *
   * @param calls names of system calls, with commas
   * @param what is done to them, as {@code error=EIO}
   */
  static Strace inject(Pmd pmd, String calls, String what) throws IOException {
    Path said = Files.createTempFile(pmd.home(), "strace", ".out");
    ProcessBuilder command =
        new ProcessBuilder(
            "strace",
            "-f",
            "-p",
            Long.toString(pmd.pid()),
            "-e",
            "trace=" + calls,
            "-e",
            "inject=" + calls + ":" + what);
    Process process = start(command.redirectErrorStream(true).redirectOutput(said.toFile()));
    Await.until(
        "strace holds the daemon",
        () -> Texts.of(said).contains("attached") || !process.isAlive(),
        () -> Texts.of(said));
    assumeTrue(process.isAlive(), "strace may look at no process here: " + Texts.of(said));
    return new Strace(process);
  }

  private static Process start(ProcessBuilder command) {
    try {
      return command.start();
    } catch (IOException missing) {
      return abort("strace is missing: " + missing.getMessage());
    }
  }

  /** From then on all calls do what they should. */
  @Override
  public void close() {
    process.destroy();
    Await.until("strace has ended", () -> !process.isAlive());
  }
}
