package pm.daemon.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import pm.config.Configuration;
import pm.daemon.core.Supervisor;
import pm.daemon.core.Transcript;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEvent;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.plan.Selection;

/**
 * The daemon around the core, and those that take its place: what is decided in a batch is kept in
 * one piece, then carried out in its order, and a kill may come between any of it.
 */
final class Daemon {

  private static final int CORES = 1;

  /** A deadline may lead to another at once, such as a stop timeout of 0s, but not for ever. */
  private static final int MOST_TURNS_AT_ONCE = 5;

  private final long seed;
  private final Sabotage sabotage;
  private final World world;
  private final Story story;
  private final Transcript transcript = new Transcript();
  private final Journal journal = new Journal();
  private final Requests requests = new Requests();

  private Oracle oracle;
  private Oracle keptOracle;
  private Supervisor core;
  private int successors;
  private boolean isResuming;
  private final List<Entry> toKeep = new ArrayList<>();
  private final List<Effect> toDo = new ArrayList<>();
  private Optional<Integer> exit = Optional.empty();
  private int events;

  Daemon(long seed, Sabotage sabotage, World world, Story story) {
    this.seed = seed;
    this.sabotage = sabotage;
    this.world = world;
    this.story = story;
    this.oracle = new Oracle(world, CORES);
    this.keptOracle = oracle.copy();
    this.core = supervisor(List.of());
  }

  Supervisor core() {
    return core;
  }

  /** How it has ended by itself, if it has. */
  Optional<Integer> exit() {
    return exit;
  }

  /** How many events all daemons together have handled. */
  int events() {
    return events;
  }

  // Its life, and that of its successors.

  void begin(Configuration files, SplittableRandom random) {
    handle(new Command.Begin(Actor.AUTOSTART, files, journal.decisions()), false);
    flush(random);
  }

  /** Kills it between any entry and any effect. */
  void kill(SplittableRandom random) {
    story.tell("-- kill -9 of the daemon");
    if (random.nextBoolean()) {
      oracle = keptOracle.copy();
    } else {
      keep();
      int done = random.nextInt(toDo.size() + 1);
      for (Effect effect : List.copyOf(toDo.subList(0, done))) {
        carryOut(effect, random);
      }
    }
    requests.clear();
    if (exit.isEmpty()) {
      loseAll(random);
    }
  }

  private void loseAll(SplittableRandom random) {
    world.daemonDies(random);
    toKeep.clear();
    toDo.clear();
    requests.clear();
  }

  /** Starts another one in its place. */
  void succeed(Configuration files, SplittableRandom random) {
    exit.ifPresent(
        code -> {
          story.tell("-- the daemon has ended with " + code);
          Violation.unless(
              journal.endsClean() == (code == 0),
              Invariant.ENDS_ONCE,
              "it ended with ",
              code,
              " and kept at last ",
              journal.entries().getLast());
          requests.ended();
          loseAll(random);
        });
    exit = Optional.empty();
    replay();
    if (journal.endsClean()) {
      for (World.Life life : world.lives()) {
        Violation.unless(!life.livesOn(), Invariant.ENDS_ONCE, life, " outlives the shutdown");
      }
      oracle.beginsAnew();
      begin(files, random);
      return;
    }
    oracle.replayed(core.instances());
    story.tell("-- another daemon replays: " + states());
    isResuming = true;
    handle(new Command.Resume(Actor.AUTOSTART), false);
    if (random.nextInt(6) == 0) {
      kill(random);
      succeed(files, random);
      return;
    }
    flush(random);
  }

  private void replay() {
    successors++;
    core = supervisor(sabotage.replayed(journal.entries()));
    knowsTheSame(supervisor(journal.entries()));
    knowsTheSame(supervisor(journal.compacted()));
  }

  private Supervisor supervisor(List<Entry> entries) {
    Supervisor supervisor = new Supervisor(new SplittableRandom(seed + successors * 7_919L), CORES);
    supervisor.replay(entries);
    return supervisor;
  }

  private static Map<InstanceName, Instance> kept(Supervisor of) {
    return Turn.byName(of.instances().stream().map(Instance::kept).toList());
  }

  private void knowsTheSame(Supervisor other) {
    Violation.unless(
        kept(core).equals(kept(other))
            && core.configuration().programs().equals(other.configuration().programs())
            && core.startSlotsInUse() == other.startSlotsInUse(),
        Invariant.RECOVERY,
        "the daemon knows ",
        core.instances(),
        " of ",
        core.configuration().programs().keySet(),
        ", one in its place would know ",
        other.instances(),
        " of ",
        other.configuration().programs().keySet());
  }

  // Events.

  /** Tells the core an event; what it decides waits for {@link #flush}. */
  void handle(Event event, boolean isDoubled) {
    if (exit.isPresent()) {
      return;
    }
    Map<InstanceName, Instance> before = Turn.byName(core.instances());
    List<InstanceName> selected = selected(event);
    long dropped = core.droppedReports();
    events++;
    story.tell("> " + transcript.event(event) + (isDoubled ? " again" : ""));
    Decision decision;
    try {
      decision = core.handle(sabotage.told(event), story.now());
    } catch (IllegalStateException refused) {
      Violation.unless(
          Turn.byName(core.instances()).equals(before),
          Invariant.STALE_IS_DROPPED,
          "a refused event has changed something: ",
          event);
      if (isDoubled) {
        story.tell("    refused: " + refused.getMessage());
        return;
      }
      throw new Violation(Invariant.NOTHING_IMPOSSIBLE, refused.toString(), refused);
    }
    decision = sabotage.decided(core, event, story.now(), decision);
    transcript.lines(decision, story.now()).forEach(line -> story.tell("    " + line));
    Violation.unless(
        !isStale(event, before)
            || (decision.equals(new Decision(List.of(), List.of()))
                && core.droppedReports() == dropped + 1),
        Invariant.STALE_IS_DROPPED,
        "about what is over, but taken: ",
        event);
    if (event instanceof Command command) {
      requests.ask(command, selected, story.now());
    }
    toKeep.addAll(decision.entries());
    toDo.addAll(decision.effects());
    oracle.decided(
        new Turn(
            event, story.now(), decision, selected, before, Turn.byName(core.instances()), core));
    for (Instance instance : core.instances()) {
      Violation.unless(
          !core.why(instance.name(), story.now()).isEmpty(),
          Invariant.NOTHING_IMPOSSIBLE,
          "nothing explains ",
          instance);
    }
  }

