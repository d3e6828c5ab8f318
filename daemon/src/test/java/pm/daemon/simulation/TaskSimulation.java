package pm.daemon.simulation;

import static pm.daemon.simulation.TaskViolation.unless;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Event;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Phase;
import pm.daemon.core.model.Priority;
import pm.daemon.core.pool.PoolOracle;

/**
 * One history, made from a seed: the supervisor with pools and programs, the keeper of tasks and
 * the journal, in a world where workers misbehave, operators change their minds, daemons are killed
 * and the power fails. In the end nothing resists any more, and every task must come to its end.
 */
final class TaskSimulation {

  /** How it went: what was broken, if anything, and all that was told. */
  record Outcome(
      Optional<RuntimeException> violation,
      Optional<Enum<?>> law,
      List<String> lines,
      long events) {

    private static Outcome of(
        Optional<RuntimeException> violation, Optional<Enum<?>> law, TaskWorld world) {
      return new Outcome(violation, law, world.lines(), world.events);
    }
  }

  private static final long SECOND = 1_000_000_000L;
  private static final Actor ALICE = new Actor("alice", 1000, 7);
  static final int STEPS = 100;

  private final TaskWorld world;
  private final SplittableRandom random;
  private long requests;
  private long submits;

  private TaskSimulation(long seed, TaskSabotage sabotage, boolean isWritten) {
    world = new TaskWorld(seed, sabotage, isWritten);
    random = world.random;
  }

  static Outcome run(long seed, TaskSabotage sabotage, boolean isWritten) {
    return run(seed, STEPS, sabotage, isWritten);
  }

  /**
   * @param steps how often somebody does something until all behave
   */
  static Outcome run(long seed, int steps, TaskSabotage sabotage, boolean isWritten) {
    TaskSimulation simulation = new TaskSimulation(seed, sabotage, isWritten);
    TaskWorld world = simulation.world;
    try {
      simulation.play(steps);
    } catch (TaskViolation broken) {
      return Outcome.of(Optional.of(broken), Optional.of(broken.law), world);
    } catch (PoolOracle.Broken broken) {
      return Outcome.of(Optional.of(broken), Optional.of(broken.law), world);
    }
    return Outcome.of(Optional.empty(), Optional.empty(), world);
  }

  private void play(int steps) {
    world.begin();
    for (int i = 0; i < steps; i++) {
      step();
    }
    world.light(0, false);
    world.tell("-- everybody behaves");
    world.tame();
    settleDown();
  }

  private void step() {
    switch (random.nextInt(22)) {
      case 0, 1, 2, 3, 4, 5 -> ask(submit());
      case 6 -> ask(new TaskCommand.Cancel(++requests, ALICE, ids()));
      case 7 -> ask(new TaskCommand.Retry(++requests, ALICE, ids()));
      case 8 -> ask(new TaskCommand.Await(++requests, ALICE, ids(), random.nextLong(30 * SECOND)));
      case 9 -> ask(intake());
      case 10, 11 -> ask(command());
      case 12 -> someoneDies();
      case 13 -> world.light(1 + random.nextInt(30), random.nextInt(4) == 0);
      default -> {}
    }
    world.pass(
        switch (random.nextInt(6)) {
          case 0 -> 0;
          case 1 -> random.nextLong(20 * SECOND);
          default -> random.nextLong(3 * SECOND);
        });
  }

  private void ask(Event event) {
    world.ask(requests, event);
  }

  private void someoneDies() {
    List<SimulatedWorker> living = world.living();
    if (!living.isEmpty()) {
      world.exit(
          living.get(random.nextInt(living.size())), new ExitStatus.Signalled("KILL", 9, false));
    }
  }

