package pm.daemon.simulation;

import static pm.daemon.simulation.TaskViolation.unless;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import pm.config.Configuration;
import pm.config.ProgramType;
import pm.daemon.TaskKeeping;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;
import pm.daemon.core.pool.PoolOracle;
import pm.daemon.store.StoreException;
import pm.daemon.store.TaskStore;

/**
 * One daemon around the core, from its begin to its end or its death. In the order of the real one:
 * the records of a turn are kept, its effects run, its entries about tasks are kept, what they lead
 * to is done; frames are written and what was heard is taken from the pipes at the end of the
 * batch. It may be killed between any of it.
 */
final class TaskDaemon implements Turn, TaskChannel.Owner {

  private static final int MOST_AT_ONCE = 40;

  private final TaskWorld world;
  private final TaskWatch watch;
  private final TaskSabotage sabotage;
  private final int number;
  final Supervisor core;
  private final TaskKeeping keeper;
  private final TaskStore store;
  private final ArrayDeque<Event> events = new ArrayDeque<>();
  private List<Entry> entries = new ArrayList<>();
  private List<Effect> effects = new ArrayList<>();
  private int pendingEntries;

  /** Replies that wait for their entries, and how many turns must be safe before each. */
  private final List<Long> pendingReplies = new ArrayList<>();

  private final Map<Long, Integer> needed = new HashMap<>();
  private final TreeMap<Long, List<Effect.Reply>> waiting = new TreeMap<>();
  private long safeDecision;
  private final Map<InvocationId, TaskChannel> channels = new LinkedHashMap<>();
  private final Set<TaskChannel> heard = new LinkedHashSet<>();

  /** Processes that it would see end. */
  private final Set<InvocationId> held = new LinkedHashSet<>();

  /** Of which it is not yet told what they were sent before. */
  private final Set<InvocationId> unheard = new LinkedHashSet<>();

  private final Set<InvocationId> spawning = new LinkedHashSet<>();
  private Optional<Integer> exit = Optional.empty();
  private boolean isFlushDue;
  private final long beganAt;
  private long lastNanos;
  private int atOnce;

  TaskDaemon(TaskWorld world, int number) {
    this.world = world;
    this.watch = world.watch;
    this.sabotage = world.sabotage;
    this.number = number;
    beganAt = world.time();
    core = new Supervisor(new SplittableRandom(world.seed * 7_919 + number), 4);
    keeper = new TaskKeeping(() -> now().nanos(), task -> core.pools().whole(task), this::hears);
    try {
      store =
          world.disk.open(
              world.boot(),
              now(),
              work -> later(0, work),
              (nanos, work) -> later(nanos, work),
              keeper.listener());
    } catch (StoreException refused) {
      throw new TaskViolation(TaskLaw.SURVIVES_POWER, refused.sentence(), refused);
    }
  }

  private Moment now() {
    return world.now();
  }

  private void later(long nanos, Runnable work) {
    world.ofDaemon(
        nanos,
        () -> {
          work.run();
          // Others may happen in the same turn of the loop.
          if (world.random.nextInt(4) > 0) {
            batch();
          } else {
            world.ofDaemon(world.random.nextLong(2_000_000), this::batch);
          }
        });
  }

  Optional<Integer> exit() {
    return exit;
  }

  @Override
  public int number() {
    return number;
  }

  @Override
  public void mayDie() {
    world.mayDie();
  }

  // Its begin.

