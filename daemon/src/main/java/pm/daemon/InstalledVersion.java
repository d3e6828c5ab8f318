package pm.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Exec;
import pm.daemon.process.ForeignChildren;
import pm.protocol.Json;

/**
 * The version of pmd that the command by which this daemon was started leads to now: after an
 * installation another one, of which this daemon knows nothing yet.
 *
 * @param command the program by which this daemon was started, as it was called, so that a link in
 *     its place leads to what is installed
 * @param arguments of this daemon
 * @param environment of this daemon
 */
record InstalledVersion(String command, List<String> arguments, Map<String, String> environment) {

  private static final long CHECK_SECONDS = 60;
  private static final int MOST_OUTPUT = 60_000;
  private static final String CHECK = "--check-records";
  private static final String RUNS_AS = "runs as: ";
  private static final String YES = "can take over: ";

  InstalledVersion {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
  }

  /** What came of asking it. */
  sealed interface Answer {
    /**
     * It has read our records and can go on with them.
     *
     * @param words the program that it is, by its path, and the program's own name and arguments
     */
    record Ready(String version, List<String> words) implements Answer {}

    /** It cannot; a sentence says why. */
    record Unable(String why) implements Answer {}
  }

  /**
   * Returns what {@code bin/pmd} said of itself; empty if this daemon was started in another way.
   */
  static Optional<InstalledVersion> find(List<String> arguments, Map<String, String> environment) {
    return Optional.ofNullable(System.getProperty("pm.command"))
        .map(command -> new InstalledVersion(command, arguments, environment));
  }

  /** Answers {@link #ask}: what this process is, and then the line that means yes. */
  static String yes() throws IOException {
    return RUNS_AS + Json.write(List.<Object>copyOf(ownWords())) + "\n" + YES + BuildInfo.version();
  }

  /** Returns the program that this process is, and its arguments. */
  static List<String> ownWords() throws IOException {
    // Java's own view of its arguments leaves out those of the virtual machine.
    String all = Files.readString(Path.of("/proc/self/cmdline"));
    return List.of(all.substring(0, all.length() - 1).split("\0", -1));
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
    words.add(CHECK);
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
        List<String> runsAs = runsAs(said);
        if (child.exitValue() == 0 && last.startsWith(YES) && !runsAs.isEmpty()) {
          return new Answer.Ready(last.substring(YES.length()), runsAs);
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

  /**
   * Returns the words of the same program without the request to check; empty if there are none.
   */
  private static List<String> runsAs(String said) {
    Optional<String> line = said.lines().filter(each -> each.startsWith(RUNS_AS)).findFirst();
    if (line.isEmpty()) {
      return List.of();
    }
    List<String> words = new ArrayList<>(Inheritance.words(line.get().substring(RUNS_AS.length())));
    words.remove(CHECK);
    return words;
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
   * Becomes another program, which is to take this one's place.
   *
   * <p>Not the command itself: that is a shell's script, and a shell takes away how the children of
   * its process ended, if only because one of them ends while it runs.
   *
   * @param words what {@link Answer.Ready} or {@link #ownWords} said
   * @throws ErrnoException if that is not possible
   */
  void become(List<String> words, Inheritance inheritance) throws ErrnoException {
    Exec.exec(
        words.getFirst(),
        words,
        inheritance.in(environment),
        Set.of(inheritance.lock(), inheritance.socket()));
  }
}
