package pm.daemon.core.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import pm.config.EnvironmentExpansion;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.config.ProgramSpec;
import pm.config.Template;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/**
 * Works out what a process gets: its words, its environment, its folder and its log files.
 *
 * <p>The environment is built in layers, each over the one before: with {@code inherit_environment}
 * that of the daemon, but for what is about the daemon itself; what every process gets; the files
 * of {@code env_file}; {@code environment}; and the variables {@code PM_…}, which nothing
 * overrides. The templates of {@code environment} see the layers below and {@code PM_…}; those of
 * everything else see the whole.
 */
public final class SpawnPlanner {
  /** What a process gets as {@code PATH} where the daemon has none. */
  static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /**
   * The longest command, in characters once it is expanded: as much as the kernel takes with a
   * stack of 8 MiB, of which a quarter may be arguments; execve(2).
   */
  static final int MOST_CHARACTERS = 2 << 20;

  /** What every process gets of the daemon's own environment. */
  private static final List<String> SHARED = List.of("PATH", "LANG", "TZ");

  private static final String OTHERWISE = "?";

  private SpawnPlanner() {}

  /** What became of a plan. */
  public sealed interface Result {
    /** All is known. */
    record Planned(SpawnPlan plan) implements Result {}

    /**
     * It cannot be started.
     *
     * @param stage the key that is wrong
     * @param reason the rest of the sentence
     */
    record Refused(String stage, String reason) implements Result {}
  }

  /**
   * What is known only when the process is started.
   *
   * @param account the user that it is to run as
   * @param envFiles the variables of its {@code env_file}s, the later over the earlier
   * @param unsure those of them whose values others than who runs this process could have chosen
   * @param daemonEnvironment the environment of this process
   * @param socket the path of the control socket
   */
  public record Surroundings(
      Account account,
      Map<String, String> envFiles,
      Set<String> unsure,
      Map<String, String> daemonEnvironment,
      String socket) {
    public Surroundings {
      envFiles = Map.copyOf(envFiles);
      unsure = Set.copyOf(unsure);
    }

    /** As if others had chosen otherwise. */
    private Map<String, String> otherFiles() {
      Map<String, String> others = new LinkedHashMap<>(envFiles);
      others.replaceAll((name, value) -> unsure.contains(name) ? value + OTHERWISE : value);
      return others;
    }
  }

  /** Plans one invocation. */
  public static Result plan(
      ProgramSpec spec, InstanceName instance, InvocationId invocation, Surroundings surroundings) {
    Map<String, String> own = ownVariables(instance, invocation, surroundings.socket());
    return switch (environment(spec, own, surroundings, surroundings.envFiles())) {
      case EnvironmentExpansion.Result.Complete complete -> {
        Result result =
            new Expansion(spec, environment(complete, own))
                .plan(instance, invocation, surroundings.account());
        yield result instanceof Result.Planned planned
                && !surroundings.unsure().isEmpty()
                && !logsAreSure(spec, own, surroundings, planned.plan().logs())
            ? new Result.Refused(
                "log",
                "the path of the file depends on an env_file that others can change; write it"
                    + " where they cannot")
            : result;
      }
      case EnvironmentExpansion.Result.Unset unset ->
          new Result.Refused("environment", unset.variable() + ": " + unset(unset.missing()));
      case EnvironmentExpansion.Result.Circular circular ->
          new Result.Refused(
              "environment", circular.variable() + " refers to itself by way of others");
      case EnvironmentExpansion.Result.TooLong tooLong ->
          new Result.Refused(
              "environment", tooLong.variable() + " makes it longer than a process can be given");
    };
  }

  private static Map<String, String> environment(
      EnvironmentExpansion.Result.Complete complete, Map<String, String> own) {
    Map<String, String> environment = new TreeMap<>(complete.environment());
    environment.putAll(own);
    return environment;
  }

  private static EnvironmentExpansion.Result environment(
      ProgramSpec spec,
      Map<String, String> own,
      Surroundings surroundings,
      Map<String, String> envFiles) {
    Map<String, String> below = new LinkedHashMap<>();
    if (spec.inheritEnvironment()) {
      surroundings
          .daemonEnvironment()
          .forEach(
              (name, value) -> {
                if (isInheritable(name)) {
                  below.put(name, value);
                }
              });
    }
    below.putAll(base(surroundings));
    below.putAll(envFiles);
    below.putAll(own);
    return EnvironmentExpansion.expand(below, spec.environment());
  }

  /**
   * Log files are made with our rights and not with those of the program's user, who must not be
   * able to say where.
   */
  private static boolean logsAreSure(
      ProgramSpec spec, Map<String, String> own, Surroundings surroundings, LogSpec planned) {
    return environment(spec, own, surroundings, surroundings.otherFiles())
            instanceof EnvironmentExpansion.Result.Complete complete
        && new Expansion(spec, environment(complete, own))
            .logsIfComplete()
            .equals(Optional.of(planned));
  }

