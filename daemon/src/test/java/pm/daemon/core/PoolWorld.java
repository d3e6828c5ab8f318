package pm.daemon.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.DependencyCondition;
import pm.config.LimitsSpec;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.OnDependencyRestart;
import pm.config.OnMemory;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.config.StopScope;
import pm.config.StopSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Priority;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.TaskState;
import pm.daemon.core.model.TaskView;

/**
 * A supervisor with a pool in a random world: workers that answer, fail, hang, die and ignore
 * signals; operators; daemons that are killed at any moment, before and after what they decided was
 * kept. In the end everybody behaves, and every task must have ended, every operator been answered
 * once, and the pool be as it should.
 */
final class PoolWorld {

  private static final long SECOND = 1_000_000_000L;
  private static final Actor ALICE = new Actor("alice", 1000, 7);

  /** A process of a worker. */
  private static final class Process {
    final InstanceName slot;
    final InvocationId id;
    final ProcessIdentity identity;
    final Map<Long, Integer> inHand = new LinkedHashMap<>();
    boolean isAlive = true;
    boolean isEndKnown;
    boolean isStubborn;
    long sentThrough;

    Process(InstanceName slot, InvocationId id, int pid) {
      this.slot = slot;
      this.id = id;
      this.identity = new ProcessIdentity(pid, pid, pid);
    }
  }

  private record Happens(long at, long order, Runnable what) {}

  private final long seed;
  private final SplittableRandom random;
  private final List<String> story = new ArrayList<>();
  private final Transcript transcript = new Transcript();
  private Supervisor core;
  private int daemons;
  private long nanos = 1_000 * SECOND;
  private long order;
  private int pids = 100;
  private long requests;
  private boolean isTame;
  private final Set<Long> open = new HashSet<>();
  private final List<Entry> journal = new ArrayList<>();
  private final List<TaskEntry> taskJournal = new ArrayList<>();
  private final Map<InvocationId, Process> processes = new LinkedHashMap<>();
  private final PriorityQueue<Happens> future =
      new PriorityQueue<>(Comparator.comparingLong(Happens::at).thenComparingLong(Happens::order));
  private final Set<InvocationId> unfound = new HashSet<>();
  private TreeMap<String, ProgramSpec> files = new TreeMap<>();
  private boolean hasEnded;
  private long lastTask;

  PoolWorld(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.core = new Supervisor(new SplittableRandom(seed), 4);
    core.beginTasks("t", 0, true, now());
  }

  void play() {
    try {
      files = new TreeMap<>(programs());
      handle(new Command.Begin(Actor.AUTOSTART, configuration(), Decisions.NONE));
      for (int i = 0; i < 150; i++) {
        step();
      }
      tame();
      settleDown();
      check();
    } catch (RuntimeException | AssertionError wrong) {
      int from = Math.max(0, story.size() - Integer.getInteger("pool.story", 400));
      throw new AssertionError(
          "seed "
              + seed
              + ": "
              + wrong
              + "\n"
              + String.join("\n", story.subList(from, story.size())),
          wrong);
    }
  }

  // The definitions.

