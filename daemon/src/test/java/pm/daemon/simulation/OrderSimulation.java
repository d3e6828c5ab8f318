package pm.daemon.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.DependencyCondition;
import pm.config.Location;
import pm.config.OnDependencyRestart;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.config.RestartPolicy;
import pm.config.RestartSpec;
import pm.config.StopScope;
import pm.config.StopSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.Transcript;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Entry;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TimePassed;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.AfterStop;
import pm.daemon.core.model.AwaitedState;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InstanceState;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Outcome;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Run;
import pm.daemon.core.model.StopCause;
import pm.daemon.core.model.StopStep;
import pm.daemon.core.plan.Selection;

/**
 * Histories of many programs that depend on each other at random, in which several clients ask for
 * contradicting things, the files change, and the daemon is killed between any entry and any
 * effect. It holds each decision against rules of its own.
 */
final class OrderSimulation {

  /** What must be so. */
  enum Rule {
    /** Nothing starts before what it depends on meets its condition. */
    START_ORDER,
    /** Nothing is asked to stop while something that depends on it is still on its way out. */
    STOP_ORDER,
    /** What an operator stopped or disabled starts only if an operator wants that. */
    MANUAL_STOP,
    /** Nobody waits for what is there, and no stop for what is gone. */
    NO_NEEDLESS_WAIT,
    /** A roll has one instance in hand, and leaves a new invocation of each. */
    ROLL,
    /** A program has as many instances as was decided last. */
    SCALE,
    /** Whoever asks is answered once. */
    ANSWERED_ONCE,
    /** A daemon that goes on knows what the one before it kept. */
    RECOVERY,
    /** A shutdown ends. */
    ENDS
  }

  /** A rule is broken. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final Rule rule;

    Broken(Rule rule, String what) {
      super(rule + ": " + what);
      this.rule = rule;
    }

    Rule rule() {
      return rule;
    }
  }

  /** Stands between the history and the core, to show that each rule can be broken. */
  record Bug(
      UnaryOperator<Event> told, UnaryOperator<Decision> decided, UnaryOperator<List<Entry>> kept) {
    static final Bug NONE =
        new Bug(UnaryOperator.identity(), UnaryOperator.identity(), UnaryOperator.identity());
  }

  private static final List<String> NAMES = List.of("a", "b", "c", "d", "e", "f", "g");
  private static final Actor ALICE = new Actor("alice", 1000, 77);
  private static final Actor BOB = new Actor("bob", 1001, 78);

  private final long seed;
  private final Bug bug;
  private final OrderWorld world = new OrderWorld();
  private final Transcript transcript = new Transcript();
  private final List<String> story = new ArrayList<>();
  private final List<Entry> journal = new ArrayList<>();
  private final Map<Long, Command> open = new HashMap<>();
  private final Set<InstanceName> held = new HashSet<>();
  private final Map<String, Integer> counts = new TreeMap<>();
  private final Map<String, Integer> configured = new TreeMap<>();
  private Configuration files = Configuration.EMPTY;
  private Supervisor core;
  private long nanos = 1_000_000_000_000L;
  private long requests;
  private int daemons;
  private int events;
  private boolean isHurried;
  private boolean ended;
  private Optional<RollWatch> roll = Optional.empty();
  private final Map<String, ProgramSpec> truth = new TreeMap<>();

  /** Where the next decision is cut off: -1 before it is kept, else after so many effects. */
  private OptionalInt cut = OptionalInt.empty();

  /** A roll that nobody interferes with. */
  private static final class RollWatch {
    final long request;
    final Map<InstanceName, InvocationId> before = new HashMap<>();

    RollWatch(long request) {
      this.request = request;
    }
  }

  private OrderSimulation(long seed, Bug bug) {
    this.seed = seed;
    this.bug = bug;
    this.core = newCore();
  }