  /** Begins, or goes on where the one before was killed. */
  void begin(Configuration files, OptionalInt least, boolean isPowerLost, long shiftNanos) {
    boolean goesOn = !world.records.entries().isEmpty() && !world.records.endsClean();
    if (goesOn) {
      core.replay(world.records.entries());
    }
    List<TaskEntry> told = new ArrayList<>();
    try {
      store.replay(told::add);
    } catch (StoreException refused) {
      throw new TaskViolation(TaskLaw.SURVIVES_POWER, refused.sentence(), refused);
    }
    survived(told, least, isPowerLost, shiftNanos);
    List<TaskEntry> read = told.stream().flatMap(entry -> sabotage.reads(entry).stream()).toList();
    guarded(() -> read.forEach(core::replayTask));
    unless(
        store.lastTask() >= world.disk.greatest(),
        TaskLaw.ONE_NAME,
        store.lastTask(),
        " is the last task, not ",
        world.disk.greatest());
    core.beginTasks(store.epoch(), store.lastTask(), store.isOfThisBoot(), now());
    keeper.connect(store, this::act, this::answer);
    if (isPowerLost) {
      watch.powerLost();
    }
    watch.begins(core, store.epoch(), store.lastTask(), told);
    watch.mustKnowAcknowledged(isPowerLost ? TaskLaw.SURVIVES_POWER : TaskLaw.SURVIVES_KILL, now());
    world.tell("another daemon " + (goesOn ? "goes on" : "begins"));
    hears(
        goesOn
            ? new Command.Resume(Actor.AUTOSTART)
            : new Command.Begin(Actor.AUTOSTART, watch.bent(files), world.decisions(isPowerLost)));
    batch();
  }

  private void survived(
      List<TaskEntry> told, OptionalInt least, boolean isPowerLost, long shiftNanos) {
    TaskLaw law = isPowerLost ? TaskLaw.SURVIVES_POWER : TaskLaw.SURVIVES_KILL;
    int kept = world.disk.turns();
    OptionalInt survivors = world.disk.survivors(told, least.orElse(kept), shiftNanos);
    unless(
        survivors.isPresent(),
        law,
        "of ",
        kept,
        " turns ",
        least,
        " had to survive: ",
        world.disk.differences(told));
    world.tell("-- of " + kept + " turns " + survivors.getAsInt() + " are there");
  }

  // Batches.

  @Override
  public void hears(Event event) {
    events.add(event);
    wake();
  }

  private void wake() {
    if (!isFlushDue) {
      isFlushDue = true;
      world.ofDaemon(world.random.nextLong(2_000_000), this::batch);
    }
  }

  @Override
  public void hearsLater(Event event) {
    later(0, () -> hears(event));
  }

  @Override
  public void looks(TaskChannel channel) {
    later(
        world.random.nextLong(1_000_000),
        () -> {
          if (channels.get(channel.worker.id) == channel) {
            channel.look();
            heard.add(channel);
          }
        });
  }

  @Override
  public void reads(TaskChannel channel, TaskEffect.Send send) {
    later(
        world.random.nextLong(20_000_000),
        () -> {
          byte[] data = {};
          boolean isTooMuch = !world.isTame && world.random.nextInt(12) == 0;
          boolean isDamage = !world.isTame && world.random.nextInt(12) == 0;
          if (!isTooMuch && !isDamage) {
            try {
              data = store.data(send.task());
            } catch (IOException forgotten) {
              world.tell("  its data are gone: " + send);
            }
          }
          channel.read(send, data, !isTooMuch);
          wake();
        });
  }

  /** When time acts next. */
  long deadline() {
    return Math.min(core.nextDeadline(), keeper.nextDeadlineNanos());
  }

  void timePassed() {
    atOnce = now().nanos() > lastNanos ? 0 : atOnce + 1;
    lastNanos = now().nanos();
    unless(atOnce < MOST_AT_ONCE, TaskLaw.RESTS, "time passes at once, again and again");
    if (core.nextDeadline() <= now().nanos()) {
      events.add(new TimePassed());
    }
    batch();
  }

  /** A batch ends. */
  void batch() {
    isFlushDue = false;
    if (exit.isPresent()) {
      return;
    }
    decideAll();
    while (!effects.isEmpty() || !entries.isEmpty() || keeper.hasWork()) {
      keepRecords();
      List<Effect> now = effects;
      effects = new ArrayList<>();
      for (Effect effect : now) {
        mayDie();
        carryOut(effect);
      }
      if (keeper.hasWork()) {
        keepTasks();
      }
      decideAll();
    }
    for (TaskChannel channel : List.copyOf(channels.values())) {
      if (channel.isWaiting()) {
        channel.flush();
      }
    }
    for (TaskChannel channel : List.copyOf(heard)) {
      mayDie();
      channel.take();
    }
    heard.clear();
    watch.turn();
    watch.atRest(now());
    world.looksForTheSlow(beganAt);
    watch.mustBeGiven(this::isGiven);
    if (world.disk.isAsked()) {
      world.ofDaemon(world.random.nextLong(15_000_000), () -> world.disk.flush());
    }
    exit.ifPresent(code -> end());
  }

