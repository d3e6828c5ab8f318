package pm.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.Configuration;
import pm.config.Folders;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.config.SocketSpec;
import pm.daemon.control.Access;
import pm.daemon.control.CommandSink;
import pm.daemon.control.ControlPorts;
import pm.daemon.control.ControlServer;
import pm.daemon.control.DaemonFacts;
import pm.daemon.control.Output;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.metrics.Metrics;
import pm.daemon.metrics.Reading;
import pm.daemon.notify.NotifySockets;
import pm.daemon.notify.ReadyPipes;
import pm.daemon.notify.ServiceNotifier;
import pm.daemon.output.LogReader;
import pm.daemon.output.OutputPump;
import pm.daemon.output.OwnOutput;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.posix.Signals;
import pm.daemon.posix.UserEntry;
import pm.daemon.posix.Users;
import pm.daemon.probe.Probes;
import pm.daemon.process.CgroupTree;
import pm.daemon.process.DescriptorLimit;
import pm.daemon.process.HostFacts;
import pm.daemon.process.Processes;
import pm.daemon.process.Provision;
import pm.daemon.process.ProvisionRefusedException;
import pm.daemon.process.StartPlans;
import pm.daemon.store.DecisionStore;
import pm.daemon.store.EventLog;
import pm.daemon.store.JournalStore;
import pm.daemon.store.MemoryStore;
import pm.daemon.store.RunRecords;
import pm.daemon.store.StoreException;
import pm.daemon.store.TaskStore;
import pm.daemon.worker.Workers;

/**
 * The parts of the daemon, made from top to bottom, and run until one of them says that it ends.
 */
final class Parts {

  private static final Logger LOG = LoggerFactory.getLogger("pmd");
  private static final int INBOX = 4_096;
  private static final int PING_MARK_CHARS = 8;
  private static final int BLOCKING_THREADS = 4;
  private static final int BLOCKING_QUEUE = 1_024;
  private static final long SETTLE_NANOS = 2_000_000_000L;

  private final ConfigurationFiles files;
  private final EventLoop loop;

  /** For the daemon's own work, which waits for no client. */
  private final BlockingPool pool;

  /** For what clients want to see. */
  private final BlockingPool clients;

  private final EventQueue queue = new EventQueue();
  private final RunRecords records;
  private final EventLog events;
  private final DecisionStore decisions;
  private final OutputPump pump;
  private final ProgramOutput output;
  private final Deadlines deadlines = new Deadlines();
  private final TaskKeeper taskKeeper;
  private final TaskStore tasks;
  private final Workers workers;
  private final WorkerTalk talk;
  private final DescriptorLimit descriptors;
  private final Processes processes;
  private final Probes probes;
  private final OwnWords words;
  private final ServiceNotifier notifier;
  private final ControlServer control;
  private final Ending ending;
  private final RuntimeFolder runtimeFolder;
  private final Decider decider;
  private final TimedTurn turn;
  private final Settling settling;
  private final SocketSpec socketSpec;
  private final Path socket;
  private final OptionalInt socketGroup;
  private final List<Problem> problems;
  private final Succession succession;
  private final Takeover takeover;
  private Optional<Inheritance> handover = Optional.empty();

