package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** A command on a real terminal, at which somebody types; the terminal is made by script(1). */
final class Typed implements AutoCloseable {
  private final Process script;
  private final AtomicReference<String> shown = new AtomicReference<>("");
  private int seen;

  private Typed(Process script) {
    this.script = script;
    Thread.ofPlatform().daemon(true).start(() -> read(script.getInputStream()));
  }

  /** Starts a command line of a shell with the environment of a client. */
  static Typed start(Pmd pmd, String line) throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "there is script(1)");
    ProcessBuilder builder = pmd.client();
    builder.environment().put("TERM", "xterm");
    builder.environment().remove("COLUMNS");
    builder.command("/usr/bin/script", "-q", "-e", "-f", "-c", line, "/dev/null");
    return new Typed(builder.redirectErrorStream(true).start());
  }

  private void read(InputStream stream) {
    byte[] bytes = new byte[4_096];
    try {
      for (int count = stream.read(bytes); count > 0; count = stream.read(bytes)) {
        String more = new String(bytes, 0, count, UTF_8);
        shown.updateAndGet(before -> before + more);
      }
    } catch (IOException e) {
      // The terminal is gone.
    }
  }

  void type(String keys) throws IOException {
    script.getOutputStream().write(keys.getBytes(UTF_8));
    script.getOutputStream().flush();
  }

  /** Waits until a text is shown behind the one before. */
  void await(String text) {
    Await.until(
        "shown: " + text, () -> shown().indexOf(text, seen) >= 0, () -> shown().substring(seen));
    seen = shown().indexOf(text, seen) + text.length();
  }

  /** All that was shown, as it went to the terminal. */
  String shown() {
    return shown.get();
  }

  /** The command, which is the only child. */
  Proc command() {
    return Await.value(
        "the command runs",
        () -> script.toHandle().children().findFirst().flatMap(child -> Proc.of(child.pid())),
        this::shown);
  }

  /** Continues what a Ctrl-Z has stopped; script(1) has stopped itself too. */
  void goOn() throws IOException, InterruptedException {
    for (long pid : new long[] {script.pid(), command().pid()}) {
      Pmd.Outcome.of(new ProcessBuilder("kill", "-CONT", Long.toString(pid)));
    }
  }

  /** Waits until the command has ended, and returns its exit code. */
  int end() throws InterruptedException {
    assertThat(script.waitFor(30, TimeUnit.SECONDS)).as("it ends: %s", shown).isTrue();
    return script.exitValue();
  }

  @Override
  public void close() throws IOException {
    script.getOutputStream().close();
    script.descendants().forEach(ProcessHandle::destroyForcibly);
    script.destroyForcibly();
  }
}
