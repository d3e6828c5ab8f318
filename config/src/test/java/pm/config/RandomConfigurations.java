package pm.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Configurations as strange as the records allow, from a seed. */
final class RandomConfigurations {
  /** Pieces that somewhere mean something to YAML, JSON, shells or templates. */
  private static final String[] PIECES = {
    "a",
    "server",
    "no",
    "true",
    "null",
    "~",
    "0777",
    "22:22:22",
    "1e3",
    ".inf",
    " ",
    "  ",
    ": ",
    "#",
    " #",
    "- ",
    "?",
    "'",
    "\"",
    "\\",
    "\n",
    "\t",
    "\r",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a",
    "*a",
    "!t",
    "|",
    ">",
    "%",
    "@",
    "`",
    "é",
    "語",
    "😀",
    "\u0085",
    "\u00a0",
    "\u2028",
    "\ufeff",
    "\u0007",
    "\u001b[0m",
    "$$",
    "$x",
    "$(",
    "${HOME}",
    "${X:-y z}",
    "<<",
    "=",
    "---",
    "...",
    "0_",
    "1_000",
    "-",
    "\u007f",
    "\ufffe",
    "\u200b"
  };

  private final Random random;

  RandomConfigurations(long seed) {
    random = new Random(seed);
  }

  Configuration configuration() {
    var programs = new TreeMap<String, ProgramSpec>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      ProgramSpec program = program();
      programs.put(program.name(), program);
    }
    // Only on those that come before in the alphabet, so that there is no circle.
    programs.replaceAll(
        (name, program) ->
            new ProgramSpec.Builder(program)
                .dependsOn(dependencies(programs.headMap(name).keySet()))
                .build());
    return new Configuration(daemon(), programs, new TreeMap<>(), List.of());
  }

  DaemonSpec daemon() {
    return new DaemonSpec(
        new SocketSpec(
            random.nextBoolean() ? Optional.empty() : Optional.of("/" + text()),
            random.nextInt(0777 + 1),
            "g" + text()),
        pick(LogLevel.values()),
        pick(LogFormat.values()),
        duration(0),
        random.nextBoolean()
            ? OptionalInt.empty()
            : OptionalInt.of(random.nextInt(1, DaemonSpec.MOST_STARTS)),
        pick(TaskStoreKind.values()),
        random.nextBoolean()
            ? DaemonSpec.DEFAULT.include()
            : List.of("none/*" + random.nextInt(9)));
  }

  ProgramSpec program() {
    ProgramType type = pick(ProgramType.values());
    Duration uptime = type == ProgramType.ONESHOT ? Duration.ZERO : duration(0);
    boolean isWorker = type == ProgramType.WORKER;
    // A line can only be waited for where output is read.
    Readiness readiness = readiness(type, uptime);
    boolean isRead = readiness instanceof Readiness.LogLine;
    RestartSpec restart = restart();
    return new ProgramSpec.Builder(
            name(),
            random.nextInt(4) == 0
                ? new Command(List.of("x" + text()), true)
                : new Command(words(), false))
        .description(text())
        .type(type)
        .workingDir(random.nextBoolean() ? "/" : "/" + text())
        .user(maybe("u"))
        .group(maybe("g"))
        .supplementaryGroups(random.nextBoolean() ? Optional.empty() : Optional.of(accounts()))
        .umask(random.nextInt(0777 + 1))
        .environment(environment())
        .envFiles(envFiles())
        .inheritEnvironment(random.nextBoolean())
        .instances(random.nextInt(ProgramSpec.MOST_INSTANCES + 1))
        .enabled(random.nextBoolean())
        .autostart(random.nextBoolean())
        .groups(groups())
        .startTimeout(uptime.plus(duration(1)))
        .readiness(readiness)
        .essential(random.nextBoolean())
        .onDependencyRestart(pick(OnDependencyRestart.values()))
        .liveness(
            type == ProgramType.ONESHOT || random.nextInt(3) == 0
                ? Optional.empty()
                : Optional.of(liveness(isWorker)))
        .reload(
            random.nextBoolean()
                ? new ReloadSpec("HUP", Optional.of(command()))
                : new ReloadSpec(pick(new String[] {"HUP", "USR2", "RTMIN+1"}), Optional.empty()))
        .hooks(new HooksSpec(hook(), hook(), hook(), hook(), hook()))
        .limits(limits())
        .security(
            new SecuritySpec(
                random.nextBoolean(),
                pick(
                    List.of(
                        Optional.<List<String>>empty(),
                        Optional.of(List.<String>of()),
                        Optional.of(List.of("net_raw", "kill"))))))
        .worker(
            isWorker
                ? new WorkerSpec(
                    pick(WorkerSpec.Framing.values()),
                    WorkerSpec.Transport.STDIO,
                    "m" + text(),
                    random.nextLong(1 << 10, 1 << 24))
                : WorkerSpec.DEFAULT)
        .pool(isWorker && random.nextInt(4) > 0 ? Optional.of(pool()) : Optional.empty())
        .successExitCodes(exitCodes())
        .restart(
            type == ProgramType.ONESHOT && restart.policy() == RestartPolicy.ALWAYS
                ? restart.withPolicy(RestartPolicy.NEVER)
                : restart)
        .stop(
            new StopSpec(
                pick(new String[] {"TERM", "INT", "KILL", "RTMIN+3", "USR1"}),
                duration(0),
                pick(StopScope.values()),
                isWorker ? Optional.of(duration(0)) : Optional.empty(),
                random.nextBoolean() ? Optional.empty() : Optional.of(command())))
        .logs(
            new LogSpec(
                pick(
                    new LogTarget[] {
                      LogTarget.AUTO,
                      isRead ? LogTarget.AUTO : LogTarget.NONE,
                      LogTarget.INHERIT,
                      new LogTarget.File("out/${PM_NAME}" + logText())
                    }),
                pick(
                    new LogTarget[] {
                      LogTarget.MERGE,
                      LogTarget.NONE,
                      LogTarget.INHERIT,
                      new LogTarget.File("/err/${PM_NAME}" + logText())
                    }),
                random.nextLong(1 << 10, 1L << 40),
                random.nextInt(LogSpec.MOST_KEPT + 1),
                random.nextBoolean() ? Optional.empty() : Optional.of(duration(1)),
                // Not supported yet.
                false,
                pick(LineFormat.values())))
        .location(
            new Location(
                "/etc/pm/programs.d/" + name() + ".yaml",
                random.nextInt(1, 1000),
                random.nextInt(1, 100)))
        .build();
  }

  private SortedMap<String, DependencyCondition> dependencies(Set<String> names) {
    var dependencies = new TreeMap<String, DependencyCondition>();
    for (String name : names) {
      if (random.nextBoolean()) {
        dependencies.put(name, pick(DependencyCondition.values()));
      }
    }
    return dependencies;
  }

  private Readiness readiness(ProgramType type, Duration uptime) {
    if (type == ProgramType.ONESHOT) {
      return new Readiness.Uptime(uptime);
    }
    return switch (random.nextInt(6)) {
      case 0 -> new Readiness.Notify();
      case 1 -> new Readiness.FdLine(random.nextInt(3, 256));
      case 2 -> new Readiness.LogLine("x" + Pattern.quote(shortText()));
      case 3 -> new Readiness.Probed(probe(), duration(1), duration(1));
      case 4 -> type == ProgramType.WORKER ? new Readiness.Ping() : new Readiness.Uptime(uptime);
      default -> new Readiness.Uptime(uptime);
    };
  }

  private Liveness liveness(boolean isWorker) {
    LivenessKind kind =
        switch (random.nextInt(isWorker ? 3 : 2)) {
          case 0 -> new LivenessKind.Watchdog();
          case 1 -> new LivenessKind.Probed(probe());
          default -> new LivenessKind.Ping();
        };
    boolean isWatchdog = kind instanceof LivenessKind.Watchdog;
    OnUnhealthy onFailure = pick(OnUnhealthy.values());
    Optional<BeforeKill> beforeKill =
        switch (onFailure) {
          case REPORT -> Optional.empty();
          case RESTART ->
              random.nextBoolean()
                  ? Optional.of(new BeforeKill.Signal(pick(new String[] {"QUIT", "RTMIN+2"})))
                  : hook().map(BeforeKill.Run::new);
        };
    return new Liveness(
        kind,
        duration(1),
        isWatchdog ? Liveness.USUAL_TIMEOUT : duration(1),
        random.nextInt(1, 1001),
        random.nextInt(1, 1001),
        duration(0),
        isWorker && random.nextBoolean(),
        onFailure,
        beforeKill);
  }

  private Probe probe() {
    return switch (random.nextInt(3)) {
      case 0 ->
          new Probe.Http(
              "http://${PM_NAME}/" + text(),
              List.of(new Probe.StatusRange(200, 299), new Probe.StatusRange(404, 404)));
      case 1 ->
          new Probe.Tcp(pick(new String[] {"localhost:80", "[::1]:65535", "${PM_NAME}:8${HOME}"}));
      default -> new Probe.Exec(command());
    };
  }

  private Command command() {
    return random.nextInt(3) == 0
        ? new Command(List.of("x" + text()), true)
        : new Command(words(), false);
  }

  private Optional<Hook> hook() {
    return random.nextBoolean()
        ? Optional.empty()
        : Optional.of(new Hook(command(), duration(1), random.nextBoolean()));
  }

  private LimitsSpec limits() {
    var resources = new TreeMap<ResourceKind, ResourceLimits>();
    for (ResourceKind kind : ResourceKind.values()) {
      if (random.nextInt(3) == 0) {
        long soft = random.nextInt(1 << 20);
        boolean isOpen = kind != ResourceKind.NOFILE && random.nextBoolean();
        resources.put(
            kind,
            new ResourceLimits(soft, isOpen ? ResourceLimits.UNLIMITED : soft + random.nextInt(3)));
      }
    }
    return new LimitsSpec(
        resources,
        random.nextBoolean() ? OptionalLong.empty() : OptionalLong.of(1L << random.nextInt(20, 50)),
        pick(OnMemory.values()),
        number(1, 500),
        number(1, 5000),
        number(-20, 19),
        random.nextBoolean()
            ? Optional.empty()
            : Optional.of(
                pick(
                    new IoClass[] {
                      new IoClass(IoClass.Kind.IDLE, 0),
                      new IoClass(IoClass.Kind.BEST_EFFORT, 7),
                      new IoClass(IoClass.Kind.REALTIME, 4)
                    })),
        random.nextBoolean() ? List.of() : List.of(0, 3, random.nextInt(4, 1024)),
        number(-1000, 1000));
  }

  PoolSpec pool() {
    int max = random.nextInt(1, random.nextBoolean() ? 5 : PoolSpec.MOST + 1);
    PoolSpec.Strategy strategy = pick(PoolSpec.Strategy.values());
    var weights = new ArrayList<Integer>();
    if (strategy == PoolSpec.Strategy.WEIGHTED_ROUND_ROBIN) {
      for (int i = random.nextInt(max + 1); i > 0; i--) {
        weights.add(random.nextInt(1, PoolSpec.MOST_WEIGHT + 1));
      }
    }
    Duration delay = duration(0);
    return new PoolSpec(
        random.nextInt(max + 1),
        max,
        new PoolSpec.ScaleUp(duration(0), random.nextInt(1, PoolSpec.MOST + 1)),
        duration(1),
        strategy,
        weights,
        random.nextInt(1, PoolSpec.MOST_CONCURRENCY + 1),
        pick(List.of(List.of("*"), List.of("mail.*", "no", "1?", "~"), List.of("true"))),
        new PoolSpec.Recycle(
            random.nextBoolean()
                ? OptionalLong.empty()
                : OptionalLong.of(random.nextInt(1, PoolSpec.Recycle.MOST_TASKS)),
            random.nextBoolean() ? Optional.empty() : Optional.of(duration(1)),
            random.nextBoolean()
                ? OptionalLong.empty()
                : OptionalLong.of(random.nextLong(1 << 20, 1L << 49)),
            random.nextDouble()),
        new PoolSpec.Throttle(number(1, 100), number(1, 100)),
        new PoolSpec.Stall(
            random.nextBoolean() ? Optional.empty() : Optional.of(duration(1)),
            pick(PoolSpec.StallAction.values())),
        new PoolSpec.QueueSpec(
            random.nextInt(1, PoolSpec.QueueSpec.MOST_CAPACITY + 1), duration(1)),
        new PoolSpec.TaskRules(
            duration(1),
            random.nextInt(PoolSpec.TaskRules.MOST_RETRIES + 1),
            new PoolSpec.TaskBackoff(
                delay,
                random.nextInt(3) == 0 ? random.nextInt(1, 101) : 1 + random.nextDouble(99),
                delay.plus(duration(0)),
                random.nextDouble()),
            duration(0),
            random.nextInt(PoolSpec.TaskRules.MOST_KEPT + 1),
            random.nextInt(1, PoolSpec.TaskRules.MOST_RETRIES + 1)),
        new PoolSpec.BreakerSpec(
            random.nextInt(1, PoolSpec.BreakerSpec.MOST_FAILURES + 1),
            duration(1),
            pick(PoolSpec.WhenOpen.values())));
  }

  private OptionalInt number(int least, int most) {
    return random.nextBoolean()
        ? OptionalInt.empty()
        : OptionalInt.of(random.nextInt(least, most + 1));
  }

  private RestartSpec restart() {
    Duration delay = duration(0);
    OptionalInt maxRestarts =
        random.nextBoolean()
            ? OptionalInt.empty()
            : OptionalInt.of(random.nextInt(RestartSpec.MOST_RESTARTS + 1));
    return new RestartSpec(
        pick(RestartPolicy.values()),
        maxRestarts,
        duration(1),
        delay,
        random.nextInt(3) == 0 ? random.nextInt(1, 101) : 1 + random.nextDouble(99),
        delay.plus(duration(0)),
        random.nextInt(3) == 0
            ? random.nextInt(2)
            : random.nextDouble() * Math.pow(10, -random.nextInt(9)),
        duration(1),
        exitCodes(),
        maxRestarts.equals(OptionalInt.of(0)) || random.nextBoolean()
            ? Optional.empty()
            : Optional.of(duration(1)));
  }

  private List<String> words() {
    var words = new ArrayList<String>();
    words.add("x" + text());
    for (int i = random.nextInt(5); i > 0; i--) {
      words.add(text());
    }
    return words;
  }

  private Map<String, String> environment() {
    var environment = new LinkedHashMap<String, String>();
    for (int i = random.nextInt(4); i > 0; i--) {
      environment.put(pick(new String[] {"NO", "A", "null", "y", "X_", "a.b-c"}), text());
    }
    return environment;
  }

  private List<EnvFile> envFiles() {
    var files = new ArrayList<EnvFile>();
    for (int i = random.nextInt(3); i > 0; i--) {
      files.add(new EnvFile("/" + text(), random.nextBoolean()));
    }
    return files;
  }

  private List<String> groups() {
    var groups = new ArrayList<String>();
    for (int i = random.nextInt(3); i > 0; i--) {
      String name = name();
      if (!groups.contains(name)) {
        groups.add(name);
      }
    }
    return groups;
  }

  private List<String> accounts() {
    var accounts = new ArrayList<String>();
    for (int i = random.nextInt(3); i > 0; i--) {
      accounts.add(random.nextBoolean() ? "audio" : Integer.toString(random.nextInt(65536)));
    }
    return accounts;
  }

  private Set<Integer> exitCodes() {
    var codes = new TreeSet<Integer>();
    for (int i = random.nextInt(4); i > 0; i--) {
      codes.add(random.nextInt(256));
    }
    return codes;
  }

  private Optional<String> maybe(String start) {
    return random.nextBoolean()
        ? Optional.empty()
        : Optional.of(random.nextBoolean() ? start : "1000");
  }

  private String name() {
    return pick(
            new String[] {"web", "no", "y", "1", "0777", "1e3", "A.b_c-d", "null", "true", "10.5"})
        + (random.nextBoolean() ? "" : Integer.toString(random.nextInt(50)));
  }

  private Duration duration(int atLeast) {
    return Duration.ofMillis(random.nextLong(atLeast, 1L << random.nextInt(1, 40)));
  }

  /** Well-formed as a template: every piece is. */
  private String text() {
    var text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    if (random.nextInt(200) == 0) {
      text.append(" long text ".repeat(4000));
    }
    // Two pieces can meet in a reference that has no end, or in a larger one.
    return text.toString()
        .replace("$${", "$$ {")
        .replace("${{", "{{")
        .replace("$x{", "x")
        .replace("$({", "");
  }

  private String shortText() {
    String text = text();
    return text.length() > 200 ? "short" : text;
  }

  private String logText() {
    return text().replace("/", "").replace("..", ".") + ".log";
  }

  private <T> T pick(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private <T> T pick(T[] values) {
    return values[random.nextInt(values.length)];
  }
}
