package pm.daemon.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import pm.config.BeforeKill;
import pm.config.Command;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.Hook;
import pm.config.HooksSpec;
import pm.config.LimitsSpec;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.Location;
import pm.config.OnMemory;
import pm.config.OnUnhealthy;
import pm.config.Probe;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.config.Readiness;
import pm.config.RestartPolicy;
import pm.config.RestartSpec;
import pm.config.StopScope;
import pm.config.StopSpec;

/** Draws configurations, and changes of them. */
final class Programs {

  static final List<String> NAMES = List.of("api", "db", "job", "web");
  private static final List<String> FILES = List.of("a.yaml", "b.yaml");

  /** No stop timeout is longer. */
  static final Duration LONGEST_STOP = Duration.ofSeconds(10);

  /** No hook is waited for longer. */
  static final Duration LONGEST_HOOK = Duration.ofSeconds(15);

  private Programs() {}

  static Configuration draw(SplittableRandom random) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    for (String name : NAMES) {
      if (random.nextInt(4) > 0) {
        programs.put(name, program(name, random));
      }
    }
    return new Configuration(daemon(random), programs, new TreeMap<>(), List.of());
  }

  /** Draws what the files say after somebody has edited them. */
  static Configuration edited(Configuration before, SplittableRandom random) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    TreeMap<String, List<Problem>> invalid = new TreeMap<>();
    List<Problem> problems = new ArrayList<>();
    TreeMap<String, List<Problem>> unread = new TreeMap<>();
    String broken = random.nextInt(8) == 0 ? pick(random, FILES) : "";
    if (!broken.isEmpty()) {
      Problem problem = new Problem(new Location(broken, 1, 1), "", "is not YAML", "");
      problems.add(problem);
      if (random.nextInt(4) > 0) {
        unread.put(broken, List.of(problem));
      }
    }
    for (String name : NAMES) {
      ProgramSpec old = before.programs().get(name);
      Optional<ProgramSpec> now = Optional.empty();
      int dice = random.nextInt(20);
      if (old == null) {
        if (dice < 8) {
          now = Optional.of(program(name, random));
        }
      } else if (dice >= 2) {
        now = Optional.of(dice < 10 ? old : changed(old, random));
      }
      if (dice == 19) {
        Problem problem =
            new Problem(new Location("b.yaml", 7, 3), "programs." + name, "is wrong", "");
        invalid.put(name, List.of(problem));
        problems.add(problem);
      } else if (now.isPresent() && !now.get().location().file().equals(broken)) {
        programs.put(name, now.get());
      }
    }
    DaemonSpec daemon = random.nextInt(4) == 0 ? daemon(random) : before.daemon();
    return new Configuration(daemon, programs, invalid, unread, problems);
  }

  private static DaemonSpec daemon(SplittableRandom random) {
    OptionalInt starts =
        random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(1 + random.nextInt(3));
    DaemonSpec spec = DaemonSpec.DEFAULT;
    return new DaemonSpec(
        spec.socket(),
        spec.level(),
        spec.format(),
        spec.shutdownTimeout(),
        starts,
        spec.tasks(),
        spec.include());
  }

  private static ProgramSpec changed(ProgramSpec old, SplittableRandom random) {
    ProgramSpec.Builder builder = new ProgramSpec.Builder(old);
    ProgramSpec other = program(old.name(), random);
    switch (random.nextInt(9)) {
      case 7 -> builder.liveness(other.liveness()).limits(other.limits());
      case 8 -> builder.hooks(other.hooks()).readiness(other.readiness());
      case 0 -> builder.command(other.command());
      case 1 -> builder.instances(other.instances());
      case 2 -> builder.enabled(!old.enabled());
      case 3 -> builder.autostart(!old.autostart());
      case 4 -> {
        boolean fits =
            old.type() == ProgramType.SIMPLE || other.restart().policy() != RestartPolicy.ALWAYS;
        builder.restart(fits ? other.restart() : old.restart());
      }
      case 5 -> builder.stop(other.stop()).groups(other.groups());
      default -> {
        return other;
      }
    }
    return builder.build();
  }

  private static ProgramSpec program(String name, SplittableRandom random) {
    ProgramType type = random.nextInt(5) == 0 ? ProgramType.ONESHOT : ProgramType.SIMPLE;
    return new ProgramSpec.Builder(
            name, new Command(List.of("/bin/" + name, "v" + random.nextInt(100)), false))
        .type(type)
        .instances(random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(3))
        .enabled(random.nextInt(10) > 0)
        .autostart(random.nextInt(5) > 0)
        .groups(random.nextBoolean() ? List.of("front") : List.of())
        .startTimeout(millis(random, 300, 2_000, 60_000))
        .readiness(readiness(random))
        .liveness(liveness(random))
        .hooks(new HooksSpec(hook(random), hook(random), hook(random), hook(random), hook(random)))
        .limits(limits(random))
        .successExitCodes(random.nextInt(4) == 0 ? Set.of(0, 3) : Set.of(0))
        .restart(restart(type, random))
        .stop(
            new StopSpec(
                pick(random, List.of("TERM", "INT", "QUIT")),
                millis(random, 0, 100, 1_000, 10_000),
                random.nextInt(3) > 0
                    ? StopScope.TREE
                    : pick(random, List.of(StopScope.GROUP, StopScope.PROCESS)),
                Optional.empty(),
                random.nextInt(6) == 0 ? Optional.of(HOOK) : Optional.empty()))
        .location(new Location(pick(random, FILES), 1 + random.nextInt(50), 3))
        .build();
  }

  private static final Command HOOK = new Command(List.of("/bin/hook"), false);

  private static Readiness readiness(SplittableRandom random) {
    return switch (random.nextInt(8)) {
      case 0 -> new Readiness.Notify();
      case 1 -> new Readiness.FdLine(3);
      case 2 -> new Readiness.Ping();
      case 3 ->
          new Readiness.Probed(
              new Probe.Tcp("127.0.0.1:80"),
              millis(random, 100, 1_000),
              millis(random, 100, 3_000));
      default -> new Readiness.Uptime(millis(random, 0, 500, 1_000, 5_000));
    };
  }

  private static Optional<Liveness> liveness(SplittableRandom random) {
    if (random.nextInt(3) > 0) {
      return Optional.empty();
    }
    return Optional.of(
        new Liveness(
            pick(
                random,
                List.of(
                    new LivenessKind.Ping(),
                    new LivenessKind.Watchdog(),
                    new LivenessKind.Probed(new Probe.Tcp("127.0.0.1:80")))),
            millis(random, 500, 5_000),
            millis(random, 100, 3_000),
            1 + random.nextInt(3),
            1 + random.nextInt(2),
            millis(random, 0, 0, 2_000),
            false,
            random.nextInt(3) > 0 ? OnUnhealthy.RESTART : OnUnhealthy.REPORT,
            switch (random.nextInt(3)) {
              case 0 -> Optional.of(new BeforeKill.Signal("QUIT"));
              case 1 ->
                  Optional.of(new BeforeKill.Run(new Hook(HOOK, Duration.ofSeconds(1), true)));
              default -> Optional.empty();
            }));
  }

  private static Optional<Hook> hook(SplittableRandom random) {
    return random.nextInt(5) > 0
        ? Optional.empty()
        : Optional.of(new Hook(HOOK, millis(random, 500, 2_000, 10_000), random.nextBoolean()));
  }

  private static LimitsSpec limits(SplittableRandom random) {
    LimitsSpec none = LimitsSpec.NONE;
    return random.nextInt(6) > 0
        ? none
        : new LimitsSpec(
            none.resources(),
            OptionalLong.of(1 << 20),
            pick(random, List.of(OnMemory.RESTART, OnMemory.KILL, OnMemory.REPORT)),
            none.cpuPercent(),
            none.tasks(),
            none.nice(),
            none.ioClass(),
            none.cpuAffinity(),
            none.oomScoreAdj());
  }

  private static RestartSpec restart(ProgramType type, SplittableRandom random) {
    List<RestartPolicy> policies =
        type == ProgramType.ONESHOT
            ? List.of(RestartPolicy.ON_FAILURE, RestartPolicy.ON_ABNORMAL, RestartPolicy.NEVER)
            : List.of(
                RestartPolicy.ALWAYS,
                RestartPolicy.ALWAYS,
                RestartPolicy.ON_FAILURE,
                RestartPolicy.ON_FAILURE,
                RestartPolicy.ON_ABNORMAL,
                RestartPolicy.NEVER);
    Duration delay = millis(random, 0, 0, 200, 1_000, 5_000);
    return new RestartSpec(
        pick(random, policies),
        random.nextInt(4) == 0 ? OptionalInt.empty() : OptionalInt.of(random.nextInt(5)),
        millis(random, 1_000, 5_000, 60_000),
        delay,
        pick(random, List.of(1.0, 1.5, 2.0, 10.0)),
        delay.plus(millis(random, 0, 1_000, 30_000)),
        pick(random, List.of(0.0, 0.0, 0.3, 1.0)),
        millis(random, 1_000, 30_000, 600_000),
        pick(random, List.of(Set.of(), Set.of(), Set.of(1), Set.of(0), Set.of(2))),
        random.nextInt(4) == 0 ? Optional.of(millis(random, 1_000, 20_000)) : Optional.empty());
  }

  static <T> T pick(SplittableRandom random, List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  private static Duration millis(SplittableRandom random, long... choices) {
    return Duration.ofMillis(choices[random.nextInt(choices.length)]);
  }

  /** Tells of a program what matters here. */
  static String told(ProgramSpec spec) {
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
        + spec.stop()
        + " "
        + spec.liveness()
        + " "
        + spec.hooks()
        + " "
        + spec.limits().memoryBytes();
  }
}
