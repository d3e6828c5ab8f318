package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import pm.protocol.Members;

/**
 * The shipped daemon in a folder of its own, and what is needed to treat it badly. At the end
 * nothing is left of it or of what it started.
 */
final class Pmd implements AutoCloseable {

  static final Path TREE = Path.of(System.getProperty("pm.tree"));
  static final Path BIN = TREE.resolve("bin");
  private static Optional<Path> treeForAll = Optional.empty();

  private final Path home;
  private final List<String> arguments;
  private final List<String> prefix;
  private Path bin = BIN;
  private Optional<Process> process = Optional.empty();

  Pmd(Path home, String... arguments) {
    this(List.of(), home, arguments);
  }

  /**
   * @param prefix a command that runs the daemon, as {@code setpriv}; empty for none
   */
  Pmd(List<String> prefix, Path home, String... arguments) {
    this.home = home;
    this.prefix = prefix;
    this.arguments = List.of(arguments);
  }

  /** Returns the tree, or a copy of it if other users cannot enter the folders that it is in. */
  static synchronized Path treeForAll() throws IOException {
    for (Path at = TREE; at != null && treeForAll.isEmpty(); at = at.getParent()) {
      if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
        Path copy = Files.createTempDirectory("pm-tree");
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
        Runtime.getRuntime()
            .addShutdownHook(new Thread(() -> copying("rm", "-rf", copy.toString())));
        copying("cp", "-a", TREE + "/.", copy.toString());
        treeForAll = Optional.of(copy);
      }
    }
    return treeForAll.orElse(TREE);
  }

  private static void copying(String... command) {
    try {
      Outcome outcome = Outcome.of(new ProcessBuilder(command));
      if (outcome.exit() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + outcome);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Path home() {
    return home;
  }

  Path socket() {
    return home.resolve("run/pmd.sock");
  }

  Path log(String instance) {
    return home.resolve("log").resolve(instance + ".log");
  }

  /** Where its own log goes, over all of its lives. */
  Path ownLog() {
    return home.resolve("pmd.out");
  }

  /** Writes the configuration. */
  Pmd with(String yaml) throws IOException {
    Path file = home.resolve("config/programs.d/programs.yaml");
    Files.createDirectories(file.getParent());
    Files.writeString(file, yaml);
    return this;
  }

  /** Runs the daemon of another tree. */
  Pmd from(Path tree) {
    bin = tree.resolve("bin");
    return this;
  }

  /** Starts it, and waits until it answers. */
  Pmd start() throws IOException {
    spawn();
    awaitAnswer();
    return this;
  }

  /** Starts it. */
  Pmd spawn() throws IOException {
    Files.createDirectories(home);
    List<String> command = new ArrayList<>(prefix);
    command.add(bin.resolve("pmd").toString());
    command.addAll(List.of("--home", home.toString()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    clean(builder.environment());
    builder.redirectOutput(Redirect.appendTo(ownLog().toFile()));
    Process started = builder.start();
    started.getOutputStream().close();
    process = Optional.of(started);
    return this;
  }

  void awaitAnswer() {
    Await.until(
        "pmd answers",
        () -> {
          assertThat(process().isAlive()).as("pmd runs; it said: %s", said()).isTrue();
          try (Wire wire = Wire.connect(socket())) {
            return wire.ask("ping").has("pong");
          } catch (IOException notYet) {
            return false;
          }
        });
  }

  Process process() {
    return process.orElseThrow();
  }

  long pid() {
    return process().pid();
  }

  /** {@code kill -9}. */
  void crash() throws InterruptedException {
    process().destroyForcibly();
    awaitEnd();
  }

  void signal(String name) throws IOException, InterruptedException {
    String[] kill = {"kill", "-" + name, Long.toString(pid())};
    assertThat(Outcome.of(new ProcessBuilder(kill)).exit()).isZero();
  }

  /** Waits until it has ended, and returns its exit code. */
  int awaitEnd() throws InterruptedException {
    assertThat(process().waitFor(60, TimeUnit.SECONDS))
        .as("pmd ends; it said: %s", said())
        .isTrue();
    return process().exitValue();
  }

  /** Returns the end of its own log. */
  String said() {
    try {
      String all = Files.readString(ownLog());
      return all.substring(Math.max(0, all.length() - 6_000));
    } catch (IOException none) {
      return "nothing";
    }
  }

  /** Runs the client until it ends. */
  Outcome pmctl(String... words) throws IOException, InterruptedException {
    return Outcome.of(client(words));
  }

  /** Returns the client, to be started. */
  ProcessBuilder client(String... words) {
    return client(TREE, words);
  }

  /** Returns a client that any user can start. */
  ProcessBuilder clientForAll(String... words) throws IOException {
    return client(treeForAll(), words);
  }

  private ProcessBuilder client(Path tree, String... words) {
    List<String> command = new ArrayList<>();
    command.add(tree.resolve("bin/pmctl").toString());
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    clean(builder.environment());
    builder.environment().put("PM_HOME", home.toString());
    return builder;
  }

  private static void clean(Map<String, String> environment) {
    environment.keySet().removeIf(name -> name.startsWith("PM") || name.contains("JAVA"));
    environment.keySet().removeIf(name -> name.equals("NO_COLOR") || name.equals("LC_ALL"));
  }

  /** Asks it on a connection of its own. */
  Members ask(String method, Object... params) throws IOException {
    try (Wire wire = Wire.connect(socket())) {
      return wire.ask(method, params);
    }
  }

  /** Returns all instances by name, as {@code status} has them. */
  Map<String, Members> status() {
    try (Wire wire = Wire.connect(socket())) {
      Map<String, Members> instances = new HashMap<>();
      for (Members item : wire.pages("status")) {
        instances.put(Wire.text(item, "name"), item);
      }
      return instances;
    } catch (IOException broken) {
      throw new AssertionError("no status; pmd said: " + said(), broken);
    }
  }

  Members status(String instance) {
    return Optional.ofNullable(status().get(instance))
        .orElseThrow(() -> new AssertionError("no instance " + instance));
  }

  /** Waits until an instance has a state, or a state and a reason as {@code DEAD/backoff}. */
  Members await(String instance, String wanted) {
    return Await.value(
        instance + " is " + wanted,
        () -> Optional.of(status(instance)).filter(item -> is(item, wanted)),
        () -> status(instance) + "; pmd said: " + said());
  }

  static boolean is(Members item, String wanted) {
    String state = Wire.text(item, "state");
    return wanted.equals(state) || wanted.equals(state + "/" + Wire.text(item, "reason"));
  }

  /** Returns all processes that it or one of its predecessors started. */
  List<Proc> processes() {
    return Proc.withEnvironment("PM_SOCKET=" + socket());
  }

  @Override
  public void close() {
    process.ifPresent(
        running -> {
          running.destroyForcibly();
          try {
            running.waitFor();
          } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
          }
        });
    Await.until(
        "nothing is left",
        () -> {
          List<Proc> left = processes();
          left.forEach(Proc::kill);
          return left.isEmpty();
        });
  }

  /** What a client that has ended leaves. */
  record Outcome(int exit, String out, String err) {

    static Outcome of(ProcessBuilder builder) throws IOException, InterruptedException {
      Process process = builder.start();
      process.getOutputStream().close();
      FutureTask<String> out = read(process.getInputStream());
      FutureTask<String> err = read(process.getErrorStream());
      boolean ended = process.waitFor(2, TimeUnit.MINUTES);
      if (!ended) {
        // Also what it started, which would hold what we read open.
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
      try {
        Outcome outcome = new Outcome(process.waitFor(), out.get(), err.get());
        assertThat(ended).as("%s ends: %s", builder.command(), outcome).isTrue();
        return outcome;
      } catch (ExecutionException broken) {
        throw new IOException(broken);
      }
    }

    private static FutureTask<String> read(InputStream stream) {
      FutureTask<String> text = new FutureTask<>(() -> new String(stream.readAllBytes(), UTF_8));
      Thread.ofPlatform().daemon(true).start(text);
      return text;
    }

    List<String> lines() {
      return out.lines().toList();
    }
  }
}
