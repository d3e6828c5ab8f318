package pm.daemon.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import pm.config.Configuration;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Moment;

/**
 * One history of a world with a daemon in it, made from a seed.
 *
 * <p>Each step draws from a seed of its own, so that steps can be left out and the others still do
 * what they did: that is how a failing history is shortened.
 */
final class Simulation {

  /** How a history went: what was broken, if anything, and all that was told. */
  record Outcome(Optional<Violation> violation, long hash, List<String> lines, int events) {}

  private static final Actor ALICE = new Actor("alice", 1000, 77);
  private static final Actor TERM = Actor.signal("SIGTERM");
  private static final Duration YEAR = Duration.ofDays(365);
  private static final Duration FREEZE = Duration.ofMinutes(1);
  private static final int MOST_TURNS_OF_A_SHUTDOWN = 3_000;

  /** How many reports may come a second time. */
  private static final int REMEMBERED_REPORTS = 12;

  private final long seed;
  private final Story story;
  private final World world = new World();
  private final Daemon daemon;
  private final ArrayDeque<Report> delivered = new ArrayDeque<>();
  private Configuration files = Configuration.EMPTY;
  private long requests;

  private Simulation(long seed, Sabotage sabotage, boolean isWritten) {
    this.seed = seed;
    this.story = new Story(isWritten);
    this.daemon = new Daemon(seed, sabotage, world, story);
  }

  /**
   * Runs the history of {@code seed} with those {@code steps}.
   *
   * @param isWritten whether its lines are wanted
   */
  static Outcome run(long seed, List<Integer> steps, Sabotage sabotage, boolean isWritten) {
    Simulation simulation = new Simulation(seed, sabotage, isWritten);
    Optional<Violation> violation = Optional.empty();
    try {
      simulation.begin();
      steps.forEach(simulation::step);
      simulation.end();
    } catch (Violation found) {
      violation = Optional.of(found);
    } catch (IllegalStateException | IllegalArgumentException thrown) {
      violation =
          Optional.of(new Violation(Invariant.NOTHING_IMPOSSIBLE, thrown.toString(), thrown));
    }
    violation.ifPresent(found -> simulation.story.tell(found.told()));
    return new Outcome(
        violation, simulation.story.hash(), simulation.story.lines(), simulation.daemon.events());
  }

  private SplittableRandom random(int step) {
    return new SplittableRandom(seed * 1_000_003 + step);
  }

  private void begin() {
    SplittableRandom random = random(-1);
    world.temperament(random);
    files = Programs.draw(random);
    files.programs().values().forEach(spec -> story.tell("-- " + Programs.told(spec)));
    daemon.begin(files, random);
  }

  private void step(int step) {
    SplittableRandom random = random(step);
    int dice = random.nextInt(100);
    if (dice < 34) {
      world.happens(random).ifPresent(story::tell);
    } else if (dice < 66) {
      report(random);
    } else if (dice < 80) {
      time(random);
    } else if (dice < 94) {
      daemon.handle(command(random), false);
    } else if (dice < 96) {
      if (!delivered.isEmpty()) {
        daemon.handle(Programs.pick(random, List.copyOf(delivered)), true);
      }
    } else if (dice < 99) {
      crash(random);
    } else {
      daemon.handle(new Command.Shutdown(request(random), TERM), false);
    }
    if (random.nextInt(3) > 0) {
      daemon.flush(random);
    }
    if (daemon.exit().isPresent()) {
      succeed(random);
    }
  }

  private void report(SplittableRandom random) {
    List<World.Life> telling = world.telling();
    if (telling.isEmpty()) {
      return;
    }
    Report report = Programs.pick(random, telling).reports.remove();
    delivered.addFirst(report);
    if (delivered.size() > REMEMBERED_REPORTS) {
      delivered.removeLast();
    }
    daemon.handle(report, false);
  }

  private void time(SplittableRandom random) {
    daemon.flush(random);
    if (daemon.exit().isPresent()) {
      return;
    }
    if (random.nextInt(10) == 0) {
      story.setWall(
          switch (random.nextInt(3)) {
            case 0 -> YEAR.toSeconds();
            case 1 -> -YEAR.toSeconds();
            default -> random.nextLong(-100_000, 100_000);
          });
    }
    if (random.nextInt(12) == 0) {
      freeze(random);
      return;
    }
    long next = daemon.core().nextDeadline();
    long toNext = next == Moment.NEVER ? 0 : Math.max(0, next - story.now().nanos());
    story.pass(
        switch (random.nextInt(4)) {
          case 0 -> random.nextLong(Duration.ofMillis(300).toNanos());
          case 1 -> random.nextLong(Duration.ofSeconds(20).toNanos());
          case 2 -> toNext;
          default -> toNext + random.nextLong(Duration.ofMillis(50).toNanos());
        });
    if (random.nextInt(5) > 0) {
      daemon.timePassed(random);
    }
  }