  Parts(
      Folders folders,
      ConfigurationFiles files,
      Map<String, String> environment,
      SystemTime time,
      String boot,
      RunRecords.Opened opened,
      Supervisor supervisor,
      Configuration configuration,
      Succession succession)
      throws IOException, StoreException {
    this.files = files;
    this.succession = succession;
    problems = configuration.problems();
    Moment startedAt = time.now();
    socketSpec = configuration.daemon().socket();
    socket = folders.socket(socketSpec);
    socketGroup = groupOf(socketSpec);
    records = opened.records();
    loop = EventLoop.open(time, INBOX);
    pool = new BlockingPool(loop, BLOCKING_THREADS, BLOCKING_QUEUE);
    clients = new BlockingPool(loop, BLOCKING_THREADS, BLOCKING_QUEUE);
    Executor offLoop = new PoolExecutor(pool);
    pump =
        new OutputPump(
            folders.run().resolve(OwnFolders.PIPES),
            folders.log(),
            folders.state().resolve("log-index"),
            OwnOutput.of(DaemonLog.LOCK),
            new BlockedOutput(loop, queue),
            InstantSource.system());
    pump.removeStalePipes(claimed(supervisor));
    output = new ProgramOutput(pump, folders.log(), loop);
    taskKeeper = new TaskKeeper(time::nanos, supervisor.pools()::whole, queue::add);
    tasks = openTasks(folders, configuration, boot, time);
    workers =
        new Workers(
            folders.run().resolve(OwnFolders.WORKERS),
            loop,
            time::nanos,
            new WorkerTalk.Heard(queue::add),
            TaskWork.dataOf(tasks, pool, loop),
            Host.randomHex().substring(0, PING_MARK_CHARS));
    workers.removeStale(claimed(supervisor));
    workers.epoch(tasks.epoch());
    talk = new WorkerTalk(workers, output, pump::stdoutPipe);
    descriptors = DescriptorLimit.raise();
    processes =
        Processes.open(
            loop,
            (nanos, work) -> deadlines.at(time.nanos() + nanos, work),
            new Processes.Settings(
                environment,
                socket.toString(),
                Host.cores(),
                CgroupTree.find(environment, folders.run()),
                descriptors.givenBack(),
                List.of(this::provide, talk),
                pid -> false),
            talk,
            this::report);
    probes =
        new Probes(
            loop,
            deadlines,
            time,
            new StartPlans(environment, socket.toString())::plan,
            new ProcessNeighbours(processes.foreignChildren()),
            folders.run().resolve(OwnFolders.PIPES),
            queue::add);
    words =
        new OwnWords(
            new NotifySockets(
                loop,
                pool,
                folders.run().resolve(OwnFolders.NOTIFY),
                new ProcessSenders(processes.membership()),
                queue::add),
            new ReadyPipes(loop, folders.run().resolve(OwnFolders.PIPES), queue::add));
    words.removeStale(claimed(supervisor));
    notifier = new ServiceNotifier(deadlines, time, environment, new StatusSentence(supervisor));
    events = EventLog.open(folders.state(), !opened.recovered().isToBeResumed(), offLoop);
    KeptEvents keptEvents = new KeptEvents(events);
    ending = new Ending(loop);
    takeover =
        new Takeover(
            succession,
            pool,
            time,
            ending,
            processes.foreignChildren(),
            this::underWay,
            supervisor::isShuttingDown);
    HostFacts host = HostFacts.read();
    ProcessMeter meter = new ProcessMeter(host);
    Metrics metrics =
        new Metrics(
            new Metrics.Parts(
                BuildInfo.version(),
                startedAt,
                host.ticksPerSecond(),
                host.pageBytes(),
                supervisor,
                supervisor.pools()::pools,
                meter::seconds,
                pump.meters()::bytesOf,
                () -> OwnReadings.histogram(loop.turns()),
                readings(supervisor)));
    KeptLogs logs =
        new KeptLogs(output, new LogReader(folders.state().resolve("log-index")), pump.followers());
    control =
        new ControlServer(
            new Access(Host.euid(), socketGroup),
            new ControlPorts(
                supervisor,
                new CommandSink() {
                  @Override
                  public void submit(Command command) {
                    take(command);
                  }

                  @Override
                  public void submit(TaskCommand command) {
                    queue.add(command);
                  }

                  @Override
                  public void left(long request) {
                    queue.add(new TaskReport.Left(request));
                  }
                },
                loop,
                clients,
                time,
                files,
                keptEvents,
                logs,
                new KeptTasks(supervisor.pools(), tasks),
                metrics::gather,
                meter,
                new DaemonFacts(
                    BuildInfo.version(),
                    Host.pid(),
                    userName(),
                    startedAt,
                    socket,
                    folders,
                    () -> counters(supervisor)),
                takeover),
            descriptors.own().soft());
    Answers answers = new Answers(control);
    decisions = new DecisionStore(folders.state(), boot, offLoop, loop::post, answers);
    runtimeFolder =
        new RuntimeFolder(
            folders,
            socketSpec,
            socketGroup,
            succession.lock(),
            records,
            supervisor,
            control,
            words,
            loop,
            deadlines,
            time);
    long heapBytes = Runtime.getRuntime().totalMemory();
    settling =
        new Settling(
            deadlines,
            time::nanos,
            () -> supervisor.startSlotsInUse() > 0,
            () ->
                giveBack(
                    () -> {
                      // What short-lived threads had outside the heap is free only after that.
                      if (Runtime.getRuntime().totalMemory() > heapBytes) {
                        System.gc();
                      }
                      Host.giveBackFreeMemory();
                    }),
            () -> giveBack(Host::giveBackFreeMemory));
    decider =
        new Decider(
            queue,
            supervisor,
            time,
            records,
            runtimeFolder,
            new EffectInterpreter(
                processes, output, probes, words, talk, workers, notifier, events, decisions,
                answers, control, ending, metrics),
            taskKeeper,
            control::nextDeadline,
            () -> {
              takeover.endOfBatch();
              settling.awake();
            });
    taskKeeper.connect(
        tasks,
        new TaskWork(
            tasks,
            workers,
            pool,
            new Output(logs),
            name -> Optional.ofNullable(supervisor.configuration().programs().get(name)),
            queue::add,
            answers::give));
    if (tasks.hasDataAtHand()) {
      supervisor.leaveTaskData();
    }
    tasks.replay(supervisor::replayTask);
    supervisor.beginTasks(tasks.epoch(), tasks.lastTask(), tasks.isOfThisBoot(), startedAt);
    turn = new TimedTurn(decider, deadlines, time);
  }

