package pm.daemon.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import pm.config.Configuration;
import pm.config.ConfigurationLoader;
import pm.config.DaemonSpec;
import pm.config.Folders;
import pm.config.ProgramSpec;
import pm.config.Trust;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.RestartWindow;
import pm.daemon.core.model.Run;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;
import pm.daemon.posix.Host;

/**
 * A control server on a real socket and a real loop. What is behind it is a supervisor that shows
 * what it was given; commands are only noted, and answered as the test says.
 */
@SuppressWarnings("try")
final class ControlFixture implements AutoCloseable {
  static final InvocationId INVOCATION = new InvocationId("0123456789abcdef0123456789abcdef");
  static final Actor ALICE = new Actor("alice", 1000, 7);

  final SystemTime time = new SystemTime();
  final EventLoop loop;
  final BlockingPool pool;
  final Supervisor supervisor = new Supervisor(new Random(1), 4);
  final ControlServer server;
  final Path socket;
  final FakeEvents events;
  final FakeLogs logs = new FakeLogs();
  final FakeTasks tasks = new FakeTasks();
  final LinkedBlockingQueue<Command> commands = new LinkedBlockingQueue<>();
  final LinkedBlockingQueue<TaskCommand> taskCommands = new LinkedBlockingQueue<>();

  /** Requests whose clients have gone. */
  final LinkedBlockingQueue<Long> left = new LinkedBlockingQueue<>();

  /** What commands are answered with at once, if with anything. Loop thread. */
  volatile Function<Command, Optional<Answer>> answers = command -> Optional.empty();

  /** The same for commands about tasks. Loop thread. */
  volatile Function<TaskCommand, Optional<Answer>> taskAnswers = command -> Optional.empty();

  volatile String metrics = "";

  /** Done on the pool whenever metrics are about to be told. */
  volatile Runnable beforeMetrics = () -> {};

  volatile Callable<Configuration> files = () -> Configuration.EMPTY;
  volatile boolean filesNewer;
  volatile Upgrade.Answer upgrade = new Upgrade.Answer.Refused("it says no");
  volatile Optional<Upgrade.Last> lastUpgrade = Optional.empty();
  volatile long cpuNanos = 3_000_000_000L;
  private final Thread thread;

  ControlFixture(Path folder, List<Entry> entries) throws IOException {
    this(folder, entries, new FakeEvents(1_000, 0), OptionalInt.empty());
  }

  ControlFixture(Path folder, List<Entry> entries, FakeEvents events, OptionalInt group)
      throws IOException {
    this(folder, entries, events, group, 65_536);
  }

  ControlFixture(
      Path folder, List<Entry> entries, FakeEvents events, OptionalInt group, long descriptors)
      throws IOException {
    this.events = events;
    socket = folder.resolve("pmd.sock");
    loop = EventLoop.open(time, 1_024);
    pool = new BlockingPool(loop, 2, 64);
    supervisor.replay(entries);
    server =
        new ControlServer(
            new Access(Host.euid(), group),
            new ControlPorts(
                supervisor,
                new Sink(),
                loop,
                pool,
                time,
                new FakeFiles(),
                events,
                logs,
                tasks,
                now ->
                    () -> {
                      beforeMetrics.run();
                      return metrics;
                    },
                process -> Optional.of(new ProcessSampler.Usage(cpuNanos, 48 * 1024 * 1024)),
                new DaemonFacts(
                    "0.1.0",
                    4711,
                    "ada",
                    new Moment(time.nanos() - 5_000_000_000L, Instant.EPOCH),
                    socket,
                    new Folders(folder, folder, folder, folder, Optional.empty()),
                    () -> Map.of("events_lost", 0L)),
                new FakeUpgrade()),
            descriptors);
    server.listen(socket.toString(), group.isPresent() ? 0666 : 0600, group);
    thread = new Thread(this::run, "loop");
    thread.start();
  }

  private void run() {
    loop.run(
        new Turn() {
          @Override
          public void endOfBatch() {
            server.endOfBatch();
          }

          @Override
          public long nextDeadlineNanos() {
            return server.nextDeadline();
          }

          @Override
          public void timePassed() {}
        });
  }

  private final class Sink implements CommandSink {
    @Override
    public void submit(Command command) {
      commands.add(command);
      answers.apply(command).ifPresent(answer -> server.reply(command.request(), answer));
    }

    @Override
    public void submit(TaskCommand command) {
      taskCommands.add(command);
      taskAnswers.apply(command).ifPresent(answer -> server.reply(command.request(), answer));
    }

    @Override
    public void left(long request) {
      left.add(request);
    }
  }