  private boolean isGiven(PoolOracle.Known task, InvocationId holder) {
    TaskChannel channel = channels.get(holder);
    return channel == null
        || !channel.worker.isAlive
        || !channel.isReachable()
        || unheard.contains(holder)
        || isOnItsWayOut(holder)
        || channel.isGiven(task.number, task.attempt);
  }

  private boolean isOnItsWayOut(InvocationId invocation) {
    return core.instances().stream()
        .filter(instance -> instance.phase() instanceof Phase.Stopping)
        .anyMatch(instance -> instance.run().orElseThrow().invocation().equals(invocation));
  }

  private void keepRecords() {
    if (entries.isEmpty()) {
      return;
    }
    mayDie();
    world.records.keep(entries);
    for (Entry entry : entries) {
      if (entry instanceof Entry.DecisionsKept kept) {
        later(world.random.nextLong(30_000_000), () -> decisionIsSafe(kept));
      }
    }
    entries = new ArrayList<>();
    mayDie();
  }

  private void decisionIsSafe(Entry.DecisionsKept kept) {
    if (kept.number() > safeDecision) {
      safeDecision = kept.number();
      world.decided(kept.decisions());
      List<Effect.Reply> ready = new ArrayList<>();
      waiting.headMap(safeDecision, true).values().forEach(ready::addAll);
      waiting.headMap(safeDecision, true).clear();
      ready.forEach(this::answer);
    }
  }

  private void keepTasks() {
    int turns = world.disk.turns() + (pendingEntries > 0 ? 1 : 0);
    pendingReplies.forEach(request -> needed.put(request, turns));
    pendingReplies.clear();
    pendingEntries = 0;
    mayDie();
    keeper.keep();
  }

  private void decideAll() {
    if (events.isEmpty()) {
      return;
    }
    for (Event event = events.poll(); event != null; event = events.poll()) {
      Event told = sabotage.tells(event);
      world.tell(told);
      if (told instanceof TaskReport report) {
        watch.heard(report);
      }
      if (told instanceof TaskReport.SentThrough sent) {
        unheard.remove(sent.invocation());
      }
      sabotage.hears(told, watch).ifPresent(this::decide);
    }
    sabotage.meddles(core, now(), this);
    guarded(() -> add(core.settle(now())));
    watch.settled(now());
  }

  private void decide(Event event) {
    guarded(
        () -> {
          if (event instanceof TaskReport report) {
            core.take(report, now(), this);
          } else {
            world.events++;
            add(core.handle(event, now()));
          }
        });
  }

  private void guarded(Runnable decision) {
    try {
      decision.run();
    } catch (IllegalStateException | IllegalArgumentException | IndexOutOfBoundsException wrong) {
      throw new TaskViolation(TaskLaw.POSSIBLE, wrong.toString(), wrong);
    }
  }

  private void add(Decision decision) {
    entries.addAll(decision.entries());
    for (Entry entry : decision.entries()) {
      world.tellEntry(entry);
    }
    watch.define();
    decision.taskEntries().forEach(this::keep);
    decision.effects().forEach(this::run);
    watch.decided();
  }

  @Override
  public void keep(TaskEntry entry) {
    for (TaskEntry bent : sabotage.keeps(entry)) {
      world.tellEntry(bent);
      watch.entry(bent, now());
      keeper.add(bent);
      pendingEntries++;
    }
  }

