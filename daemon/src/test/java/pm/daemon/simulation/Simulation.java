package pm.daemon.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import pm.config.Configuration;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.daemon.core.Supervisor;
import pm.daemon.core.Transcript;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.Phase;
import pm.daemon.core.plan.Selection;

/**
 * One history of a world with a daemon in it, made from a seed.
 *
 * <p>Each step draws from a seed of its own, so that steps can be left out and the others still do
 * what they did: that is how a failing history is shortened.
 */
final class Simulation {

  /** How a history went. */
  record History(Optional<Violation> violation, long hash, List<String> log, int events) {}

  private static final int CORES = 1;
  private static final Actor OPERATOR = new Actor("alice", 1000, 77);
  private static final Actor TERM = Actor.signal("SIGTERM");

  private final long seed;
  private final Sabotage sabotage;
  private final boolean logging;
  private final List<String> log = new ArrayList<>();
  private final Transcript transcript = new Transcript();
  private long hash = 17;
  private int events;

  private final World world = new World();
  private Oracle oracle = new Oracle(world, CORES);
  private Oracle keptOracle = oracle.copy();
  private Configuration files;
  private long nanos = 1_000_000_000_000L;
  private long wallOffset;

  // The daemon that runs.
  private Supervisor core;
  private int daemons;
  private boolean resuming;
  private final List<Entry> pendingEntries = new ArrayList<>();
  private final List<Effect> pendingEffects = new ArrayList<>();
  private final Map<Long, Command> open = new LinkedHashMap<>();
  private final Map<Long, Long> openDeadlines = new LinkedHashMap<>();
  private Optional<Integer> ended = Optional.empty();
  private final ArrayDeque<Report> delivered = new ArrayDeque<>();

  // What outlives it.
  private final List<Entry> journal = new ArrayList<>();
  private long nextRequest = 1;

  private Simulation(long seed, Sabotage sabotage, boolean logging) {
    this.seed = seed;
    this.sabotage = sabotage;
    this.logging = logging;
    this.core = new Supervisor(new SplittableRandom(seed), CORES);
    this.files = Configuration.EMPTY;
  }

  /** Runs the history of {@code seed} with those {@code steps}. */
  static History run(long seed, List<Integer> steps, Sabotage sabotage, boolean logging) {
    Simulation simulation = new Simulation(seed, sabotage, logging);
    Optional<Violation> violation = Optional.empty();
    try {
      simulation.begin();
      for (int step : steps) {
        simulation.step(new SplittableRandom(seed * 1_000_003 + step));
      }
      simulation.end(new SplittableRandom(seed * 1_000_003 - 1));
    } catch (Violation found) {
      violation = Optional.of(found);
    } catch (IllegalStateException | IllegalArgumentException impossible) {
      violation =
          Optional.of(
              new Violation(Invariant.NOTHING_IMPOSSIBLE, String.valueOf(impossible), impossible));
    }
    violation.ifPresent(found -> simulation.note(found.told()));
    return new History(violation, simulation.hash, simulation.log, simulation.events);
  }

  // The daemon's life.

  private void begin() {
    SplittableRandom random = new SplittableRandom(seed);
    world.temperament(random);
    files = Programs.draw(random);
    files.programs().values().forEach(spec -> note("-- " + told(spec)));
    handle(new Command.Begin(Actor.AUTOSTART, files, Decisions.NONE), false);
    flush(random);
  }

  /** The daemon is killed between any entry and any effect, and another takes its place. */
  private void crash(SplittableRandom random) {
    note("-- kill -9 of the daemon");
    if (random.nextBoolean()) {
      oracle = keptOracle.copy();
    } else {
      keep();
      int done = random.nextInt(pendingEffects.size() + 1);
      for (Effect effect : List.copyOf(pendingEffects.subList(0, done))) {
        execute(effect, random);
      }
    }
    if (ended.isPresent()) {
      nextDaemon(random);
      return;
    }
    forgetVolatile(random);
    int unattended = random.nextInt(3) == 0 ? random.nextInt(8) : 0;
    for (int i = 0; i < unattended; i++) {
      world.happens(random).ifPresent(this::note);
    }
    if (random.nextInt(3) == 0) {
      nanos += random.nextLong(Duration.ofSeconds(90).toNanos());
    }
    if (!journal.isEmpty() && journal.getLast() instanceof Entry.CleanEnd) {
      beginAnew(random);
    } else {
      goOn(random);
    }
  }