  /** Lives through a history; returns how many events it had. */
  static int run(long seed, int steps, Bug bug) {
    OrderSimulation history = new OrderSimulation(seed, bug);
    try {
      history.live(steps);
    } catch (Broken broken) {
      throw withStory(broken, history);
    } catch (IllegalStateException | IllegalArgumentException impossible) {
      throw new IllegalStateException(
          "seed " + seed + "\n" + String.join("\n", history.story), impossible);
    }
    return history.events;
  }

  private static Broken withStory(Broken broken, OrderSimulation history) {
    Broken told =
        new Broken(
            broken.rule(),
            "seed "
                + history.seed
                + ": "
                + broken.getMessage()
                + "\n"
                + String.join("\n", history.story));
    told.initCause(broken);
    return told;
  }

  private Supervisor newCore() {
    return new Supervisor(new SplittableRandom(seed * 31 + daemons), 1);
  }

  private Moment now() {
    return new Moment(nanos, Instant.EPOCH.plusNanos(nanos));
  }

  private void live(int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    files = draw(random);
    begin();
    for (int step = 0; step < steps; step++) {
      int dice = random.nextInt(100);
      if (dice < 45) {
        world.happens(random);
        hear();
      } else if (dice < 55) {
        endOneshots(random);
      } else if (dice < 70) {
        pass(random.nextLong(Duration.ofSeconds(3).toNanos()));
      } else if (dice < 90) {
        handle(command(random));
      } else if (dice < 94) {
        kill(random);
      } else if (dice < 96) {
        settle();
        rollAlone(random);
      } else if (dice < 97) {
        handle(new Command.Shutdown(++requests, ALICE));
      } else {
        hear();
      }
      if (ended) {
        begin();
      }
    }
    settle();
    restsWell();
    handle(new Command.Shutdown(++requests, ALICE));
    settle();
    check(ended, Rule.ENDS, "it does not end");
    check(open.isEmpty(), Rule.ANSWERED_ONCE, "never answered: " + open.values());
  }

  private void begin() {
    ended = false;
    isHurried = false;
    daemons++;
    core = newCore();
    open.clear();
    roll = Optional.empty();
    Decisions decisions = lastDecisions();
    configured.clear();
    counts.clear();
    held.clear();
    truth.clear();
    truth.putAll(files.programs());
    cut = OptionalInt.empty();
    files.programs().forEach((name, spec) -> configured.put(name, spec.instances()));
    files
        .programs()
        .forEach(
            (name, spec) -> {
              Decisions.Scaled scaled = decisions.scaled().get(name);
              counts.put(
                  name,
                  scaled != null && scaled.configured().equals(InstanceBounds.of(spec))
                      ? scaled.bounds().max()
                      : spec.instances());
            });
    held.addAll(decisions.stopped().keySet());
    held.addAll(decisions.disabled().keySet());
    journal.clear();
    handle(new Command.Begin(Actor.AUTOSTART, files, decisions));
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

  // The files.

  private static Configuration draw(SplittableRandom random) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    for (String name : NAMES) {
      if (random.nextInt(6) > 0) {
        programs.put(name, program(name, programs.keySet(), random));
      }
    }
    DaemonSpec spec = DaemonSpec.DEFAULT;
    return new Configuration(
        new DaemonSpec(
            spec.socket(),
            spec.level(),
            spec.format(),
            spec.shutdownTimeout(),
            random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(1 + random.nextInt(2)),
            spec.tasks(),
            spec.include()),
        programs,
        new TreeMap<>(),
        List.of());
  }