  @Override
  public void run(Effect effect) {
    for (Effect bent : sabotage.does(effect)) {
      world.tellEffect(bent);
      watch.effect(bent, now());
      if (!TaskKeeping.isOurs(bent)) {
        effects.add(bent);
      } else if (bent instanceof TaskEffect task && sabotage.actsFirst()) {
        act(task);
        channels.values().forEach(TaskChannel::flush);
      } else if (bent instanceof Effect.Reply reply && sabotage.isHasty()) {
        needed.put(reply.request(), world.disk.turns() + 1);
        answer(reply);
      } else {
        if (bent instanceof Effect.Reply reply) {
          pendingReplies.add(reply.request());
        }
        keeper.add(bent);
      }
    }
  }

  // What is done.

  private void answer(Effect.Reply reply) {
    if (reply.afterDecision() > safeDecision) {
      waiting.computeIfAbsent(reply.afterDecision(), key -> new ArrayList<>()).add(reply);
      return;
    }
    Integer turns = needed.remove(reply.request());
    Answer answer = reply.answer();
    world.answered(
        reply.request(),
        answer,
        turns == null || TaskWatch.acknowledging(answer).isEmpty() ? 0 : turns);
  }

  private void act(TaskEffect effect) {
    mayDie();
    switch (effect) {
      case TaskEffect.Send send -> {
        TaskChannel channel = channels.get(send.invocation());
        if (channel == null) {
          hearsLater(
              new TaskReport.NotSent(
                  send.invocation(), send.task(), send.attempt(), "it has no pipes"));
        } else {
          channel.send(send);
        }
      }
      case TaskEffect.Withdraw withdraw -> {
        TaskChannel channel = channels.get(withdraw.invocation());
        if (channel != null) {
          channel.withdraw(withdraw);
        }
      }
      case TaskEffect.Cancel cancel -> tell(cancel.invocation(), cancel);
      case TaskEffect.Finish finish -> tell(finish.invocation(), finish);
      case TaskEffect.ReadEvidence read ->
          later(
              world.random.nextLong(200_000_000),
              () -> hears(new TaskReport.Evidence(read.task(), read.invocation(), "last words")));
      case TaskEffect.ReadLoad read ->
          later(
              world.random.nextLong(100_000_000),
              () -> hears(new TaskReport.Load(world.isTame ? 5 : world.random.nextInt(120), -1)));
    }
  }

  private void tell(InvocationId invocation, TaskEffect order) {
    TaskChannel channel = channels.get(invocation);
    if (channel != null) {
      channel.tell(order);
    }
  }

  private void carryOut(Effect effect) {
    SplittableRandom random = world.random;
    switch (effect) {
      case Effect.Spawn spawn -> {
        spawning.add(spawn.invocation());
        world.spawns(spawn.instance(), spawn.invocation());
        later(random.nextLong(200_000_000), () -> spawned(spawn));
      }
      case Effect.Signal signal -> {
        if (signal.signal().equals("TERM")) {
          world.worker(signal.invocation()).ifPresent(world::terminate);
        }
      }
      case Effect.KillRemains kill ->
          later(random.nextLong(200_000_000), () -> killed(kill.invocation()));
      case Effect.SignalRemains signal ->
          later(random.nextLong(200_000_000), () -> killed(signal.invocation()));
      case Effect.Adopt adopt -> later(random.nextLong(200_000_000), () -> adopted(adopt));
      case Effect.Ping ping -> {
        TaskChannel channel = channels.get(ping.invocation());
        if (channel == null) {
          hearsLater(new Report.Checked(ping.invocation(), ping.number(), false, "no pipes"));
        } else {
          channel.ping(ping.number());
        }
      }
      case Effect.ReadUsage read ->
          later(
              random.nextLong(200_000_000),
              () ->
                  hears(
                      new Report.Used(
                          read.invocation(),
                          OptionalLong.of(world.isTame ? 10 : random.nextInt(1_800)),
                          OptionalLong.empty(),
                          OptionalInt.empty())));
      case Effect.Reply reply -> answer(reply);
      case Effect.Exit exits -> exit = Optional.of(exits.code());
      case Effect.Release release -> {
        channels.remove(release.invocation());
        held.remove(release.invocation());
        world.released(release.invocation());
      }
      case TaskEffect task -> throw new IllegalStateException("it waits for its entries: " + task);
      case Effect.Follow follow -> {}
      case Effect.Check check -> {}
      case Effect.RunHook hook -> {}
      case Effect.EndHooks end -> {}
      case Effect.ChangeLogs change -> {}
      case Effect.Publish publish -> {}
    }
  }