  private void giveBack(Runnable memory) {
    boolean taken =
        pool.submit(
            Executors.callable(memory, true),
            done -> {},
            failed -> LOG.debug("memory was not given back", failed));
    if (!taken) {
      LOG.debug("memory was not given back: there is too much else to do");
    }
  }

  /** Where tasks are kept is decided at the start only. */
  private TaskStore openTasks(
      Folders folders, Configuration configuration, String boot, SystemTime time)
      throws StoreException {
    return switch (configuration.daemon().tasks()) {
      case MEMORY -> MemoryStore.open(new SystemRandom(), taskKeeper);
      case AUTO ->
          JournalStore.open(
              folders.state(),
              boot,
              time.now(),
              new SystemRandom(),
              loop::post,
              (nanos, work) -> deadlines.at(time.nanos() + nanos, work),
              taskKeeper);
    };
  }

  /** What would be lost if this daemon became another one now, in words. */
  private List<String> underWay() {
    List<String> underWay = new ArrayList<>(processes.underWay());
    for (InvocationId invocation : probes.invocationsWithHooks()) {
      underWay.add("a hook of invocation " + invocation + " runs");
    }
    if (!decisions.isIdle()) {
      underWay.add("what operators decided is being written");
    }
    if (!taskKeeper.isIdle()) {
      underWay.add("tasks are being written");
    }
    if (decider.isBlocked()) {
      underWay.add("the runtime folder cannot be written");
    }
    return underWay;
  }

  /**
   * The socket's group, if there is one and we may give it away: an ordinary user may only to a
   * group of its own.
   */
  private static OptionalInt groupOf(SocketSpec spec) throws ErrnoException {
    OptionalInt group = Users.groupId(spec.group());
    if (group.isEmpty() || Host.euid() == 0) {
      return group;
    }
    int id = group.getAsInt();
    return id == Host.egid() || Host.groups().contains(id) ? group : OptionalInt.empty();
  }

  private void take(Command command) {
    if (command instanceof Command.Apply apply && !apply.dryRun()) {
      runtimeFolder.suspect();
      files.inForce(apply.configuration());
      notifier.reloading();
      // It is decided at the end of this turn.
      loop.post(() -> loop.post(notifier::reloaded));
    }
    if (command instanceof Command.Shutdown) {
      notifier.stopping();
    }
    queue.add(command);
  }

  /** On a spawn thread, once all parts are made. */
  private Provision provide(ProgramSpec spec, SpawnPlan plan) throws ProvisionRefusedException {
    return words.provide(spec, plan);
  }

  private void report(Report report) {
    output.hear(report);
    queue.add(report);
    words.observe(report);
    talk.observe(report);
  }

  private static Set<InvocationId> claimed(Supervisor supervisor) {
    Set<InvocationId> claimed = new HashSet<>();
    for (Instance instance : supervisor.instances()) {
      instance.run().ifPresent(run -> claimed.add(run.invocation()));
    }
    return claimed;
  }

  private Map<String, Long> counters(Supervisor supervisor) {
    Map<String, Long> counters = new LinkedHashMap<>();
    counters.put("dropped_reports", supervisor.droppedReports());
    counters.put("impossible_events", decider.impossible());
    counters.put("dropped_notifications", words.dropped());
    counters.put("loop_failures", loop.failures());
    counters.put("lost_events", events.lost());
    counters.put("records_bytes", records.sizeBytes());
    counters.put("tasks_bytes", tasks.sizeBytes());
    counters.put("start_slots", (long) supervisor.startSlots());
    counters.put("start_slots_in_use", (long) supervisor.startSlotsInUse());
    counters.putAll(workers.meters().all());
    return counters;
  }

  private List<Reading> readings(Supervisor supervisor) {
    return new OwnReadings()
        .add("pm_connections", "Connections of clients.", () -> control.connections())
        .add(
            "pm_connections_refused_total",
            "Connections that were turned away.",
            () -> control.refused())
        .add(
            "pm_events_lost_total",
            "Events that could not be written to the log of events.",
            events::lost)
        .add("pm_records_bytes", "Size of the records of processes.", records::sizeBytes)
        .add("pm_tasks_bytes", "Size of the store of tasks.", tasks::sizeBytes)
        .add("pm_start_slots", "Starts that may be under way at once.", supervisor::startSlots)
        .add("pm_start_slots_used", "Starts that are under way.", supervisor::startSlotsInUse)
        .add(
            "pm_reports_dropped_total",
            "Reports about what was over already.",
            supervisor::droppedReports)
        .add(
            "pm_notifications_dropped_total",
            "Messages by sd_notify that did not count.",
            words::dropped)
        .add(
            "pm_defects_total",
            "Events and work of the loop that failed by a mistake of the daemon.",
            () -> decider.impossible() + loop.failures())
        .add("pm_log_rotations_total", "Log files that were rotated.", pump.meters()::rotations)
        .add(
            "pm_log_blocked_files",
            "Log files that cannot be written now.",
            pump.meters()::blockedFiles)
        .addCounts(() -> workers.meters().all())
        .all();
  }