  /** It may depend on those before it, so that there are no circles. */
  private static ProgramSpec program(String name, Set<String> earlier, SplittableRandom random) {
    TreeMap<String, DependencyCondition> dependsOn = new TreeMap<>();
    for (String needed : earlier) {
      if (random.nextInt(3) == 0) {
        DependencyCondition[] all = DependencyCondition.values();
        dependsOn.put(needed, all[random.nextInt(8) == 0 ? 3 : random.nextInt(3)]);
      }
    }
    OnDependencyRestart[] rules = OnDependencyRestart.values();
    return new ProgramSpec.Builder(
            name, new pm.config.Command(List.of("/bin/" + name, "v" + random.nextInt(3)), false))
        .type(random.nextInt(5) == 0 ? ProgramType.ONESHOT : ProgramType.SIMPLE)
        .instances(random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(3))
        .enabled(random.nextInt(12) > 0)
        .autostart(random.nextInt(4) > 0)
        .essential(random.nextInt(25) == 0)
        .dependsOn(dependsOn)
        .onDependencyRestart(rules[random.nextInt(rules.length)])
        .readiness(new Readiness.Uptime(Duration.ofMillis(500L * random.nextInt(3))))
        .restart(
            new RestartSpec(
                random.nextInt(4) == 0 ? RestartPolicy.NEVER : RestartPolicy.ON_FAILURE,
                OptionalInt.of(random.nextInt(4)),
                Duration.ofSeconds(60),
                Duration.ofMillis(500L * random.nextInt(3)),
                2,
                Duration.ofSeconds(5),
                0,
                Duration.ofMinutes(10),
                Set.of(),
                Optional.empty()))
        .stop(new StopSpec("TERM", Duration.ofSeconds(5), StopScope.TREE))
        .location(new Location("a.yaml", 1, 1))
        .build();
  }

  // What is asked for.

  private Command command(SplittableRandom random) {
    long request = ++requests;
    Actor actor = random.nextBoolean() ? ALICE : BOB;
    Command.Patience patience =
        switch (random.nextInt(3)) {
          case 0 -> Command.Patience.NONE;
          case 1 -> Command.Patience.ENDLESS;
          default -> new Command.Patience(true, random.nextLong(Duration.ofSeconds(9).toNanos()));
        };
    String name = NAMES.get(random.nextInt(NAMES.size()));
    List<String> selectors =
        switch (random.nextInt(8)) {
          case 0 -> List.of("all");
          case 1 -> List.of(name, NAMES.get(random.nextInt(NAMES.size())));
          case 2, 3 -> List.of(name + "@" + (1 + random.nextInt(2)));
          default -> List.of(name);
        };
    return switch (random.nextInt(17)) {
      case 0, 1, 2 -> new Command.Start(request, actor, selectors, patience);
      case 3, 4, 5 -> new Command.Stop(request, actor, selectors, patience);
      case 6, 7 -> new Command.Restart(request, actor, selectors, patience);
      case 8 -> new Command.Disable(request, actor, selectors, patience);
      case 9 -> new Command.Enable(request, actor, selectors, patience);
      case 10, 11 ->
          new Command.Scale(
              request,
              actor,
              new TreeMap<>(Map.of(name, InstanceBounds.of(random.nextInt(5)))),
              patience);
      case 12 ->
          new Command.RollingRestart(
              request, actor, selectors, Duration.ofMillis(random.nextInt(800)), patience);
      case 13 -> new Command.Reload(request, actor, selectors, patience);
      case 14 ->
          new Command.Await(
              request,
              actor,
              selectors,
              random.nextBoolean() ? AwaitedState.READY : AwaitedState.DEAD,
              new Command.Patience(true, Duration.ofSeconds(5).toNanos()));
      case 15 ->
          new Command.Run(
              request,
              actor,
              new ProgramSpec.Builder(program("run" + random.nextInt(3), Set.of(name), random))
                  .location(new Location(Command.RUN, 0, 0))
                  .essential(false)
                  .enabled(true)
                  .build(),
              patience);
      default -> {
        files = random.nextInt(3) == 0 ? draw(random) : edited(random);
        yield new Command.Apply(request, actor, files, false, patience);
      }
    };
  }