  private List<String> ids() {
    List<String> ids = new ArrayList<>();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      ids.add(
          random.nextInt(5) == 0
              ? "key" + random.nextInt(20)
              : world.watch.anyId(random).orElse("nope"));
    }
    return ids;
  }

  private TaskCommand submit() {
    String pool = random.nextInt(3) == 0 ? "mail" : "pics";
    List<NewTask> tasks = new ArrayList<>();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      String text = "{\"n\":" + submits++ + "}";
      if (random.nextInt(20) == 0) {
        text = "\"" + "much ".repeat(900) + submits + "\"";
      }
      tasks.add(
          new NewTask(
              random.nextInt(6) == 0 ? "key" + random.nextInt(20) : "",
              pool.equals("mail") ? "mail" : NewTask.DEFAULT_TYPE,
              Programs.pick(random, List.of(Priority.values())),
              random.nextInt(4) == 0
                  ? Duration.ofSeconds(1 + random.nextInt(5)).toNanos()
                  : NewTask.POOLS,
              random.nextInt(4) == 0 ? random.nextInt(3) : NewTask.POOLS,
              random.nextInt(5) == 0 ? random.nextLong(9 * SECOND) : 0,
              text.getBytes(StandardCharsets.UTF_8)));
    }
    return new TaskCommand.Submit(
        ++requests,
        ALICE,
        pool,
        tasks,
        random.nextInt(3) == 0,
        random.nextLong(60 * SECOND),
        random.nextInt(3) == 0 ? random.nextLong(20 * SECOND) : 0);
  }

  private TaskCommand intake() {
    List<String> pools = List.of(random.nextInt(3) == 0 ? "mail" : "pics");
    return switch (random.nextInt(5)) {
      case 0 -> new TaskCommand.Pause(++requests, ALICE, pools);
      case 1 ->
          new TaskCommand.Drain(++requests, ALICE, pools, new Command.Patience(true, 5 * SECOND));
      default -> new TaskCommand.Resume(++requests, ALICE, pools);
    };
  }

  private Command command() {
    long request = ++requests;
    String pool = random.nextInt(4) == 0 ? "mail" : "pics";
    List<String> selectors =
        switch (random.nextInt(6)) {
          case 0, 1 -> List.of(pool + "@" + (1 + random.nextInt(2)));
          case 2 -> List.of("web");
          case 3 -> List.of("all");
          default -> List.of(pool);
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
        counts.put(pool, new InstanceBounds(min, Math.max(1, min + random.nextInt(3))));
        yield new Command.Scale(request, ALICE, counts, patience);
      }
      case 9 -> new Command.Disable(request, ALICE, selectors, patience);
      case 10 -> new Command.Enable(request, ALICE, selectors, patience);
      case 11 ->
          random.nextInt(4) == 0
              ? new Command.Shutdown(request, ALICE)
              : new Command.Reset(request, ALICE, selectors);
      default -> apply(request, patience);
    };
  }

  private Command apply(long request, Command.Patience patience) {
    world.edit(PoolPrograms.draw(random, world.isTame));
    return new Command.Apply(request, ALICE, world.watch.bent(world.files()), false, patience);
  }

  /** Operators undo what they have done, and everybody has time. */
  private void settleDown() {
    for (int round = 0; round < 12; round++) {
      do {
        // What is asked of one that ends is lost with it.
        world.pass(SECOND);
      } while (world.daemon().map(daemon -> daemon.core.isShuttingDown()).orElse(true));
      ++requests;
      ask(apply(requests, Command.Patience.NONE));
      ++requests;
      ask(new TaskCommand.Resume(requests, ALICE, PoolPrograms.POOLS));
      ++requests;
      ask(new Command.Enable(requests, ALICE, List.of("all"), Command.Patience.NONE));
      ++requests;
      ask(new Command.Start(requests, ALICE, List.of("all"), Command.Patience.NONE));
      for (int i = 0; i < 20; i++) {
        world.pass(5 * SECOND);
        if (world.daemon().isPresent() && world.watch.isAllEnded() && world.open().isEmpty()) {
          world.pass(60 * SECOND);
          asItShouldBe();
          return;
        }
      }
    }
    unless(world.watch.isAllEnded(), TaskLaw.CONVERGES, world.watch.open());
    unless(world.open().isEmpty(), TaskLaw.ANSWERED, "nobody answers ", world.open());
  }

  private void asItShouldBe() {
    Supervisor core = world.daemon().orElseThrow().core;
    Map<String, Integer> up = new HashMap<>();
    for (Instance instance : core.instances()) {
      if (instance.phase() instanceof Phase.Up) {
        up.merge(instance.name().program(), 1, Integer::sum);
      }
    }
    for (ProgramSpec spec : core.configuration().programs().values()) {
      int count = up.getOrDefault(spec.name(), 0);
      int least = spec.pool().map(PoolSpec::min).orElse(1);
      int most = spec.pool().map(PoolSpec::max).orElse(1);
      unless(
          count >= least && count <= most,
          TaskLaw.CONVERGES,
          spec.name(),
          " has ",
          count,
          " of ",
          least,
          " to ",
          most,
          ": ",
          core.instances());
    }
  }
}