  private void spawned(Effect.Spawn spawn) {
    spawning.remove(spawn.invocation());
    if (!world.isTame && world.random.nextInt(25) == 0) {
      hears(
          new Report.SpawnFailed(spawn.invocation(), "exec", "none", world.random.nextInt(3) > 0));
      return;
    }
    SimulatedWorker worker = world.born(spawn.instance(), spawn.invocation());
    held.add(worker.id);
    if (spawn.spec().type() == ProgramType.WORKER) {
      channels.put(worker.id, new TaskChannel(worker, world, this));
    }
    hears(new Report.Spawned(worker.id, worker.identity));
  }

  private void killed(InvocationId invocation) {
    Optional<SimulatedWorker> worker = world.worker(invocation);
    if (worker.isEmpty() || worker.get().isEndTold) {
      hears(new Report.RemainsGone(invocation));
    } else if (!held.contains(invocation)) {
      // It has to be found first.
      later(50_000_000, () -> killed(invocation));
    } else if (worker.get().isAlive) {
      world.exit(worker.get(), new ExitStatus.Signalled("KILL", 9, false));
    }
  }

  private void adopted(Effect.Adopt adopt) {
    InvocationId id = adopt.run().invocation();
    Optional<SimulatedWorker> found = world.worker(id);
    if (adopt.spec().type() == ProgramType.WORKER) {
      if (found.isPresent()) {
        TaskChannel channel = new TaskChannel(found.get(), world, this);
        channels.put(id, channel);
        unheard.add(id);
        channel.adopt();
      } else {
        hears(new TaskReport.Unreachable(id, false, "its pipes are gone"));
      }
    }
    later(world.random.nextLong(3_000_000), () -> taken(adopt));
  }

  private void taken(Effect.Adopt adopt) {
    InvocationId id = adopt.run().invocation();
    held.add(id);
    Optional<SimulatedWorker> found = world.worker(id);
    if (adopt.exited()) {
      found.ifPresent(worker -> worker.isEndTold = true);
    } else if (found.isEmpty()) {
      hears(new Report.NeverSpawned(id));
    } else if (!found.get().isAlive) {
      ended(found.get(), new ExitStatus.Unknown());
    } else {
      hears(
          adopt.run().process().isPresent()
              ? new Report.Adopted(id, found.get().identity)
              : new Report.Spawned(id, found.get().identity));
    }
  }

  /** A process has ended; whether this daemon sees it. */
  void exited(SimulatedWorker worker, ExitStatus status) {
    if (held.contains(worker.id)) {
      later(world.random.nextLong(1_000_000), () -> ended(worker, status));
    }
  }

  /** Its end is told behind all that it has said. */
  private void ended(SimulatedWorker worker, ExitStatus status) {
    if (worker.isEndTold) {
      return;
    }
    worker.isEndTold = true;
    Report report = new Report.Exited(worker.id, status, false);
    TaskChannel channel = channels.get(worker.id);
    if (channel == null) {
      hears(report);
    } else {
      channel.drain(() -> hears(report));
      if (channel.hasFound()) {
        heard.add(channel);
      }
    }
  }

  /** A worker has said something. */
  void said(SimulatedWorker worker) {
    TaskChannel channel = channels.get(worker.id);
    if (channel != null) {
      looks(channel);
    }
  }

  /** A worker has read what was sent to it. */
  void hasRoom(SimulatedWorker worker) {
    TaskChannel channel = channels.get(worker.id);
    if (channel != null && channel.isWaiting()) {
      wake();
    }
  }

  /** Starts that were under way when it was killed. */
  Set<InvocationId> spawning() {
    return spawning;
  }

  private void end() {
    try {
      store.close();
    } catch (IOException refused) {
      throw new TaskViolation(TaskLaw.POSSIBLE, "the store cannot be closed", refused);
    }
    world.ended();
  }
}