  private Configuration edited(SplittableRandom random) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>(files.programs());
    List<String> names = new ArrayList<>(programs.keySet());
    if (!names.isEmpty()) {
      String name = names.get(random.nextInt(names.size()));
      TreeSet<String> earlier = new TreeSet<>(programs.headMap(name).keySet());
      programs.put(name, program(name, earlier, random));
    }
    return new Configuration(files.daemon(), programs, new TreeMap<>(), List.of());
  }

  /** Takes what a command allows and forbids, before its decision is looked at. */
  private void wished(Event event) {
    if (core.isShuttingDown()) {
      return;
    }
    switch (event) {
      case Command.Stop stop -> holds(selected(stop.selectors()));
      case Command.Disable disable -> holds(selected(disable.selectors()));
      case Command.Start start -> frees(selected(start.selectors()));
      case Command.Restart restart -> frees(selected(restart.selectors()));
      case Command.Scale scale ->
          scale
              .counts()
              .forEach(
                  (name, bounds) -> {
                    if (counts.containsKey(name)) {
                      counts.put(name, bounds.max());
                      held.removeIf(
                          each -> each.program().equals(name) && each.number() > bounds.max());
                    }
                  });
      case Command.Run run -> {
        if (selected(List.of(run.program().name())).isEmpty()) {
          truth.put(run.program().name(), run.program());
        }
      }
      case Command.Apply apply -> {
        Decisions decided = core.decisions();
        held.removeIf(
            each ->
                switchesOff(apply.configuration(), each.program())
                    && !decided.stopped().containsKey(each)
                    && !decided.disabled().containsKey(each));
        truth.values().removeIf(spec -> !spec.location().file().equals(Command.RUN));
        truth.putAll(apply.configuration().programs());
        configured.keySet().retainAll(apply.configuration().programs().keySet());
        counts.keySet().retainAll(apply.configuration().programs().keySet());
        apply
            .configuration()
            .programs()
            .forEach(
                (name, spec) -> {
                  Integer before = configured.put(name, spec.instances());
                  if (before == null || before != spec.instances()) {
                    counts.put(name, spec.instances());
                  }
                });
        held.removeIf(
            each ->
                configured.containsKey(each.program())
                    && each.number() > counts.getOrDefault(each.program(), 0));
        held.removeIf(
            each -> !configured.containsKey(each.program()) && !each.program().startsWith("run"));
      }
      default -> {}
    }
  }

  /** What an operator enabled and nobody started yet is held by the files alone from then on. */
  private boolean switchesOff(Configuration next, String program) {
    ProgramSpec before = truth.get(program);
    ProgramSpec after = next.programs().get(program);
    return before != null && before.enabled() && after != null && !after.enabled();
  }

  private List<InstanceName> selected(List<String> selectors) {
    return core.select(selectors) instanceof Selection.Found found ? found.instances() : List.of();
  }

  /** What is being removed has no later start that could be held back. */
  private void holds(List<InstanceName> names) {
    Map<InstanceName, Instance> all = Turn.byName(core.instances());
    for (InstanceName name : names) {
      Instance instance = all.get(name);
      boolean isLeaving =
          instance != null
              && instance.phase() instanceof Phase.Stopping stopping
              && stopping.after() == AfterStop.FORGET;
      if (!isLeaving) {
        held.add(name);
      }
    }
  }

  /** A start wants what it depends on as well. */
  private void frees(List<InstanceName> names) {
    Set<String> programs = new HashSet<>();
    names.forEach(name -> needed(name.program(), programs));
    held.removeAll(names);
    held.removeIf(name -> programs.contains(name.program()));
  }

  private void needed(String program, Set<String> into) {
    ProgramSpec spec = core.configuration().programs().get(program);
    if (spec != null) {
      for (String each : spec.dependsOn().keySet()) {
        if (into.add(each)) {
          needed(each, into);
        }
      }
    }
  }

  // What happens.

  private void handle(Event event) {
    if (ended) {
      return;
    }
    events++;
    story.add(nanos / 1_000_000 + " > " + transcript.event(event));
    boolean wasShuttingDown = core.isShuttingDown();
    Set<InstanceName> heldBefore = Set.copyOf(held);
    Map<String, Integer> countsBefore = Map.copyOf(counts);
    Map<String, Integer> configuredBefore = Map.copyOf(configured);
    Map<String, ProgramSpec> truthBefore = Map.copyOf(truth);
    wished(event);
    Map<InstanceName, Instance> before = Turn.byName(core.instances());
    if (event instanceof Command.Shutdown && wasShuttingDown) {
      isHurried = true;
    }
    if (event instanceof Command command && command.request() != Command.UNANSWERED) {
      open.put(command.request(), command);
    }
    Decision decision = bug.decided().apply(core.handle(bug.told().apply(event), now()));
    transcript.lines(decision, now()).forEach(line -> story.add("    " + line));
    Map<InstanceName, Instance> after = Turn.byName(core.instances());
    judge(decision, before, after);
    if (cut.isPresent() && cut.getAsInt() < 0) {
      // Nobody will ever know of it.
      held.clear();
      held.addAll(heldBefore);
      counts.clear();
      counts.putAll(countsBefore);
      configured.clear();
      configured.putAll(configuredBefore);
      truth.clear();
      truth.putAll(truthBefore);
      return;
    }
    journal.addAll(bug.kept().apply(decision.entries()));
    int done = 0;
    for (Effect effect : decision.effects()) {
      if (cut.isPresent() && done++ >= cut.getAsInt()) {
        return;
      }
      carryOut(effect);
    }
    held.removeIf(name -> !after.containsKey(name));
    if (events % 16 == 0) {
      recovers(after);
    }
    rolls(after);
  }

  private void carryOut(Effect effect) {
    switch (effect) {
      case Effect.Reply reply -> {
        check(
            open.remove(reply.request()) != null, Rule.ANSWERED_ONCE, "nobody waits for " + reply);
        rolled(reply);
      }
      case Effect.Exit exit -> ended = true;
      case TaskEffect task -> throw new IllegalStateException("no pools: " + task);
      default -> world.carryOut(effect);
    }
  }

  private void judge(
      Decision decision, Map<InstanceName, Instance> before, Map<InstanceName, Instance> after) {
    Map<String, ProgramSpec> specs = truth;
    for (Effect effect : decision.effects()) {
      if (effect instanceof Effect.Spawn spawn) {
        InstanceName name = spawn.instance();
        check(!held.contains(name), Rule.MANUAL_STOP, name + " was stopped and starts");
        ProgramSpec spec = truth.getOrDefault(name.program(), spawn.spec());
        spec.dependsOn()
            .forEach(
                (needed, condition) ->
                    check(
                        isMet(specs.get(needed), needed, condition, after),
                        Rule.START_ORDER,
                        name + " starts and " + needed + " is not " + condition.word()));
      } else if (effect instanceof Effect.Signal signal && signal.thenContinue()) {
        mayStop(signal, before, after);
      }
    }
    nobodyWaitsInVain(specs, after);
    Map<String, Integer> staying = new TreeMap<>();
    for (Instance instance : after.values()) {
      if (!(instance.phase() instanceof Phase.Stopping stopping
          && stopping.after() == AfterStop.FORGET)) {
        staying.merge(instance.name().program(), 1, Integer::sum);
      }
    }
    if (!ended && !core.isShuttingDown()) {
      counts.forEach(
          (name, count) ->
              check(
                  staying.getOrDefault(name, 0).equals(count),
                  Rule.SCALE,
                  name + " has " + staying.get(name) + " instances, not " + count));
    }
  }

  private static boolean isMet(
      @Nullable ProgramSpec spec,
      String needed,
      DependencyCondition condition,
      Map<InstanceName, Instance> all) {
    boolean any = false;
    if (spec == null) {
      return false;
    }
    for (Instance instance : all.values()) {
      if (!instance.name().program().equals(needed) || !isMeant(instance.phase())) {
        continue;
      }
      if (!meets(instance.phase(), condition, spec.type())) {
        return false;
      }
      any = true;
    }
    return any;
  }

  private static boolean isMeant(Phase phase) {
    return switch (phase) {
      case Phase.Dead dead ->
          dead.reason() != DeadReason.STOPPED && dead.reason() != DeadReason.DISABLED;
      case Phase.Stopping stopping ->
          stopping.after() == AfterStop.START || stopping.after() == AfterStop.POLICY;
      case Phase.Starting starting -> true;
      case Phase.Up up -> true;
    };
  }

  private static boolean meets(Phase phase, DependencyCondition condition, ProgramType type) {
    boolean isCompleted = phase instanceof Phase.Dead dead && dead.reason() == DeadReason.COMPLETED;
    return switch (condition) {
      case COMPLETED -> isCompleted;
      case READY, HEALTHY ->
          phase.state() == InstanceState.IDLE || (isCompleted && type == ProgramType.ONESHOT);
      case STARTED ->
          phase.state() == InstanceState.IDLE
              || (isCompleted && type == ProgramType.ONESHOT)
              || (phase instanceof Phase.Starting starting
                  && starting.current().process().isPresent());
    };
  }

  private void mayStop(
      Effect.Signal signal, Map<InstanceName, Instance> before, Map<InstanceName, Instance> after) {
    if (isHurried) {
      return;
    }
    for (Instance instance : after.values()) {
      if (!(instance.phase() instanceof Phase.Stopping stopping)
          || !stopping.current().invocation().equals(signal.invocation())
          || stopping.cause() == StopCause.START_TIMEOUT
          || stopping.cause() == StopCause.UNHEALTHY
          || stopping.step() != StopStep.SIGNALLED
          || wasBegun(before.get(instance.name()))) {
        continue;
      }
      String program = instance.name().program();
      for (Instance other : after.values()) {
        ProgramSpec spec = truth.get(other.name().program());
        if (spec == null || !spec.dependsOn().containsKey(program)) {
          continue;
        }
        boolean isLeaving =
            other.phase() instanceof Phase.Stopping its && its.step() != StopStep.STUCK;
        // What a killed daemon's shutdown began is an ordinary stop once the next one goes on.
        boolean isLeft =
            core.isShuttingDown()
                && (other.phase() instanceof Phase.Up || other.phase() instanceof Phase.Starting);
        check(
            !isLeaving && !isLeft,
            Rule.STOP_ORDER,
            instance.name() + " is asked to stop and " + other.name() + " is " + other.phase());
      }
    }
  }

  /** A stop that was begun before goes on, whatever has changed since. */
  private static boolean wasBegun(@Nullable Instance before) {
    return before != null
        && before.phase() instanceof Phase.Stopping stopping
        && stopping.step() != StopStep.AWAIT_DEPENDANTS;
  }

  private void nobodyWaitsInVain(
      Map<String, ProgramSpec> specs, Map<InstanceName, Instance> after) {
    if (core.isShuttingDown() || ended) {
      return;
    }
    boolean isFull = core.startSlotsInUse() >= core.startSlots();
    for (Instance instance : after.values()) {
      ProgramSpec spec = specs.get(instance.name().program());
      switch (instance.phase()) {
        case Phase.Dead dead -> {
          if (dead.reason() == DeadReason.WAITING && dead.startAt() == Moment.NEVER) {
            boolean isMet =
                spec == null
                    || spec.dependsOn().entrySet().stream()
                        .allMatch(
                            each ->
                                isMet(
                                    specs.get(each.getKey()),
                                    each.getKey(),
                                    each.getValue(),
                                    after));
            check(!isMet || isFull, Rule.NO_NEEDLESS_WAIT, instance.name() + " waits for nothing");
          }
        }
        case Phase.Stopping stopping -> {
          if (stopping.step() == StopStep.AWAIT_DEPENDANTS) {
            String program = instance.name().program();
            boolean isHeld =
                after.values().stream()
                    .anyMatch(
                        other ->
                            other.phase() instanceof Phase.Stopping its
                                && its.step() != StopStep.STUCK
                                && dependsOn(other.name().program(), program, specs));
            check(isHeld, Rule.NO_NEEDLESS_WAIT, instance.name() + " waits for no dependant");
          }
        }
        case Phase.Starting starting -> {}
        case Phase.Up up -> {}
      }
    }
  }

  /** What is leaving is not among the definitions any more; it may depend on anything. */
  private static boolean dependsOn(String who, String on, Map<String, ProgramSpec> specs) {
    ProgramSpec spec = specs.get(who);
    return spec == null || spec.dependsOn().containsKey(on);
  }

  private void recovers(Map<InstanceName, Instance> known) {
    Supervisor other = newCore();
    other.replay(journal);
    Map<InstanceName, Phase> expected = new LinkedHashMap<>();
    known.forEach((name, instance) -> expected.put(name, instance.phase().kept()));
    Map<InstanceName, Phase> found = new LinkedHashMap<>();
    Turn.byName(other.instances()).forEach((name, one) -> found.put(name, one.phase().kept()));
    check(
        ended || expected.equals(found),
        Rule.RECOVERY,
        "known is " + expected + ", kept is " + found);
  }

  private void hear() {
    world.heard().ifPresent(report -> handle(report));
  }

  private void endOneshots(SplittableRandom random) {
    for (Instance instance : core.instances()) {
      ProgramSpec spec = core.configuration().programs().get(instance.name().program());
      if (spec != null
          && spec.type() == ProgramType.ONESHOT
          && instance.phase() instanceof Phase.Up
          && random.nextBoolean()) {
        instance.run().map(Run::invocation).ifPresent(world::ends);
      }
    }
  }

  private void pass(long length) {
    long until = nanos + length;
    for (int turns = 0; !ended && core.nextDeadline() <= until; turns++) {
      check(turns < 10_000, Rule.ENDS, "deadlines without end");
      nanos = Math.max(nanos, core.nextDeadline());
      handle(new TimePassed());
    }
    nanos = until;
  }

  /** The daemon is killed; what it decided last may not have been kept, or not carried out. */
  private void kill(SplittableRandom random) {
    cut = OptionalInt.of(random.nextInt(6) - 1);
    Event last =
        random.nextBoolean()
            ? command(random)
            : world.heard().<Event>map(report -> report).orElseGet(TimePassed::new);
    handle(last);
    cut = OptionalInt.empty();
    if (ended) {
      return;
    }
    story.add("-- kill -9");
    if (!journal.isEmpty() && journal.getLast() instanceof Entry.CleanEnd) {
      world.daemonDies();
      begin();
      return;
    }
    open.clear();
    roll = Optional.empty();
    world.daemonDies();
    if (random.nextBoolean()) {
      nanos += random.nextLong(Duration.ofSeconds(5).toNanos());
    }
    boolean wasEnding = core.isShuttingDown();
    daemons++;
    core = newCore();
    core.replay(journal);
    // What was enabled and not started is wanted again after a shutdown.
    Decisions kept = lastDecisions();
    Map<InstanceName, Instance> found = Turn.byName(core.instances());
    held.removeIf(
        name ->
            (wasEnding || isShutDown(found.get(name)))
                && !kept.stopped().containsKey(name)
                && !kept.disabled().containsKey(name));
    isHurried = false;
    handle(new Command.Resume(Actor.AUTOSTART));
  }

  /** Whether a shutdown stopped it, be it one that was killed long ago. */
  private static boolean isShutDown(@Nullable Instance instance) {
    return instance != null
        && switch (instance.phase()) {
          case Phase.Dead dead -> dead.actor().equals(Actor.SHUTDOWN);
          case Phase.Stopping stopping -> stopping.cause() == StopCause.SHUTDOWN;
          case Phase.Starting starting -> false;
          case Phase.Up up -> false;
        };
  }

  /** Lets everything come to rest; nothing fails meanwhile. */
  private void settle() {
    world.calm(true);
    SplittableRandom random = new SplittableRandom(seed + events);
    for (int turn = 0; turn < 400 && !ended; turn++) {
      world.happens(random);
      hear();
      if (world.isQuiet()) {
        long next = core.nextDeadline();
        if (next > nanos + Duration.ofMinutes(2).toNanos()) {
          break;
        }
        pass(Math.max(0, next - nanos));
      }
    }
    world.calm(false);
  }

  /** At rest each program has as many instances as it should, and none is on its way. */
  private void restsWell() {
    if (ended) {
      begin();
      settle();
    }
    Map<String, Integer> there = new TreeMap<>();
    for (Instance instance : core.instances()) {
      there.merge(instance.name().program(), 1, Integer::sum);
    }
    if (!ended) {
      counts.forEach(
          (name, count) ->
              check(
                  there.getOrDefault(name, 0).equals(count),
                  Rule.SCALE,
                  name + " rests with " + there.get(name) + " instances, not " + count));
    }
  }

  // A roll that nobody interferes with.

  private void rollAlone(SplittableRandom random) {
    if (ended || core.isShuttingDown() || !open.isEmpty()) {
      return;
    }
    List<String> up = new ArrayList<>();
    for (Instance instance : core.instances()) {
      ProgramSpec spec = core.configuration().programs().get(instance.name().program());
      if (instance.phase() instanceof Phase.Up
          && spec != null
          && spec.type() == ProgramType.SIMPLE
          && !up.contains(instance.name().program())) {
        up.add(instance.name().program());
      }
    }
    if (up.isEmpty()) {
      return;
    }
    String program = up.get(random.nextInt(up.size()));
    RollWatch watch = new RollWatch(++requests);
    for (InstanceName name : selected(List.of(program))) {
      Instance instance = Turn.byName(core.instances()).get(name);
      if (instance != null && instance.phase() instanceof Phase.Up) {
        instance.run().ifPresent(run -> watch.before.put(name, run.invocation()));
      }
    }
    roll = Optional.of(watch);
    handle(
        new Command.RollingRestart(
            watch.request, ALICE, List.of(program), Duration.ZERO, Command.Patience.ENDLESS));
    settle();
    roll = Optional.empty();
  }

  private void rolls(Map<InstanceName, Instance> after) {
    if (roll.isEmpty() || ended) {
      return;
    }
    int down = 0;
    for (InstanceName name : roll.get().before.keySet()) {
      Instance instance = after.get(name);
      if (instance == null || !(instance.phase() instanceof Phase.Up)) {
        down++;
      }
    }
    check(down <= 1, Rule.ROLL, down + " are down at a time");
  }

  private void rolled(Effect.Reply reply) {
    if (roll.isEmpty()
        || roll.get().request != reply.request()
        || !(reply.answer() instanceof Answer.Outcomes outcomes)) {
      return;
    }
    RollWatch watch = roll.get();
    roll = Optional.empty();
    boolean isDone =
        outcomes.outcomes().stream().noneMatch(each -> each.result() == Outcome.Result.FAILED);
    if (!isDone) {
      return;
    }
    for (Instance instance : core.instances()) {
      InvocationId old = watch.before.get(instance.name());
      check(
          old == null || !instance.run().map(Run::invocation).equals(Optional.of(old)),
          Rule.ROLL,
          instance.name() + " was rolled and is the same");
    }
  }

  private static void check(boolean holds, Rule rule, String what) {
    if (!holds) {
      throw new Broken(rule, what);
    }
  }
}