  private void forgetVolatile(SplittableRandom random) {
    world.daemonDies(random);
    pendingEntries.clear();
    pendingEffects.clear();
    open.clear();
    openDeadlines.clear();
    delivered.clear();
  }

  /** The daemon has ended by itself; another one is started. */
  private void nextDaemon(SplittableRandom random) {
    boolean clean = journal.getLast() instanceof Entry.CleanEnd;
    note("-- the daemon has ended with " + ended.orElseThrow());
    Violation.unless(
        clean == (ended.orElseThrow() == 0),
        Invariant.ENDS_ONCE,
        "it ended with ",
        ended.orElseThrow(),
        " and kept ",
        journal.getLast());
    Violation.unless(open.isEmpty(), Invariant.ANSWERED_ONCE, "never answered: ", open.values());
    ended = Optional.empty();
    forgetVolatile(random);
    if (clean) {
      beginAnew(random);
    } else {
      goOn(random);
    }
  }

  private void beginAnew(SplittableRandom random) {
    for (World.Life life : world.lives()) {
      Violation.unless(!life.livesOn(), Invariant.ENDS_ONCE, life, " outlives the shutdown");
    }
    replayed();
    Violation.unless(
        core.instances().isEmpty(), Invariant.RECOVERY, "a clean end leaves ", core.instances());
    oracle.beginsAnew();
    handle(new Command.Begin(Actor.AUTOSTART, files, lastDecisions()), false);
    flush(random);
  }

  private Decisions lastDecisions() {
    Decisions last = Decisions.NONE;
    for (Entry entry : journal) {
      if (entry instanceof Entry.DecisionsKept kept) {
        last = kept.decisions();
      }
    }
    return last;
  }

  private void goOn(SplittableRandom random) {
    replayed();
    oracle.replayed(core.instances());
    note("-- another daemon replays " + journal.size() + " entries: " + states());
    resuming = true;
    handle(new Command.Resume(Actor.AUTOSTART), false);
    if (random.nextInt(6) == 0) {
      crash(random);
      return;
    }
    flush(random);
  }

  private void replayed() {
    daemons++;
    core = supervisor(sabotage.replayed(List.copyOf(journal)));
    Supervisor again = supervisor(journal);
    Supervisor compacted = supervisor(compacted());
    for (Supervisor other : List.of(again, compacted)) {
      Violation.unless(
          Oracle.byName(core.instances()).equals(Oracle.byName(other.instances()))
              && core.configuration().programs().equals(other.configuration().programs())
              && core.startSlotsInUse() == other.startSlotsInUse()
              && core.nextDeadline() == other.nextDeadline(),
          Invariant.RECOVERY,
          "two replays differ: ",
          core.instances(),
          " and ",
          other.instances());
    }
  }

  private Supervisor supervisor(List<Entry> entries) {
    Supervisor supervisor = new Supervisor(new SplittableRandom(seed + daemons * 7_919L), CORES);
    supervisor.replay(entries);
    return supervisor;
  }