  private Map<String, ProgramSpec> programs() {
    int min = random.nextInt(3);
    int max = Math.max(1, min + random.nextInt(3));
    PoolSpec pool =
        new PoolSpec(
            min,
            max,
            new PoolSpec.ScaleUp(
                Duration.ofMillis(random.nextInt(3) * 500L), 1 + random.nextInt(2)),
            Duration.ofSeconds(1 + random.nextInt(10)),
            PoolSpec.DEFAULT.strategy(),
            List.of(),
            1 + random.nextInt(3),
            List.of("*"),
            random.nextInt(3) == 0
                ? new PoolSpec.Recycle(
                    OptionalLong.of(1 + random.nextInt(5)),
                    Optional.of(Duration.ofSeconds(5 + random.nextInt(20))),
                    random.nextBoolean() ? OptionalLong.of(100) : OptionalLong.empty(),
                    0.2)
                : PoolSpec.Recycle.NONE,
            PoolSpec.Throttle.NONE,
            random.nextInt(4) == 0
                ? new PoolSpec.Stall(
                    Optional.of(Duration.ofSeconds(6)), PoolSpec.StallAction.RESTART)
                : PoolSpec.Stall.DEFAULT,
            PoolSpec.QueueSpec.DEFAULT,
            new PoolSpec.TaskRules(
                Duration.ofSeconds(3 + random.nextInt(10)),
                random.nextInt(3),
                new PoolSpec.TaskBackoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(5), 0),
                Duration.ofHours(24),
                10_000,
                1 + random.nextInt(3)),
            PoolSpec.DEFAULT.breaker());
    TreeMap<String, ProgramSpec> made = new TreeMap<>();
    StopSpec stop =
        new StopSpec(
            "TERM",
            Duration.ofSeconds(random.nextInt(4)),
            StopScope.TREE,
            switch (random.nextInt(3)) {
              case 0 -> Optional.empty();
              case 1 -> Optional.of(Duration.ZERO);
              default -> Optional.of(Duration.ofSeconds(1 + random.nextInt(8)));
            },
            Optional.empty());
    ProgramSpec.Builder pics =
        new ProgramSpec.Builder("pics", new pm.config.Command(List.of("/bin/pics"), false))
            .type(ProgramType.WORKER)
            .readiness(
                random.nextBoolean()
                    ? new Readiness.Ping()
                    : new Readiness.Uptime(Duration.ofMillis(random.nextInt(2) * 500L)))
            .liveness(
                random.nextInt(3) == 0
                    ? Optional.empty()
                    : Optional.of(Liveness.of(new LivenessKind.Ping())))
            .stop(stop)
            .autostart(random.nextInt(5) > 0)
            .pool(Optional.of(pool));
    if (random.nextInt(3) == 0) {
      LimitsSpec none = LimitsSpec.NONE;
      pics.limits(
          new LimitsSpec(
              none.resources(),
              OptionalLong.of(150),
              OnMemory.RESTART,
              none.cpuPercent(),
              none.tasks(),
              none.nice(),
              none.ioClass(),
              none.cpuAffinity(),
              none.oomScoreAdj()));
    }
    made.put("pics", pics.build());
    TreeMap<String, DependencyCondition> needs = new TreeMap<>();
    needs.put("pics", DependencyCondition.READY);
    made.put(
        "web",
        new ProgramSpec.Builder("web", new pm.config.Command(List.of("/bin/web"), false))
            .readiness(new Readiness.Uptime(Duration.ZERO))
            .dependsOn(needs)
            .onDependencyRestart(
                random.nextBoolean() ? OnDependencyRestart.RESTART : OnDependencyRestart.NOTHING)
            .build());
    if (random.nextInt(3) == 0) {
      ProgramSpec spec = made.get("pics");
      made.put("base", new ProgramSpec.Builder("base", spec.command()).build());
      TreeMap<String, DependencyCondition> base = new TreeMap<>();
      base.put("base", DependencyCondition.STARTED);
      made.put("pics", new ProgramSpec.Builder(spec).dependsOn(base).build());
    }
    return made;
  }

  private Configuration configuration() {
    return new Configuration(DaemonSpec.DEFAULT, files, new TreeMap<>(), List.of());
  }

  private Moment now() {
    return new Moment(nanos, Instant.EPOCH.plusNanos(nanos));
  }

  // What happens.

  private void step() {
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> command(taskCommand());
      case 3 -> command(command());
      case 4 -> {
        if (random.nextInt(4) == 0) {
          kill();
        }
      }
      case 5 -> someoneDies();
      default -> pass((long) (random.nextDouble() * random.nextInt(4) * SECOND));
    }
  }

  private void someoneDies() {
    List<Process> alive = processes.values().stream().filter(each -> each.isAlive).toList();
    if (!alive.isEmpty()) {
      exit(alive.get(random.nextInt(alive.size())), new ExitStatus.Signalled("KILL", 9, false));
    }
  }

  private void command(Event event) {
    if (hasEnded) {
      succeed(true);
    }
    if (event instanceof Command command) {
      open.add(command.request());
    } else if (event instanceof TaskCommand command) {
      open.add(command.request());
    }
    handle(event);
  }

  private Event taskCommand() {
    List<String> ids =
        lastTask == 0 ? List.of("t-1") : List.of("t-" + (1 + random.nextLong(lastTask)));
    List<String> pools = List.of("pics");
    return switch (random.nextInt(isTame ? 1 : 12)) {
      case 8 -> new TaskCommand.Cancel(++requests, ALICE, ids);
      case 9 -> new TaskCommand.Retry(++requests, ALICE, ids);
      case 10 ->
          random.nextBoolean()
              ? new TaskCommand.Pause(++requests, ALICE, pools)
              : new TaskCommand.Drain(
                  ++requests, ALICE, pools, new Command.Patience(true, 5 * SECOND));
      case 11 -> new TaskCommand.Resume(++requests, ALICE, pools);
      default -> {
        List<NewTask> tasks = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
          tasks.add(
              new NewTask(
                  "",
                  NewTask.DEFAULT_TYPE,
                  Priority.NORMAL,
                  NewTask.POOLS,
                  NewTask.POOLS,
                  random.nextInt(3) == 0 ? SECOND : 0,
                  "{}".getBytes(StandardCharsets.UTF_8)));
        }
        yield new TaskCommand.Submit(
            ++requests, ALICE, "pics", tasks, random.nextInt(4) == 0, 20 * SECOND, 0);
      }
    };
  }

  private Command command() {
    long request = ++requests;
    List<String> selectors =
        switch (random.nextInt(6)) {
          case 0, 1 -> List.of("pics@" + (1 + random.nextInt(2)));
          case 2 -> List.of("web");
          case 3 -> List.of("all");
          default -> List.of("pics");
        };
    Command.Patience patience =
        random.nextBoolean()
            ? Command.Patience.NONE
            : new Command.Patience(true, (1 + random.nextInt(60)) * SECOND);
    return switch (random.nextInt(14)) {
      case 0, 1 -> new Command.Stop(request, ALICE, selectors, patience);
      case 2, 3, 4 -> new Command.Start(request, ALICE, selectors, patience);
      case 5 -> new Command.Restart(request, ALICE, selectors, patience);
      case 6 -> new Command.RollingRestart(request, ALICE, selectors, Duration.ZERO, patience);
      case 7, 8 -> {
        int min = random.nextInt(3);
        TreeMap<String, InstanceBounds> counts = new TreeMap<>();
        counts.put("pics", new InstanceBounds(min, Math.max(1, min + random.nextInt(3))));
        yield new Command.Scale(request, ALICE, counts, patience);
      }
      case 9 -> new Command.Disable(request, ALICE, selectors, patience);
      case 10 -> new Command.Enable(request, ALICE, selectors, patience);
      case 11 -> new Command.Reset(request, ALICE, selectors);
      case 12 -> {
        if (random.nextInt(8) == 0) {
          yield new Command.Shutdown(request, ALICE);
        }
        yield new Command.Reload(request, ALICE, List.of("web"), patience);
      }
      default -> {
        files = new TreeMap<>(programs());
        yield new Command.Apply(request, ALICE, configuration(), false, patience);
      }
    };
  }

  private void pass(long length) {
    long until = nanos + length;
    int atOnce = 0;
    while (!hasEnded) {
      long next = core.nextDeadline();
      if (!future.isEmpty() && future.element().at() <= Math.min(until, next)) {
        Happens happens = future.remove();
        nanos = Math.max(nanos, happens.at());
        happens.what().run();
        atOnce = 0;
      } else if (next <= until) {
        atOnce = next <= nanos ? atOnce + 1 : 0;
        assertThat(atOnce).as("time passes at once, again and again").isLessThan(20);
        nanos = Math.max(nanos, next);
        handle(new TimePassed());
      } else {
        break;
      }
    }
    if (hasEnded) {
      succeed(true);
    }
    nanos = Math.max(nanos, until);
  }

  private void later(long within, Runnable what) {
    future.add(new Happens(nanos + 1 + random.nextLong(within), order++, what));
  }

  private void handle(Event event) {
    if (hasEnded) {
      succeed(true);
    }
    story.add(nanos / 1_000_000 + "ms " + transcript.event(event));
    boolean isKilled = !isTame && random.nextInt(100) == 0;
    List<Effect> effects = new ArrayList<>();
    int kept = journal.size();
    int keptTasks = taskJournal.size();
    take(core.handle(event, now()), effects);
    for (int i = 0; ; i++) {
      Decision settled = core.settle(now());
      if (settled.entries().isEmpty()
          && settled.taskEntries().isEmpty()
          && settled.effects().isEmpty()) {
        break;
      }
      assertThat(i).as("settles for ever").isLessThan(20);
      take(settled, effects);
    }
    atRest();
    if (isKilled && random.nextInt(3) == 0) {
      // Tasks are kept after all else, and not at all where that was not kept.
      taskJournal.subList(keptTasks, taskJournal.size()).clear();
      if (random.nextBoolean()) {
        journal.subList(kept, journal.size()).clear();
      }
      story.add("-- what was decided is not kept");
      succeed(false);
      return;
    }
    for (Effect effect : effects) {
      if (isKilled && random.nextInt(3) == 0) {
        succeed(false);
        return;
      }
      carryOut(effect);
    }
    if (isKilled) {
      succeed(false);
    }
  }

  private void take(Decision decision, List<Effect> effects) {
    story.addAll(transcript.lines(decision, now()));
    journal.addAll(decision.entries());
    taskJournal.addAll(decision.taskEntries());
    for (TaskEntry entry : decision.taskEntries()) {
      lastTask = Math.max(lastTask, entry.task());
    }
    effects.addAll(decision.effects());
  }

  private void kill() {
    succeed(false);
  }

  /** Another daemon goes on. */
  private void succeed(boolean clean) {
    story.add("-- another daemon, " + (clean ? "after a shutdown" : "after a kill"));
    hasEnded = false;
    open.clear();
    daemons++;
    core = new Supervisor(new SplittableRandom(seed * 1000 + daemons), 4);
    future.removeIf(each -> !(each.what() instanceof OfWorker));
    boolean endsClean = journal.isEmpty() || journal.getLast() instanceof Entry.CleanEnd;
    if (!endsClean) {
      core.replay(journal);
    }
    taskJournal.forEach(core::replayTask);
    core.beginTasks("t", lastTask, true, now());
    if (endsClean) {
      Decisions last = Decisions.NONE;
      for (Entry entry : journal) {
        if (entry instanceof Entry.DecisionsKept kept) {
          last = kept.decisions();
        }
      }
      for (Process process : processes.values()) {
        assertThat(process.isAlive).as(process.slot + " outlives the shutdown").isFalse();
      }
      handle(new Command.Begin(Actor.AUTOSTART, configuration(), last));
    } else {
      handle(new Command.Resume(Actor.AUTOSTART));
    }
  }

  /** What a worker does by itself, whatever daemon there is. */
  private interface OfWorker extends Runnable {}

  // What is done.

  private void carryOut(Effect effect) {
    switch (effect) {
      case Effect.Spawn spawn ->
          later(SECOND / 5, () -> spawned(spawn.instance(), spawn.invocation()));
      case Effect.Signal signal -> {
        Process process = processes.get(signal.invocation());
        if (process != null && signal.signal().equals("TERM")) {
          if (!process.isStubborn) {
            later(
                SECOND,
                (OfWorker) () -> exit(process, new ExitStatus.Signalled("TERM", 15, false)));
          }
        }
      }
      case Effect.KillRemains kill -> later(SECOND / 5, () -> killed(kill.invocation()));
      case Effect.SignalRemains signal -> later(SECOND / 5, () -> killed(signal.invocation()));
      case Effect.Adopt adopt -> {
        unfound.add(adopt.run().invocation());
        later(
            SECOND / 5, () -> adopted(adopt.instance(), adopt.run().invocation(), adopt.exited()));
      }
      case Effect.Ping ping -> {
        Process process = processes.get(ping.invocation());
        if (process != null && (isTame || random.nextInt(15) > 0)) {
          later(
              SECOND / 5,
              () -> {
                if (process.isAlive) {
                  handle(new Report.Checked(ping.invocation(), ping.number(), true, ""));
                }
              });
        }
      }
      case Effect.ReadUsage read ->
          later(
              SECOND / 5,
              () ->
                  handle(
                      new Report.Used(
                          read.invocation(),
                          OptionalLong.of(isTame ? 10 : random.nextInt(180)),
                          OptionalLong.empty(),
                          OptionalInt.empty())));
      case Effect.Reply reply -> {
        assertThat(open.remove(reply.request())).as("answered twice: " + reply).isTrue();
      }
      case Effect.Exit exit -> hasEnded = true;
      case TaskEffect.Send send -> {
        Process process = processes.get(send.invocation());
        if (process != null && process.isAlive) {
          process.sentThrough = send.sequence();
          process.inHand.put(send.task(), send.attempt());
          works(process, send.task(), send.attempt());
        }
      }
      case TaskEffect.Cancel cancel -> {
        Process process = processes.get(cancel.invocation());
        long task = Long.parseLong(cancel.id().substring(2));
        if (process != null && random.nextInt(3) > 0 && process.inHand.containsKey(task)) {
          int attempt = process.inHand.get(task);
          later(SECOND, (OfWorker) () -> answer(process, task, attempt, false));
        }
      }
      case TaskEffect.Withdraw withdraw ->
          throw new IllegalStateException("all data can be read: " + withdraw);
      case TaskEffect.Finish finish -> {
        Process process = processes.get(finish.invocation());
        if (process != null && random.nextBoolean()) {
          later(
              4 * SECOND,
              (OfWorker)
                  () -> {
                    if (process.inHand.isEmpty()) {
                      exit(process, new ExitStatus.Code(0));
                    }
                  });
        }
      }
      case TaskEffect.ReadEvidence read ->
          later(
              SECOND / 5,
              () -> handle(new TaskReport.Evidence(read.task(), read.invocation(), "last words")));
      case TaskEffect.ReadLoad read -> {}
      case Effect.Release release -> processes.remove(release.invocation());
      case Effect.Follow follow -> {}
      case Effect.Check check -> {}
      case Effect.RunHook hook -> {}
      case Effect.EndHooks end -> {}
      case Effect.ChangeLogs change -> {}
      case Effect.Publish publish -> {}
    }
  }

  private void spawned(InstanceName slot, InvocationId id) {
    if (!isTame && random.nextInt(25) == 0) {
      handle(new Report.SpawnFailed(id, "exec", "none", random.nextInt(3) > 0));
      return;
    }
    Process process = new Process(slot, id, pids++);
    process.isStubborn = !isTame && random.nextInt(6) == 0;
    for (Process other : processes.values()) {
      assertThat(other.isAlive && other.slot.equals(slot)).as("two of " + slot).isFalse();
    }
    processes.put(id, process);
    handle(new Report.Spawned(id, process.identity));
    if (!isTame && random.nextInt(12) == 0) {
      later(3 * SECOND, (OfWorker) () -> exit(process, new ExitStatus.Code(random.nextInt(2))));
    }
  }

  private void works(Process process, long task, int attempt) {
    int fate = isTame ? 0 : random.nextInt(14);
    if (fate == 13) {
      return;
    }
    if (fate == 12) {
      later(SECOND, (OfWorker) () -> exit(process, new ExitStatus.Signalled("SEGV", 11, false)));
      return;
    }
    later((fate > 9 ? 20 : 2) * SECOND, (OfWorker) () -> answer(process, task, attempt, fate < 9));
  }

  /** It answers; a daemon that is not there hears it later. */
  private void answer(Process process, long task, int attempt, boolean isWell) {
    if (process.isAlive && unfound.contains(process.id)) {
      later(SECOND / 5, (OfWorker) () -> answer(process, task, attempt, isWell));
      return;
    }
    if (!process.isAlive || !Integer.valueOf(attempt).equals(process.inHand.remove(task))) {
      return;
    }
    handle(
        isWell
            ? new TaskReport.Succeeded(
                process.id, task, "", attempt, "1".getBytes(StandardCharsets.UTF_8))
            : new TaskReport.Failed(process.id, task, "", attempt, "no", random.nextInt(4) > 0));
  }

  private void exit(Process process, ExitStatus status) {
    if (!process.isAlive) {
      return;
    }
    process.isAlive = false;
    boolean isWatched =
        core.instances().stream()
            .anyMatch(
                instance ->
                    instance
                        .run()
                        .filter(run -> run.invocation().equals(process.id))
                        .filter(run -> run.process().isPresent())
                        .isPresent());
    if (isWatched && !isUnfound(process)) {
      process.isEndKnown = true;
      handle(new Report.Exited(process.id, status, false));
    }
  }

  /** Whether a later daemon has still to look for it, which then finds that it has ended. */
  private boolean isUnfound(Process process) {
    return unfound.contains(process.id);
  }

  private void killed(InvocationId id) {
    Process process = processes.get(id);
    if (process == null) {
      handle(new Report.RemainsGone(id));
    } else if (process.isAlive) {
      exit(process, new ExitStatus.Signalled("KILL", 9, false));
    } else if (!process.isEndKnown) {
      process.isEndKnown = true;
      handle(new Report.Exited(id, new ExitStatus.Unknown(), false));
    }
  }

  private void adopted(InstanceName slot, InvocationId id, boolean exited) {
    unfound.remove(id);
    Process process = processes.get(id);
    if (exited) {
      return;
    }
    if (process == null) {
      handle(new Report.NeverSpawned(id));
    } else if (!process.isAlive) {
      process.isEndKnown = true;
      handle(new Report.Exited(id, new ExitStatus.Unknown(), false));
    } else {
      boolean isKnown =
          core.instances().stream()
              .filter(instance -> instance.name().equals(slot))
              .flatMap(instance -> instance.run().stream())
              .anyMatch(run -> run.process().isPresent());
      handle(
          isKnown
              ? new Report.Adopted(id, process.identity)
              : new Report.Spawned(id, process.identity));
      if (slot.program().equals("pics") && process.isAlive && !hasEnded) {
        handle(new TaskReport.SentThrough(id, process.sentThrough));
      }
    }
  }

  // What must be so.

  private void atRest() {
    int live = 0;
    for (Instance instance : core.instances()) {
      if (!instance.name().program().equals("pics")) {
        continue;
      }
      live += instance.phase() instanceof Phase.Dead ? 0 : 1;
      if (instance.phase() instanceof Phase.Up up && up.state() != InstanceState.UNHEALTHY) {
        assertThat(up.state() == InstanceState.BUSY)
            .as(instance.name() + " is " + up.state())
            .isEqualTo(core.pools().inHand(instance) > 0);
      }
      if (instance.phase() instanceof Phase.Dead) {
        assertThat(core.pools().inHand(instance)).as(instance.name() + " is dead").isZero();
      }
      core.why(instance.name(), now());
    }
    assertThat(live).isLessThanOrEqualTo(6);
  }

  private void tame() {
    story.add("-- everybody behaves");
    isTame = true;
    processes.values().forEach(process -> process.isStubborn = false);
    putInOrder();
  }

  private void putInOrder() {
    command(new TaskCommand.Resume(++requests, ALICE, List.of("pics")));
    command(new Command.Enable(++requests, ALICE, List.of("all"), Command.Patience.NONE));
    command(new Command.Start(++requests, ALICE, List.of("all"), Command.Patience.NONE));
  }

  private void settleDown() {
    for (int i = 0; i < 40; i++) {
      pass(5 * SECOND);
      // What was commanded before may have met a daemon that ended.
      if (i % 10 == 5) {
        putInOrder();
      }
    }
  }

  private void check() {
    assertThat(open).as("not answered").isEmpty();
    for (TaskView task : core.pools().tasks("pics", Optional.empty(), 0, 100_000, now())) {
      assertThat(task.state().isEnd()).as(task.id() + " is " + task.state()).isTrue();
      assertThat(task.state()).isNotEqualTo(TaskState.RUNNING);
    }
    PoolSpec pool =
        Optional.ofNullable(core.configuration().programs().get("pics"))
            .flatMap(ProgramSpec::pool)
            .orElseThrow();
    Map<String, Integer> up = new HashMap<>();
    for (Instance instance : core.instances()) {
      if (instance.phase() instanceof Phase.Up) {
        up.merge(instance.name().program(), 1, Integer::sum);
      } else if (!instance.name().program().equals("pics")) {
        throw new AssertionError(instance.name() + " is not up: " + instance.phase());
      }
    }
    assertThat(up.getOrDefault("pics", 0)).isBetween(pool.min(), pool.max());
  }
}