  /** Tells whether a variable of the daemon is not about the daemon itself. */
  static boolean isInheritable(String name) {
    return !(name.startsWith("LD_")
        || name.startsWith("JAVA_")
        || name.startsWith("_JAVA_")
        || name.equals("JDK_JAVA_OPTIONS")
        || name.equals("NOTIFY_SOCKET")
        || name.equals("PM_CGROUP")
        || name.equals("CREDENTIALS_DIRECTORY")
        || name.startsWith("PMD_")
        || name.startsWith("FDSTORE")
        || name.startsWith("LISTEN_")
        || name.startsWith("WATCHDOG_"));
  }

  private static Map<String, String> ownVariables(
      InstanceName instance, InvocationId invocation, String socket) {
    return Map.of(
        "PM_PROGRAM", instance.program(),
        "PM_INSTANCE", Integer.toString(instance.number()),
        "PM_NAME", instance.toString(),
        "PM_INVOCATION_ID", invocation.hex(),
        "PM_SOCKET", socket);
  }

  private static Map<String, String> base(Surroundings surroundings) {
    Map<String, String> base = new LinkedHashMap<>();
    base.put("PATH", DEFAULT_PATH);
    for (String name : SHARED) {
      String value = surroundings.daemonEnvironment().getOrDefault(name, "");
      if (!value.isEmpty()) {
        base.put(name, value);
      }
    }
    Account account = surroundings.account();
    base.put("HOME", account.home());
    base.put("USER", account.name());
    base.put("LOGNAME", account.name());
    base.put("SHELL", account.shell());
    return base;
  }

  private static String unset(String variable) {
    return "${" + variable + "} is not set; write ${" + variable + ":-} if it may be";
  }

  /** Something cannot be expanded; never leaves this class. */
  private static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Result.Refused refused;

    RefusedException(String stage, String reason) {
      super(reason, null, false, false);
      refused = new Result.Refused(stage, reason);
    }
  }

  /** Puts a complete environment into everything else. */
  private record Expansion(ProgramSpec spec, Map<String, String> environment) {

    Result plan(InstanceName instance, InvocationId invocation, Account account) {
      try {
        String folder = expand("working_dir", spec.workingDir());
        if (!folder.startsWith("/")) {
          return new Result.Refused("working_dir", folder + " is not an absolute path");
        }
        TreeMap<String, String> sorted = new TreeMap<>(environment);
        return new Result.Planned(
            new SpawnPlan(
                instance, invocation, argv(), sorted, folder, spec.umask(), account, logs()));
      } catch (RefusedException refused) {
        return refused.refused;
      }
    }

    private List<String> argv() throws RefusedException {
      List<String> argv = new ArrayList<>();
      if (spec.command().shell()) {
        argv.add("/bin/sh");
        argv.add("-c");
      }
      long characters = 0;
      for (String word : spec.command().argv()) {
        String expanded = expand("command", word);
        argv.add(expanded);
        // Checked word by word: a short file can ask for more than our heap holds.
        characters += expanded.length();
        if (characters > MOST_CHARACTERS) {
          throw new RefusedException(
              "command", "is longer than a process can be given once it is expanded");
        }
      }
      if (argv.getFirst().isEmpty()) {
        throw new RefusedException("command", "its first word is empty once it is expanded");
      }
      return argv;
    }

    Optional<LogSpec> logsIfComplete() {
      try {
        return Optional.of(logs());
      } catch (RefusedException incomplete) {
        return Optional.empty();
      }
    }

    private LogSpec logs() throws RefusedException {
      LogSpec logs = spec.logs();
      return new LogSpec(
          target(logs.file()),
          target(logs.stderr()),
          logs.maxSizeBytes(),
          logs.keep(),
          logs.maxAge(),
          logs.compress(),
          logs.format());
    }

    private LogTarget target(LogTarget target) throws RefusedException {
      return switch (target) {
        case LogTarget.Auto auto -> auto;
        case LogTarget.None none -> none;
        case LogTarget.Merge merge -> merge;
        case LogTarget.Inherit inherit -> inherit;
        case LogTarget.File file -> file(file.path());
      };
    }

    private LogTarget file(String template) throws RefusedException {
      String path = expand("log", template);
      if (path.isEmpty()) {
        throw new RefusedException("log", "the path of the file is empty once it is expanded");
      }
      return new LogTarget.File(path);
    }

    private String expand(String stage, String template) throws RefusedException {
      Function<String, Optional<String>> lookup =
          name -> Optional.ofNullable(environment.get(name));
      return switch (Template.expand(template, lookup)) {
        case Template.Expansion.Expanded expanded -> expanded.text();
        case Template.Expansion.Unset unset ->
            throw new RefusedException(stage, unset(unset.name()));
        case Template.Expansion.TooLong tooLong ->
            throw new RefusedException(
                stage, "is longer than a process can be given once it is expanded");
      };
    }
  }
}