  /** The journal with only the last word about each thing. */
  private List<Entry> compacted() {
    Map<InstanceName, Entry> instances = new TreeMap<>();
    List<Entry> configuration = new ArrayList<>();
    List<Entry> decisions = new ArrayList<>();
    for (Entry entry : journal) {
      switch (entry) {
        case Entry.InstanceKept kept -> instances.put(kept.instance().name(), kept);
        case Entry.InstanceForgotten forgotten -> instances.remove(forgotten.name());
        case Entry.ConfigurationKept kept -> {
          configuration.clear();
          configuration.add(kept);
        }
        case Entry.DecisionsKept kept -> {
          decisions.clear();
          decisions.add(kept);
        }
        case Entry.CleanEnd end -> {
          instances.clear();
          configuration.clear();
        }
      }
    }
    List<Entry> all = new ArrayList<>(configuration);
    all.addAll(instances.values());
    all.addAll(decisions);
    return all;
  }

  // One step.

  private void step(SplittableRandom random) {
    int dice = random.nextInt(100);
    if (dice < 34) {
      world.happens(random).ifPresent(this::note);
    } else if (dice < 66) {
      report(random);
    } else if (dice < 80) {
      time(random);
    } else if (dice < 94) {
      handle(command(random), false);
    } else if (dice < 96) {
      doubled(random);
    } else if (dice < 99) {
      crash(random);
    } else {
      handle(new Command.Shutdown(random.nextBoolean() ? nextRequest++ : 0, TERM), false);
    }
    if (random.nextInt(3) > 0) {
      flush(random);
    }
    if (ended.isPresent()) {
      nextDaemon(random);
    }
  }

  private void report(SplittableRandom random) {
    List<World.Life> telling = world.telling();
    if (telling.isEmpty()) {
      return;
    }
    Report report = Programs.pick(random, telling).reports.remove();
    delivered.addFirst(report);
    if (delivered.size() > 12) {
      delivered.removeLast();
    }
    handle(report, false);
  }

  /** A report comes a second time. */
  private void doubled(SplittableRandom random) {
    if (!delivered.isEmpty()) {
      handle(Programs.pick(random, List.copyOf(delivered)), true);
    }
  }

  private void time(SplittableRandom random) {
    flush(random);
    if (ended.isPresent()) {
      return;
    }
    wallOffset += random.nextInt(10) == 0 ? random.nextLong(-100_000, 100_000) : 0;
    long next = core.nextDeadline();
    switch (random.nextInt(4)) {
      case 0 -> nanos += random.nextLong(Duration.ofMillis(300).toNanos());
      case 1 -> nanos += random.nextLong(Duration.ofSeconds(20).toNanos());
      default -> {
        if (next != Moment.NEVER && next > nanos) {
          nanos = next + (random.nextBoolean() ? 0 : random.nextLong(50_000_000));
        }
      }
    }
    if (random.nextInt(5) > 0) {
      timePassed(random);
    }
  }

  private void timePassed(SplittableRandom random) {
    for (int turn = 0; core.nextDeadline() <= nanos; turn++) {
      Violation.unless(
          turn < 5, Invariant.NO_PAST_DEADLINE, "time passes again and again at ", nanos);
      handle(new TimePassed(), false);
      Violation.unless(
          core.nextDeadline() >= nanos,
          Invariant.NO_PAST_DEADLINE,
          "a deadline is left behind: ",
          core.nextDeadline(),
          " at ",
          nanos,
          " with ",
          states());
      flush(random);
      if (ended.isPresent()) {
        return;
      }
    }
    openDeadlines.forEach(
        (request, deadline) ->
            Violation.unless(
                deadline > nanos,
                Invariant.ANSWERED_ONCE,
                open.get(request),
                " waits beyond its timeout"));
  }