  /**
   * Runs until the daemon is asked to end.
   *
   * @param first the first event, made from what operators decided before
   * @param begun told when nothing is in the way of this daemon's work any more
   * @return the exit code; without meaning if there is a {@link #handover()}
   */
  int run(Function<Decisions, Command> first, Runnable begun)
      throws IOException, StoreException, UnusableFolderException {
    queue.add(first.apply(decisions.read()));
    // A socket that cannot be had is a reason to start nothing. Nobody is served before the loop
    // runs.
    listen();
    runtimeFolder.begin(decider::publish);
    // The first programs start before the log begins.
    decider.endOfBatch();
    problems.forEach(problem -> LOG.error("{}", problem));
    receiveSignals();
    notifier.ready();
    begun.run();
    settling.begin();
    loop.run(turn);
    return ending.isUpgrade() ? handOver() : close();
  }

  /**
   * Returns the program that is to take this daemon's place, and its arguments; none if none is.
   */
  List<String> successor() {
    return ending.successor();
  }

  /** What the version that is to take this daemon's place gets, if that is how it ended. */
  Optional<Inheritance> handover() {
    return handover;
  }

  /** The user that we run as, or its number where it has no name. */
  private static String userName() throws ErrnoException {
    int uid = Host.euid();
    return Users.byUid(uid).map(UserEntry::name).orElseGet(() -> Integer.toUnsignedString(uid));
  }

  private void listen() throws UnusableFolderException {
    try {
      if (succession.inheritance().isPresent()) {
        control.listenOn(succession.inheritance().get().socket(), socket.toString());
      } else {
        control.listen(socket.toString(), socketSpec.mode(), socketGroup);
      }
    } catch (IOException refused) {
      throw new UnusableFolderException(
          "cannot listen at "
              + socket
              + ": "
              + OwnFolders.reason(refused)
              + ". Name another socket by --socket PATH.");
    }
  }

  private void receiveSignals() {
    for (String name : new String[] {"TERM", "INT"}) {
      on(name, () -> take(new Command.Shutdown(Command.UNANSWERED, Actor.signal("SIG" + name))));
    }
    on("HUP", this::apply);
    on(
        "USR1",
        () -> {
          LOG.info("SIGUSR1: opens all log files anew");
          pump.reopenAll();
        });
  }

  private void on(String signal, Runnable work) {
    Signals.receive(Signals.byName(signal).orElseThrow(), number -> loop.post(work));
  }

  private void apply() {
    notifier.reloading();
    boolean taken =
        pool.submit(
            files::read,
            configuration -> {
              configuration.problems().forEach(problem -> LOG.error("{}", problem));
              if (configuration.daemonProblems().isEmpty()) {
                take(
                    new Command.Apply(
                        Command.UNANSWERED,
                        Actor.signal("SIGHUP"),
                        configuration,
                        false,
                        Command.Patience.NONE));
              } else {
                LOG.error("SIGHUP: nothing is applied, the daemon's own configuration is wrong");
                notifier.reloaded();
              }
            },
            thrown -> {
              LOG.error("SIGHUP: the configuration cannot be read", thrown);
              notifier.reloaded();
            });
    if (!taken) {
      notifier.reloaded();
      LOG.error("SIGHUP: too much is being read already, nothing is applied");
    }
  }

  private int close() throws IOException {
    control.close();
    closeRest();
    LOG.info("ended with code {}", ending.code());
    DaemonLog.close();
    return ending.code();
  }

  /** Lets go of everything, as a crash would, but with all written that is to be written. */
  private int handOver() throws IOException {
    int listener = control.closeForUpgrade();
    workers.handOver();
    closeRest();
    DaemonLog.close();
    handover =
        Optional.of(
            new Inheritance(
                BuildInfo.version(),
                InstalledVersion.ownWords(),
                runtimeFolder.lock(),
                listener,
                ""));
    return ExitCode.OK;
  }

  private void closeRest() throws IOException {
    runtimeFolder.close();
    words.close();
    probes.close();
    notifier.close();
    processes.close();
    // For the program that this process may become.
    descriptors.restore();
    workers.close();
    pump.close();
    try {
      if (!events.settle(SETTLE_NANOS)) {
        LOG.warn("some events could not be written in time");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    pool.close();
    clients.close();
    records.close();
    tasks.close();
  }
}
