package pm.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

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
        random.nextBoolean()
            ? DaemonSpec.DEFAULT.include()
            : List.of("none/*" + random.nextInt(9)));
  }

  ProgramSpec program() {
    ProgramType type = pick(new ProgramType[] {ProgramType.SIMPLE, ProgramType.ONESHOT});
    Duration uptime = type == ProgramType.ONESHOT ? Duration.ZERO : duration(0);
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
        .readiness(new Readiness.Uptime(uptime))
        .successExitCodes(exitCodes())
        .restart(
            type == ProgramType.ONESHOT && restart.policy() == RestartPolicy.ALWAYS
                ? restart.withPolicy(RestartPolicy.NEVER)
                : restart)
        .stop(
            new StopSpec(
                pick(new String[] {"TERM", "INT", "KILL", "RTMIN+3", "USR1"}),
                duration(0),
                pick(StopScope.values())))
        .logs(
            new LogSpec(
                pick(
                    new LogTarget[] {
                      LogTarget.AUTO,
                      LogTarget.NONE,
                      new LogTarget.File("out/${PM_NAME}" + logText())
                    }),
                pick(
                    new LogTarget[] {
                      LogTarget.MERGE,
                      LogTarget.NONE,
                      new LogTarget.File("/err/${PM_NAME}" + logText())
                    }),
                random.nextLong(1 << 10, 1L << 40),
                random.nextInt(LogSpec.MOST_KEPT + 1)))
        .location(
            new Location(
                "/etc/pm/programs.d/" + name() + ".yaml",
                random.nextInt(1, 1000),
                random.nextInt(1, 100)))
        .build();
  }

  private RestartSpec restart() {
    Duration delay = duration(0);
    return new RestartSpec(
        pick(RestartPolicy.values()),
        random.nextBoolean()
            ? OptionalInt.empty()
            : OptionalInt.of(random.nextInt(RestartSpec.MOST_RESTARTS + 1)),
        duration(1),
        delay,
        random.nextInt(3) == 0 ? random.nextInt(1, 101) : 1 + random.nextDouble(99),
        delay.plus(duration(0)),
        random.nextInt(3) == 0
            ? random.nextInt(2)
            : random.nextDouble() * Math.pow(10, -random.nextInt(9)),
        duration(1),
        exitCodes(),
        random.nextBoolean() ? Optional.empty() : Optional.of(duration(1)));
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

  private String logText() {
    return text().replace("/", "").replace("..", ".") + ".log";
  }

  private <T> T pick(T[] values) {
    return values[random.nextInt(values.length)];
  }
}
