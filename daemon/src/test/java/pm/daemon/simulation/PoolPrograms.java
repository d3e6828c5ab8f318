package pm.daemon.simulation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import pm.config.Command;
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
import pm.daemon.core.pool.Rules;

/** Draws configurations with pools in them. */
final class PoolPrograms {

  static final List<String> POOLS = List.of("mail", "pics");

  /** How long a worker has to give a task up, which is the same for all of them. */
  static final Duration GRACE = Duration.ofSeconds(2);

  private PoolPrograms() {}

  /**
   * @param isWhole whether both pools are there
   */
  static Configuration draw(SplittableRandom random, boolean isWhole) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    if (isWhole || random.nextInt(4) > 0) {
      programs.put("pics", pool("pics", random, random.nextBoolean() ? "*" : "default"));
    }
    if (isWhole || random.nextInt(4) > 0) {
      programs.put("mail", pool("mail", random, "mail*"));
    }
    if (programs.containsKey("pics")) {
      TreeMap<String, DependencyCondition> needs = new TreeMap<>();
      needs.put("pics", DependencyCondition.READY);
      programs.put(
          "web",
          program("web")
              .readiness(new Readiness.Uptime(Duration.ZERO))
              .dependsOn(needs)
              .onDependencyRestart(
                  random.nextBoolean() ? OnDependencyRestart.RESTART : OnDependencyRestart.NOTHING)
              .build());
      if (random.nextInt(4) == 0) {
        TreeMap<String, DependencyCondition> base = new TreeMap<>();
        base.put("base", DependencyCondition.STARTED);
        programs.put("base", program("base").build());
        programs.put("pics", new ProgramSpec.Builder(programs.get("pics")).dependsOn(base).build());
      }
    }
    return new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of());
  }

  private static ProgramSpec.Builder program(String name) {
    return new ProgramSpec.Builder(name, new Command(List.of("/bin/" + name), false));
  }

  private static ProgramSpec pool(String name, SplittableRandom random, String accepts) {
    PoolSpec rules = Rules.drawn(random).accepts(accepts).build();
    ProgramSpec.Builder pool =
        program(name)
            .type(ProgramType.WORKER)
            .readiness(
                random.nextBoolean()
                    ? new Readiness.Ping()
                    : new Readiness.Uptime(Duration.ofMillis(random.nextInt(2) * 500L)))
            .liveness(
                random.nextInt(3) == 0
                    ? Optional.empty()
                    : Optional.of(Liveness.of(new LivenessKind.Ping())))
            .stop(
                new StopSpec(
                    "TERM",
                    GRACE,
                    StopScope.TREE,
                    switch (random.nextInt(3)) {
                      case 0 -> Optional.empty();
                      case 1 -> Optional.of(Duration.ZERO);
                      default -> Optional.of(Duration.ofSeconds(1 + random.nextInt(8)));
                    },
                    Optional.empty()))
            .autostart(random.nextInt(6) > 0)
            .pool(Optional.of(rules));
    if (random.nextInt(4) == 0) {
      LimitsSpec none = LimitsSpec.NONE;
      pool.limits(
          new LimitsSpec(
              none.resources(),
              OptionalLong.of(1_500),
              OnMemory.RESTART,
              none.cpuPercent(),
              none.tasks(),
              none.nice(),
              none.ioClass(),
              none.cpuAffinity(),
              none.oomScoreAdj()));
    }
    return pool.build();
  }
}