  private Command command(SplittableRandom random) {
    long request = random.nextInt(6) == 0 ? Command.UNANSWERED : nextRequest++;
    Command.Patience patience =
        switch (random.nextInt(4)) {
          case 0 -> Command.Patience.NONE;
          case 1 -> Command.Patience.ENDLESS;
          default -> new Command.Patience(true, random.nextLong(Duration.ofSeconds(30).toNanos()));
        };
    List<String> selectors = selectors(random);
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> new Command.Start(request, OPERATOR, selectors, patience);
      case 3, 4 -> new Command.Stop(request, OPERATOR, selectors, patience);
      case 5 -> new Command.Restart(request, OPERATOR, selectors, patience);
      case 6 -> new Command.Signal(request, OPERATOR, selectors, 1, "HUP");
      case 7 -> new Command.Reset(request, OPERATOR, selectors);
      default -> {
        Configuration next = Programs.edited(files, random);
        boolean dryRun = random.nextInt(4) == 0;
        if (!dryRun) {
          files = next;
          files.programs().values().forEach(spec -> note("-- " + told(spec)));
        }
        yield new Command.Apply(request, OPERATOR, next, dryRun, patience);
      }
    };
  }

  private List<String> selectors(SplittableRandom random) {
    List<String> selectors = new ArrayList<>();
    int count = random.nextInt(8) == 0 ? 2 : 1;
    for (int i = 0; i < count; i++) {
      String name = Programs.pick(random, List.of("api", "db", "job", "web"));
      selectors.add(
          switch (random.nextInt(12)) {
            case 0 -> "all";
            case 1 -> name.charAt(0) + "*";
            case 2 -> "group:front";
            case 3 -> "nope";
            case 4, 5 -> name;
            default -> name + "@" + (1 + random.nextInt(2));
          });
    }
    return selectors;
  }

  // What the daemon does with an event.

  private void handle(Event event, boolean isDoubled) {
    if (ended.isPresent()) {
      return;
    }
    Moment now = now();
    Map<InstanceName, Instance> before = Oracle.byName(core.instances());
    List<InstanceName> selected = selected(event);
    long dropped = core.droppedReports();
    boolean stale =
        event instanceof Report.OfInvocation report
            && before.values().stream()
                .noneMatch(
                    instance ->
                        instance.run().isPresent()
                            && instance.run().get().invocation().equals(report.invocation()));
    events++;
    note("> " + transcript.event(event) + (isDoubled ? " again" : ""));
    Decision decision;
    try {
      decision = core.handle(sabotage.told(event), now);
    } catch (IllegalStateException refused) {
      Violation.unless(
          Oracle.byName(core.instances()).equals(before),
          Invariant.STALE_IS_DROPPED,
          "a refused event has changed something: ",
          event);
      if (isDoubled) {
        note("   refused: " + refused.getMessage());
        return;
      }
      throw new Violation(Invariant.NOTHING_IMPOSSIBLE, refused.toString(), refused);
    }
    decision = sabotage.decided(core, event, now, decision);
    transcript.lines(decision, now).forEach(line -> note("    " + line));
    if (stale) {
      Violation.unless(
          decision.entries().isEmpty()
              && decision.effects().isEmpty()
              && core.droppedReports() == dropped + 1,
          Invariant.STALE_IS_DROPPED,
          "about what is over, but taken: ",
          event);
    }
    if (event instanceof Command command && command.request() != Command.UNANSWERED) {
      asked(command, now);
    }
    pendingEntries.addAll(decision.entries());
    pendingEffects.addAll(decision.effects());
    oracle.decided(event, now, decision, selected, before, core);
    for (Effect effect : decision.effects()) {
      if (effect instanceof Effect.Spawn) {
        Violation.unless(
            core.startSlotsInUse() <= oracle.startLimit(),
            Invariant.START_SLOTS,
            core.startSlotsInUse(),
            " starts are under way, allowed are ",
            oracle.startLimit());
      }
    }
    for (Instance instance : core.instances()) {
      core.view(instance.name(), now);
      Violation.unless(
          !core.why(instance.name(), now).isEmpty(),
          Invariant.NOTHING_IMPOSSIBLE,
          "nothing explains ",
          instance);
    }
  }

  private List<InstanceName> selected(Event event) {
    List<String> selectors =
        switch (event) {
          case Command.Start start -> start.selectors();
          case Command.Stop stop -> stop.selectors();
          case Command.Restart restart -> restart.selectors();
          case Command.Reset reset -> reset.selectors();
          case Command.Signal signal -> signal.selectors();
          case Command.Apply apply -> List.of();
          case Command.Begin begin -> List.of();
          case Command.Resume resume -> List.of();
          case Command.Shutdown shutdown -> List.of();
          case Report report -> List.of();
          case TimePassed passed -> List.of();
        };
    if (selectors.isEmpty() || core.isShuttingDown()) {
      return List.of();
    }
    return core.select(selectors) instanceof Selection.Found found ? found.instances() : List.of();
  }

  private void asked(Command command, Moment now) {
    open.put(command.request(), command);
    Optional<Command.Patience> patience =
        switch (command) {
          case Command.Start start -> Optional.of(start.patience());
          case Command.Stop stop -> Optional.of(stop.patience());
          case Command.Restart restart -> Optional.of(restart.patience());
          case Command.Apply apply -> Optional.of(apply.patience());
          case Command.Signal signal -> Optional.of(Command.Patience.NONE);
          case Command.Reset reset -> Optional.of(Command.Patience.NONE);
          case Command.Begin begin -> Optional.empty();
          case Command.Resume resume -> Optional.empty();
          case Command.Shutdown shutdown -> Optional.empty();
        };
    patience.ifPresent(
        found ->
            openDeadlines.put(
                command.request(),
                found.untilDone()
                    ? Moment.after(now.nanos(), Duration.ofNanos(found.timeoutNanos()))
                    : now.nanos()));
  }

  /** What was decided is kept in one piece, then carried out. */
  private void flush(SplittableRandom random) {
    if (ended.isPresent()) {
      return;
    }
    keep();
    List<Effect> effects = List.copyOf(pendingEffects);
    pendingEffects.clear();
    for (Effect effect : effects) {
      execute(effect, random);
    }
    if (ended.isPresent()) {
      return;
    }
    oracle.atRest(core, now(), resuming);
    resuming = false;
    if (random.nextInt(10) == 0) {
      Supervisor twin = supervisor(journal);
      Violation.unless(
          Oracle.byName(twin.instances()).equals(Oracle.byName(core.instances()))
              && twin.configuration().programs().equals(core.configuration().programs())
              && twin.startSlotsInUse() == core.startSlotsInUse(),
          Invariant.RECOVERY,
          "a daemon that took its place now would know ",
          twin.configuration().programs().keySet(),
          " instead of ",
          core.configuration().programs().keySet(),
          " and ",
          twin.instances(),
          " ",
          twin.configuration().programs().keySet());
    }
  }

  private void keep() {
    journal.addAll(pendingEntries);
    pendingEntries.clear();
    keptOracle = oracle.copy();
  }

  private void execute(Effect effect, SplittableRandom random) {
    if (ended.isPresent() && !(effect instanceof Effect.Reply)) {
      Violation.unless(
          !(effect instanceof Effect.Exit), Invariant.ENDS_ONCE, "it ends a second time");
      return;
    }
    switch (effect) {
      case Effect.Spawn spawn -> world.spawn(spawn, random);
      case Effect.Signal signal -> world.signal(signal, random);
      case Effect.KillRemains kill -> world.killRemains(kill);
      case Effect.SignalRemains signal -> world.signalRemains(signal);
      case Effect.Release release -> world.release(release, scope(release.instance()));
      case Effect.Adopt adopt -> world.adopt(adopt);
      case Effect.ChangeLogs logs -> {}
      case Effect.Publish publish -> {}
      case Effect.Reply reply -> replied(reply);
      case Effect.Exit exit -> ended = Optional.of(exit.code());
    }
  }

  private StopScope scope(InstanceName name) {
    return Optional.ofNullable(core.configuration().programs().get(name.program()))
        .map(spec -> spec.stop().scope())
        .orElse(StopScope.TREE);
  }

  private void replied(Effect.Reply reply) {
    Command command = open.remove(reply.request());
    openDeadlines.remove(reply.request());
    if (command == null) {
      throw new Violation(Invariant.ANSWERED_ONCE, "nobody waits for " + reply);
    }
    List<Outcome> outcomes =
        switch (reply.answer()) {
          case Answer.Outcomes found -> found.outcomes();
          case Answer.Applied applied -> applied.outcomes();
          case Answer.NoMatch none -> List.of();
          case Answer.Refused refused -> {
            Violation.unless(
                core.isShuttingDown(),
                Invariant.ANSWERED_ONCE,
                command,
                " is refused: ",
                refused.why());
            yield List.of();
          }
        };
    Set<InstanceName> named = new HashSet<>();
    for (Outcome outcome : outcomes) {
      Violation.unless(
          named.add(outcome.instance()),
          Invariant.ANSWERED_ONCE,
          command,
          " is told twice of ",
          outcome.instance());
    }
    Violation.unless(
        (command instanceof Command.Apply) == (reply.answer() instanceof Answer.Applied)
            || reply.answer() instanceof Answer.Refused,
        Invariant.ANSWERED_ONCE,
        command,
        " is answered with ",
        reply.answer());
  }

  // The end of the history.

  /** Nothing resists any more; the daemon is asked to end and must, with everyone answered. */
  private void end(SplittableRandom random) {
    note("-- the history ends");
    flush(random);
    if (ended.isPresent()) {
      nextDaemon(random);
    }
    world.calm();
    boolean patient = random.nextBoolean();
    handle(new Command.Shutdown(nextRequest++, TERM), false);
    if (!patient) {
      handle(new Command.Shutdown(nextRequest++, TERM), false);
    }
    flush(random);
    for (int turn = 0; ended.isEmpty(); turn++) {
      Violation.unless(turn < 3_000, Invariant.ENDS_ONCE, "it does not end: ", states());
      world.happens(random);
      while (ended.isEmpty() && !world.telling().isEmpty()) {
        report(random);
        flush(random);
      }
      if (ended.isEmpty() && turn % 20 == 19 && core.nextDeadline() != Moment.NEVER) {
        nanos = Math.max(nanos, core.nextDeadline());
        timePassed(random);
      }
    }
    Violation.unless(open.isEmpty(), Invariant.ANSWERED_ONCE, "never answered: ", open.values());
    Violation.unless(
        ended.orElseThrow() == 0 || core.instances().stream().anyMatch(Simulation::isStuck),
        Invariant.ENDS_ONCE,
        "it ends with ",
        ended.orElseThrow());
  }

  private static boolean isStuck(Instance instance) {
    return !(instance.phase() instanceof Phase.Dead);
  }

  private Moment now() {
    return new Moment(nanos, Instant.EPOCH.plusNanos(nanos).plusSeconds(wallOffset));
  }

  private static String told(ProgramSpec spec) {
    return spec.name()
        + " x"
        + spec.instances()
        + (spec.enabled() ? "" : " disabled")
        + (spec.autostart() ? "" : " no autostart")
        + " "
        + spec.type()
        + " "
        + spec.readiness()
        + " start_timeout="
        + spec.startTimeout()
        + " success="
        + spec.successExitCodes()
        + " "
        + spec.restart()
        + " "
        + spec.stop();
  }

  private String states() {
    StringBuilder text = new StringBuilder();
    for (Instance instance : core.instances()) {
      text.append(text.isEmpty() ? "" : ", ").append(instance.name()).append(' ');
      text.append(instance.state());
      if (instance.phase() instanceof Phase.Dead dead) {
        DeadReason reason = dead.reason();
        text.append('/').append(reason.word());
      } else if (instance.phase() instanceof Phase.Stopping stopping) {
        text.append('/').append(stopping.step());
      }
    }
    return text.toString();
  }

  private void note(String line) {
    hash = hash * 31 + line.hashCode();
    if (logging) {
      log.add(nanos / 1_000_000 + "ms " + line);
    }
  }
}