  private static boolean isStale(Event event, Map<InstanceName, Instance> before) {
    return event instanceof Report.OfInvocation report
        && before.values().stream()
            .flatMap(instance -> instance.run().stream())
            .map(Run::invocation)
            .noneMatch(report.invocation()::equals);
  }

  private List<InstanceName> selected(Event event) {
    List<String> selectors =
        switch (event) {
          case Command.Start start -> start.selectors();
          case Command.Stop stop -> stop.selectors();
          case Command.Restart restart -> restart.selectors();
          case Command.Reset reset -> reset.selectors();
          case Command.Signal signal -> signal.selectors();
          case Command.Reload reload -> reload.selectors();
          case Command.Enable enable -> enable.selectors();
          case Command.Disable disable -> disable.selectors();
          case Command.RollingRestart roll -> roll.selectors();
          case Command.Await await -> await.selectors();
          case Command.Scale scale -> List.of();
          case Command.Run run -> List.of();
          case Command.Apply apply -> List.of();
          case Command.Begin begin -> List.of();
          case Command.Resume resume -> List.of();
          case Command.Shutdown shutdown -> List.of();
          case Report report -> List.of();
          case TimePassed passed -> List.of();
          case TaskEvent task -> List.of();
        };
    if (selectors.isEmpty() || core.isShuttingDown()) {
      return List.of();
    }
    return core.select(selectors) instanceof Selection.Found found ? found.instances() : List.of();
  }

  /** Tells the passing of time for as long as a deadline has come. */
  void timePassed(SplittableRandom random) {
    for (int turn = 0; exit.isEmpty() && core.nextDeadline() <= story.now().nanos(); turn++) {
      Violation.unless(
          turn < MOST_TURNS_AT_ONCE,
          Invariant.NO_PAST_DEADLINE,
          "time passes again and again: ",
          states());
      handle(new TimePassed(), false);
      Violation.unless(
          core.nextDeadline() >= story.now().nanos(),
          Invariant.NO_PAST_DEADLINE,
          "a deadline is left behind: ",
          states());
      flush(random);
    }
    if (exit.isEmpty()) {
      requests.timePassed(story.now());
    }
  }

  /** The end of a batch: what was decided is kept in one piece, then carried out. */
  void flush(SplittableRandom random) {
    if (exit.isPresent()) {
      return;
    }
    keep();
    List<Effect> effects = List.copyOf(toDo);
    toDo.clear();
    effects.forEach(effect -> carryOut(effect, random));
    if (exit.isPresent()) {
      return;
    }
    oracle.atRest(core, story.now(), isResuming);
    isResuming = false;
    if (random.nextInt(10) == 0) {
      knowsTheSame(supervisor(journal.entries()));
    }
  }

  private void keep() {
    journal.keep(toKeep);
    toKeep.clear();
    keptOracle = oracle.copy();
    core.configuration().programs().values().forEach(world::obeys);
  }

  private void carryOut(Effect effect, SplittableRandom random) {
    if (exit.isPresent() && !(effect instanceof Effect.Reply)) {
      Violation.unless(
          !(effect instanceof Effect.Exit), Invariant.ENDS_ONCE, "it ends a second time");
      return;
    }
    switch (effect) {
      case Effect.Spawn spawn -> world.spawn(spawn, random);
      case Effect.Signal signal -> world.signal(signal, random);
      case Effect.KillRemains kill -> world.killRemains(kill);
      case Effect.SignalRemains signal -> world.signalRemains(signal);
      case Effect.Release release -> world.release(release);
      case Effect.Adopt adopt -> world.adopt(adopt);
      case Effect.Reply reply ->
          requests.answered(reply, core.isShuttingDown(), journal.decisionNumber());
      case Effect.Follow follow -> world.follow(follow);
      case Effect.Check check -> world.check(check);
      case Effect.Ping ping -> world.ping(ping);
      case Effect.RunHook hook -> world.runHook(hook);
      case Effect.EndHooks end -> world.endHooks(end);
      case Effect.ReadUsage read -> world.readUsage(read);
      case Effect.ChangeLogs logs -> {}
      case Effect.Publish publish -> {}
      case Effect.Exit exits -> exit = Optional.of(exits.code());
      case TaskEffect task -> throw new IllegalStateException("no pools: " + task);
    }
  }

  /** It has been told to end and has: everyone is answered, and nothing lives. */
  void ended() {
    requests.ended();
    boolean isLeft =
        core.instances().stream().anyMatch(instance -> !(instance.phase() instanceof Phase.Dead));
    Violation.unless(
        exit.orElseThrow() == (isLeft ? 1 : 0),
        Invariant.ENDS_ONCE,
        "it ends with ",
        exit,
        " and ",
        states());
  }

  String states() {
    List<String> states = new ArrayList<>();
    core.instances().forEach(instance -> states.add(transcript.instance(instance, story.now())));
    return String.join(", ", states);
  }
}