  /** The daemon stands still for a minute while the world goes on. */
  private void freeze(SplittableRandom random) {
    story.tell("-- the daemon is frozen for a minute");
    for (int i = random.nextInt(6); i > 0; i--) {
      world.happens(random).ifPresent(story::tell);
    }
    story.pass(FREEZE.toNanos());
    if (random.nextBoolean()) {
      report(random);
      daemon.flush(random);
    }
    if (daemon.exit().isEmpty()) {
      daemon.timePassed(random);
    }
  }

  /** The daemon is killed, nobody notices for a while, another takes its place. */
  private void crash(SplittableRandom random) {
    daemon.kill(random);
    if (daemon.exit().isEmpty()) {
      int unattended = random.nextInt(3) == 0 ? random.nextInt(8) : 0;
      for (int i = 0; i < unattended; i++) {
        world.happens(random).ifPresent(story::tell);
      }
      if (random.nextInt(3) == 0) {
        story.pass(random.nextLong(Duration.ofSeconds(90).toNanos()));
      }
    }
    succeed(random);
  }

  private void succeed(SplittableRandom random) {
    delivered.clear();
    daemon.succeed(files, random);
  }

  private long request(SplittableRandom random) {
    return random.nextInt(6) == 0 ? Command.UNANSWERED : ++requests;
  }

  private Command command(SplittableRandom random) {
    long request = request(random);
    Command.Patience patience =
        switch (random.nextInt(4)) {
          case 0 -> Command.Patience.NONE;
          case 1 -> Command.Patience.ENDLESS;
          default -> new Command.Patience(true, random.nextLong(Duration.ofSeconds(30).toNanos()));
        };
    List<String> selectors = selectors(random);
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> new Command.Start(request, ALICE, selectors, patience);
      case 3, 4 -> new Command.Stop(request, ALICE, selectors, patience);
      case 5 -> new Command.Restart(request, ALICE, selectors, patience);
      case 6 -> new Command.Signal(request, ALICE, selectors, 1, "HUP");
      case 7 -> new Command.Reset(request, ALICE, selectors);
      default -> apply(request, patience, random);
    };
  }

  private Command apply(long request, Command.Patience patience, SplittableRandom random) {
    Configuration edited = Programs.edited(files, random);
    boolean isDryRun = random.nextInt(4) == 0;
    if (!isDryRun) {
      files = edited;
      files.programs().values().forEach(spec -> story.tell("-- " + Programs.told(spec)));
    }
    return new Command.Apply(request, ALICE, edited, isDryRun, patience);
  }

  private static List<String> selectors(SplittableRandom random) {
    List<String> selectors = new ArrayList<>();
    int count = random.nextInt(8) == 0 ? 2 : 1;
    for (int i = 0; i < count; i++) {
      String name = Programs.pick(random, Programs.NAMES);
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

  /** Nothing resists any more; the daemon is asked to end and must, with everyone answered. */
  private void end() {
    SplittableRandom random = random(-2);
    story.tell("-- the history ends");
    daemon.flush(random);
    if (daemon.exit().isPresent()) {
      succeed(random);
    }
    world.calm();
    daemon.handle(new Command.Shutdown(++requests, TERM), false);
    if (random.nextBoolean()) {
      daemon.handle(new Command.Shutdown(++requests, TERM), false);
    }
    daemon.flush(random);
    for (int turn = 1; daemon.exit().isEmpty(); turn++) {
      Violation.unless(
          turn < MOST_TURNS_OF_A_SHUTDOWN,
          Invariant.ENDS_ONCE,
          "it does not end: ",
          daemon.states());
      world.happens(random);
      while (daemon.exit().isEmpty() && !world.telling().isEmpty()) {
        report(random);
        daemon.flush(random);
      }
      long next = daemon.core().nextDeadline();
      if (turn % 20 == 0 && next != Moment.NEVER) {
        story.pass(Math.max(0, next - story.now().nanos()));
        daemon.timePassed(random);
      }
    }
    daemon.ended();
  }
}
