package pm.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Exec;
import pm.daemon.process.ForeignChildren;

/**
 * The version of pmd that the command by which this daemon was started leads to now: after an
 * installation another one, of which this daemon knows nothing yet.
 *
 * @param command the program by which this daemon was started, as it was called, so that a link in
 *     its place leads to what is installed
 * @param own the same with all links followed when it was started: this version
 * @param arguments of this daemon
 * @param environment of this daemon
 */
record InstalledVersion(
    String command, String own, List<String> arguments, Map<String, String> environment) {

  private static final long CHECK_SECONDS = 60;
  private static final int MOST_OUTPUT = 8_192;
  private static final String YES = "can take over: ";

  InstalledVersion {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
  }

  /** What came of asking it. */
  sealed interface Answer {
    /** It has read our records and can go on with them. */
    record Ready(String version) implements Answer {}

    /** It cannot; a sentence says why. */
    record Unable(String why) implements Answer {}
  }

  /**
   * Returns what {@code bin/pmd} said of itself; empty if this daemon was started in another way.
   */
  static Optional<InstalledVersion> find(List<String> arguments, Map<String, String> environment) {
    @Nullable String command = System.getProperty("pm.command");
    if (command == null) {
      return Optional.empty();
    }
    try {
      // Now, before another version lies behind the same name.
      String own = Path.of(command).toRealPath().toString();
      return Optional.of(new InstalledVersion(command, own, arguments, environment));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  /** Answers {@link #ask}: the line that means yes. */
  static String yes() {
    return YES + BuildInfo.version();
  }

  /**
   * Starts it as a child that looks at our records and changes nothing. Blocks for up to a minute.
   *
   * @param children learns of the child, which is not to be reaped
   */
  Answer ask(ForeignChildren children) throws InterruptedException {
    List<String> words = new ArrayList<>();
    words.add(command);
    words.addAll(arguments);
    words.add("--check-records");
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.directory(Path.of("/").toFile());
    try {
      Process child = start(builder, children);
      try {
        child.getOutputStream().close();
        // What it has to say fits the pipe, so that it need not be read meanwhile.
        if (!child.waitFor(CHECK_SECONDS, TimeUnit.SECONDS)) {
          return new Answer.Unable(
              command + " did not answer within " + CHECK_SECONDS + " seconds");
        }
        String said = read(child.getInputStream());
        String last = said.strip().lines().reduce("", (before, line) -> line);
        if (child.exitValue() == 0 && last.startsWith(YES)) {
          return new Answer.Ready(last.substring(YES.length()));
        }
        return new Answer.Unable(
            "the installed version cannot take over: "
                + (last.isEmpty() ? command + " ended with code " + child.exitValue() : last));
      } finally {
        child.destroyForcibly();
        child.waitFor();
        children.ended((int) child.pid());
      }
    } catch (IOException refused) {
      return new Answer.Unable(String.valueOf(refused.getMessage()));
    }
  }

  private static String read(InputStream output) throws IOException {
    return new String(output.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8);
  }

  private static Process start(ProcessBuilder builder, ForeignChildren children)
      throws IOException {
    ForeignChildren.Start start = children.begin();
    try {
      Process child = builder.start();
      start.started((int) child.pid());
      return child;
    } catch (IOException | RuntimeException refused) {
      start.failed();
      throw refused;
    }
  }

  /**
   * Becomes it.
   *
   * @throws ErrnoException if that is not possible
   * @throws IOException if there is none
   */
  void become(Inheritance inheritance) throws IOException {
    // A link would have the launcher start a process to follow it, and a shell that waits for one
    // child takes away how others ended.
    exec(Path.of(command).toRealPath().toString(), inheritance);
  }

  /** Becomes the version that this daemon is, or was before it handed over. */
  void become(String launcher, Inheritance inheritance) throws ErrnoException {
    exec(launcher, inheritance);
  }

  private void exec(String program, Inheritance inheritance) throws ErrnoException {
    List<String> words = new ArrayList<>();
    words.add(program);
    words.addAll(arguments);
    Map<String, String> handed = inheritance.in(environment);
    handed.put(Inheritance.COMMAND, command);
    Exec.exec(program, words, handed, Set.of(inheritance.lock(), inheritance.socket()));
  }
}