  private final class FakeUpgrade implements Upgrade {
    @Override
    public void begin(Actor actor, Consumer<Upgrade.Answer> answer) {
      answer.accept(upgrade);
      if (upgrade instanceof Upgrade.Answer.Accepted) {
        server.closeForUpgrade();
      }
    }

    @Override
    public Optional<Last> last() {
      return lastUpgrade;
    }
  }

  private final class FakeFiles implements ConfigurationSource {
    @Override
    public Configuration read() {
      try {
        return files.call();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public Configuration readText(String file, byte[] text) {
      return new ConfigurationLoader(
              new Folders(
                  Path.of("/etc/pm"),
                  Path.of("/run/pm"),
                  Path.of("/var/lib/pm"),
                  Path.of("/var/log/pm"),
                  Optional.empty()),
              0,
              Trust.ANYTHING,
              Optional.empty())
          .loadText(file, text);
    }

    @Override
    public boolean isNewer() {
      return filesNewer;
    }

    @Override
    public Loaded loaded() {
      return new Loaded(List.of(Path.of("/etc/pm/programs.d/web.yaml")), Instant.EPOCH, 0);
    }
  }

  Client connect() throws IOException {
    return new Client(socket);
  }

  /** Returns the next command that arrived. */
  Command command() throws InterruptedException {
    Command command = commands.poll(30, TimeUnit.SECONDS);
    if (command == null) {
      throw new AssertionError("no command has arrived");
    }
    return command;
  }

  /** Returns the next command about tasks that arrived. */
  TaskCommand taskCommand() throws InterruptedException {
    TaskCommand command = taskCommands.poll(30, TimeUnit.SECONDS);
    if (command == null) {
      throw new AssertionError("no command has arrived");
    }
    return command;
  }

  /** Does something on the loop thread and waits for it. */
  <T> T onLoop(Callable<T> work) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    loop.post(
        () -> {
          try {
            done.complete(work.call());
          } catch (Exception e) {
            done.completeExceptionally(e);
          }
        });
    return done.get(30, TimeUnit.SECONDS);
  }

  void reply(long request, Answer answer) throws Exception {
    onLoop(
        () -> {
          server.reply(request, answer);
          return true;
        });
  }

  void happened(String instance, String message) throws Exception {
    onLoop(
        () -> {
          events.add(instance, message);
          server.eventsAdded();
          return true;
        });
  }

  /** Waits until the loop, asked turn by turn, says that it is so. */
  void until(String what, BooleanSupplier isSo) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!onLoop(isSo::getAsBoolean)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not so after 30 seconds: " + what);
      }
      Thread.onSpinWait();
    }
  }

  void untilConnections(int count) throws Exception {
    until(count + " connections", () -> server.connections() == count);
  }

  static int openDescriptors() throws IOException {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return (int) all.count();
    }
  }

  @Override
  public void close() throws Exception {
    onLoop(
        () -> {
          server.close();
          return true;
        });
    loop.stop();
    thread.join(30_000);
    pool.close();
    loop.close();
    if (loop.failures() > 0) {
      throw new AssertionError(loop.failures() + " handlers have thrown");
    }
  }

  // What the supervisor shows.

  static ProgramSpec.Builder program(String name) {
    return new ProgramSpec.Builder(
        name, new pm.config.Command(List.of("/opt/bin/" + name, "--port", "80"), false));
  }

  /** A worker with a pool of three slots. */
  static ProgramSpec.Builder worker(String name) {
    return program(name)
        .type(pm.config.ProgramType.WORKER)
        .instances(3)
        .pool(Optional.of(pm.config.PoolSpec.DEFAULT.withBounds(1, 3)));
  }

  static List<Entry> world(List<ProgramSpec> specs, Instance... instances) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    specs.forEach(spec -> programs.put(spec.name(), spec));
    List<Entry> entries = new ArrayList<>();
    entries.add(
        new Entry.ConfigurationKept(
            new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of())));
    for (Instance instance : instances) {
      entries.add(new Entry.InstanceKept(instance));
    }
    return entries;
  }

  static Instance stopped(String name) {
    return Instance.fresh(
        InstanceName.parse(name).orElseThrow(),
        Phase.Dead.lasting(DeadReason.STOPPED, "by alice", ALICE));
  }

  static Instance up(String name, int pid, Moment since) {
    Run run =
        Run.intended(INVOCATION, since, "alice").spawned(new ProcessIdentity(pid, 99, 0), since);
    return new Instance(
        InstanceName.parse(name).orElseThrow(),
        new Phase.Up(run, InstanceState.IDLE, since.nanos()),
        RestartWindow.EMPTY,
        0,
        0,
        List.of());
  }
}
