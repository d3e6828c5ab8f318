package pm.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads the definition of one program, and everything that is wrong in it. */
final class ProgramReader {
  /**
   * What depends on where and for whom a file is read.
   *
   * @param folder of the file; relative paths start there
   * @param mayChangeUser whether the daemon runs as root
   * @param inherited the daemon's environment; empty if it is not known
   * @param kept whether we have written the file ourselves, so that what was right when it was
   *     written is not looked at again
   */
  record Rules(Path folder, boolean mayChangeUser, Optional<Set<String>> inherited, boolean kept) {}

  static final int MOST_VARIABLES = 1_000;

  /** The descriptors of a worker with transport fd are 3 and this one. */
  private static final int WORKER_FROM = 4;

  private final Rules rules;
  private final Section section;
  private final Problems problems;
  private final VariableCheck variables;
  private final CommandReader commands;
  private final CheckReader checks;

  private ProgramReader(Rules rules, Section section) {
    this.rules = rules;
    this.section = section;
    problems = section.problems();
    variables = new VariableCheck(problems);
    commands = new CommandReader(variables);
    checks = new CheckReader(variables, commands);
  }

  /**
   * Reads one.
   *
   * @param entry its name and definition
   * @param problems gets all that is wrong
   * @param dependencies gets what it depends on, even if it has problems
   * @return the program; empty if there are problems
   */
  static Optional<ProgramSpec> read(
      Node.Entry entry, Rules rules, Problems problems, Dependencies dependencies) {
    String path = Section.join("programs", entry.key());
    if (!Names.isProgramName(entry.key())) {
      boolean all = entry.key().equals(Names.ALL);
      problems.add(
          entry,
          path,
          all
              ? "'all' names every program"
              : Quoted.text(entry.key()) + " cannot be the name of a program",
          all
              ? "choose another name"
              : "use 1 to 64 letters, digits, '_', '.' and '-', beginning with a letter or a digit");
    }
    switch (entry.value()) {
      case Node.Entries definition -> {
        Keys keys = rules.kept() ? ProgramKeys.KEPT_PROGRAM : ProgramKeys.PROGRAM;
        return new ProgramReader(rules, Section.of(path, definition, keys, problems))
            .program(entry, dependencies);
      }
      case Node.Text text when text.isNull() ->
          problems.add(
              entry, path, "the program has no command", "write command: [PROGRAM, ARGUMENT]");
      case Node.Text text ->
          problems.add(
              text,
              path,
              "a mapping is expected, not " + Section.describe(text),
              "write {command: " + Quoted.bare(text.text()) + "}");
      case Node.Items items ->
          problems.add(
              items,
              path,
              "a mapping is expected, not a list",
              "write {command: [PROGRAM, ARGUMENT]}");
    }
    return Optional.empty();
  }

  private Optional<ProgramSpec> program(Node.Entry entry, Dependencies dependencies) {
    Command command = commands.read(section);
    ProgramType type = section.word("type", ProgramType.values(), ProgramType.SIMPLE);
    List<EnvFile> envFiles = envFiles();
    Map<String, String> environment = environment();
    boolean inherit = section.truth("inherit_environment", false);
    Duration startTimeout = section.positiveDuration("start_timeout", Duration.ofSeconds(60));
    var builder =
        new ProgramSpec.Builder("x", command)
            .description(section.text("description", ""))
            .type(type)
            .workingDir(workingDir())
            .user(account("user"))
            .group(account("group"))
            .supplementaryGroups(supplementaryGroups())
            .umask(section.octal("umask", 022))
            .environment(environment)
            .envFiles(envFiles)
            .inheritEnvironment(inherit)
            .instances(section.number("instances", 0, ProgramSpec.MOST_INSTANCES, 1))
            .enabled(section.truth("enabled", true))
            .autostart(section.truth("autostart", true))
            .essential(section.truth("essential", false))
            .groups(groups())
            .dependsOn(dependsOn(entry.key(), dependencies))
            .onDependencyRestart(
                section.word(
                    "on_dependency_restart",
                    OnDependencyRestart.values(),
                    OnDependencyRestart.NOTHING))
            .startTimeout(startTimeout)
            .liveness(checks.liveness(section, type))
            .successExitCodes(section.exitCodes("success_exit_codes", Set.of(0)))
            .restart(restart(type))
            .stop(stop(type))
            .reload(reload())
            .hooks(hooks())
            .limits(LimitsReader.limits(section))
            .security(LimitsReader.security(section, rules.mayChangeUser() || rules.kept()))
            .pool(PoolReader.pool(section, type))
            .location(problems.locate(entry));
    Readiness readiness = checks.readiness(section, type, startTimeout);
    LogSpec logs = new LogReader(variables).logs(section);
    WorkerSpec worker = worker(type);
    checkTogether(readiness, logs, worker);
    builder.readiness(readiness).logs(logs).worker(worker);
    if (!rules.kept()) {
      variables.reportUnset(
          environment.keySet(), envFiles, inherit ? rules.inherited() : Optional.of(Set.of()));
      variables.reportGrowth(section, environment);
    }
    return problems.isEmpty() ? Optional.of(builder.name(entry.key()).build()) : Optional.empty();
  }

  private String workingDir() {
    String folder = section.name("working_dir").orElse("/");
    variables.add(folder, section.location("working_dir"), section.path("working_dir"));
    return absolute("working_dir", folder, true);
  }

  /**
   * A relative path starts at the folder of the file, so that a file means the same wherever it is
   * read.
   */
  private String absolute(String key, String path, boolean template) {
    if (path.startsWith("~")) {
      section.problem(
          key,
          "~ is not expanded",
          template ? "write ${HOME} for the home folder" : "write an absolute path");
      return "/";
    }
    if (path.startsWith("/") || (template && path.startsWith("${"))) {
      return path;
    }
    String folder = rules.folder().toString();
    String base = template ? Template.escape(folder) : folder;
    String rest = path.startsWith("./") ? path.substring(2) : path;
    if (rest.isEmpty() || rest.equals(".")) {
      return base;
    }
    return base.endsWith("/") ? base + rest : base + "/" + rest;
  }

  /** A user or a group, by name or number. */
  private Optional<String> account(String key) {
    Optional<String> name = section.name(key);
    if (name.isPresent()) {
      checkAccount(key, name.get());
    }
    return name;
  }

  private Optional<List<String>> supplementaryGroups() {
    if (!section.has("supplementary_groups")) {
      return Optional.empty();
    }
    var groups = new ArrayList<String>();
    for (Node.Text text : section.texts("supplementary_groups")) {
      groups.add(text.text());
      checkName("supplementary_groups", text.text());
    }
    checkRoot("supplementary_groups");
    return Optional.of(groups);
  }

  private void checkAccount(String key, String name) {
    checkName(key, name);
    checkRoot(key);
  }

  private void checkName(String key, String name) {
    boolean number = !name.isEmpty();
    boolean valid = !name.isEmpty() && name.length() <= 256 && name.charAt(0) != '-';
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      number &= c >= '0' && c <= '9';
      valid &= c > ' ' && c != ':' && c != ',' && c != '/' && c != 0x7f;
    }
    // The largest number means "no change" to the kernel.
    if (number && (name.length() > 10 || Long.parseLong(name) >= 0xffff_ffffL)) {
      section.problem(
          key,
          Quoted.cut(name) + " is not the number of a user or group",
          "write a number below 4294967295");
    } else if (!valid) {
      section.problem(
          key,
          Quoted.text(name) + " is not the name of a user or group",
          "write a name or a number");
    }
  }

  private void checkRoot(String key) {
    if (!rules.mayChangeUser() && !rules.kept()) {
      section.problem(key, "only a daemon that runs as root can change it", "remove it");
    }
  }

  private Map<String, String> environment() {
    Optional<Node> value = section.value("environment");
    if (value.isEmpty()) {
      return Map.of();
    }
    String path = section.path("environment");
    if (!(value.get() instanceof Node.Entries mapping)) {
      section.problem(
          "environment",
          "a mapping is expected, not " + Section.describe(value.get()),
          "write environment: {NAME: value}");
      return Map.of();
    }
    Section.reportDuplicates(path, mapping, problems);
    if (mapping.entries().size() > MOST_VARIABLES) {
      section.problem(
          "environment", "more than " + MOST_VARIABLES + " variables", "put them into an env_file");
      return Map.of();
    }
    var environment = new LinkedHashMap<String, String>();
    for (Node.Entry entry : mapping.entries()) {
      variable(entry, Section.join(path, entry.key()), environment);
    }
    return environment;
  }

  private void variable(Node.Entry entry, String path, Map<String, String> environment) {
    String name = entry.key();
    if (!EnvFileText.isVariable(name)) {
      problems.add(
          entry,
          path,
          Quoted.text(name) + " is not the name of a variable",
          "use letters, digits and _, beginning with a letter");
    } else if (VariableCheck.OURS.contains(name)) {
      problems.add(entry, path, name + " is set by pmd", "choose another name");
    } else if (entry.value() instanceof Node.Text text && !text.isNull()) {
      Location location = problems.locate(text);
      if (name.length() + text.text().length() > CommandReader.MOST_WORD_BYTES / 4) {
        CommandReader.checkLength(section, "environment", name + "=" + text.text());
      }
      variables.addWithin(name, text.text(), location, path);
      environment.put(name, text.text());
    } else {
      boolean isNull = Node.isNull(entry.value());
      problems.add(
          isNull ? problems.locate(entry) : problems.locate(entry.value()),
          path,
          "text is expected, not " + Section.describe(entry.value()),
          isNull ? "write \"\" for an empty value" : "");
    }
  }

  private List<EnvFile> envFiles() {
    Optional<Node> value = section.value("env_file");
    if (value.isEmpty()) {
      return List.of();
    }
    List<Node.Text> texts =
        switch (value.get()) {
          case Node.Text text -> List.of(text);
          case Node.Items list -> section.texts(list, section.path("env_file"));
          case Node.Entries mapping -> {
            section.problem(
                "env_file",
                "a path or a list of paths is expected, not a mapping",
                "write env_file: [PATH]");
            yield List.of();
          }
        };
    var files = new ArrayList<EnvFile>(texts.size());
    for (Node.Text text : texts) {
      boolean optional = text.text().startsWith("-");
      String path = optional ? text.text().substring(1) : text.text();
      if (path.isBlank()) {
        problems.add(
            text,
            section.path("env_file"),
            "the path is empty",
            "write a path, or leave the key out");
      } else {
        files.add(new EnvFile(absolute("env_file", path, false), optional));
      }
    }
    return files;
  }

  private List<String> groups() {
    var groups = new ArrayList<String>();
    for (Node.Text text : section.texts("groups")) {
      String name = text.text();
      if (!Names.isGroupName(name)) {
        problems.add(
            text,
            section.path("groups"),
            Quoted.text(name) + " cannot be the name of a group",
            "use 1 to 64 letters, digits, '_', '.' and '-', beginning with a letter or a digit");
      } else if (!groups.contains(name)) {
        groups.add(name);
      }
    }
    return groups;
  }

  private SortedMap<String, DependencyCondition> dependsOn(
      String program, Dependencies dependencies) {
    var dependsOn = new TreeMap<String, DependencyCondition>();
    Optional<Node> value = section.value("depends_on");
    if (value.isEmpty()) {
      return dependsOn;
    }
    String path = section.path("depends_on");
    switch (value.get()) {
      case Node.Text text ->
          section.problem(
              "depends_on",
              "a list is expected, not " + Section.describe(text),
              "write [" + Quoted.bare(text.text()) + "]");
      case Node.Items list -> {
        for (Node.Text text : section.texts(list, path)) {
          dependsOn.put(text.text(), DependencyCondition.READY);
          dependencies.add(program, text.text(), problems.locate(text));
        }
      }
      case Node.Entries mapping -> {
        Section.reportDuplicates(path, mapping, problems);
        for (Node.Entry entry : mapping.entries()) {
          dependsOn.put(entry.key(), condition(entry, Section.join(path, entry.key())));
          dependencies.add(program, entry.key(), problems.locate(entry));
        }
      }
    }
    return dependsOn;
  }

  private DependencyCondition condition(Node.Entry entry, String path) {
    DependencyCondition otherwise = DependencyCondition.READY;
    switch (entry.value()) {
      case Node.Text text when text.isNull() -> {
        return otherwise;
      }
      case Node.Text text ->
          problems.add(
              text,
              path,
              "a mapping is expected, not " + Section.describe(text),
              "write {condition: " + Quoted.bare(text.text()) + "}");
      case Node.Items items ->
          problems.add(
              items, path, "a mapping is expected, not a list", "write {condition: ready}");
      case Node.Entries mapping -> {
        return Section.of(path, mapping, ProgramKeys.CONDITION, problems)
            .word("condition", DependencyCondition.values(), otherwise);
      }
    }
    return otherwise;
  }

  private WorkerSpec worker(ProgramType type) {
    WorkerSpec otherwise = WorkerSpec.DEFAULT;
    Optional<Section> found = section.section("worker", ProgramKeys.WORKER);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section worker = found.get();
    Optional<Section> ping = worker.section("ping", ProgramKeys.PING);
    var spec =
        new WorkerSpec(
            worker.word("framing", WorkerSpec.Framing.values(), otherwise.framing()),
            worker.word("transport", WorkerSpec.Transport.values(), otherwise.transport()),
            ping.flatMap(below -> below.name("method")).orElse(otherwise.pingMethod()),
            worker.size(
                "max_frame",
                WorkerSpec.SMALLEST_MAX_FRAME_BYTES,
                WorkerSpec.LARGEST_MAX_FRAME_BYTES,
                otherwise.maxFrameBytes()));
    if (type != ProgramType.WORKER && !spec.equals(otherwise)) {
      problems.add(
          section.keyLocation("worker"),
          section.path("worker"),
          "it says how to speak to a worker, which this is not",
          "remove it, or write type: worker");
    }
    return spec;
  }

  /** What each may be, but not together. */
  private void checkTogether(Readiness readiness, LogSpec logs, WorkerSpec worker) {
    String at = section.path("readiness");
    if (readiness instanceof Readiness.FdLine(int fd)
        && worker.transport() == WorkerSpec.Transport.FD
        && fd <= WORKER_FROM) {
      problems.add(
          section.location("readiness"),
          at + ".fd",
          "worker.transport: fd uses descriptor " + fd + " too",
          "write another one, from " + (WORKER_FROM + 1));
    }
    boolean nothingIsRead =
        logs.file() instanceof LogTarget.None
            && (logs.stderr() instanceof LogTarget.None
                || logs.stderr() instanceof LogTarget.Merge);
    if (readiness instanceof Readiness.LogLine && nothingIsRead) {
      problems.add(
          section.location("readiness"),
          at + ".log_line",
          "its output goes nowhere, so no line is seen",
          "remove logs.file: none");
    }
  }

  private RestartSpec restart(ProgramType type) {
    RestartSpec restart = restart();
    if (type == ProgramType.ONESHOT && restart.policy() == RestartPolicy.ALWAYS) {
      section.problem(
          "restart",
          "a oneshot that is always restarted never ends",
          "write on-failure or never, or type: simple");
    }
    return restart;
  }

  private RestartSpec restart() {
    RestartSpec otherwise = RestartSpec.DEFAULT;
    Optional<Node> value = section.value("restart");
    if (value.isPresent() && value.get() instanceof Node.Text text) {
      return otherwise.withPolicy(
          section.word("restart", text, RestartPolicy.values(), otherwise.policy()));
    }
    Optional<Section> found = section.section("restart", ProgramKeys.RESTART);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section restart = found.get();
    Duration delay = restart.duration("delay", otherwise.delay());
    Duration maxDelay = restart.maxDelay(delay, otherwise.maxDelay());
    OptionalInt maxRestarts = maxRestarts(restart);
    if (restart.has("retry_after")
        && maxRestarts.equals(OptionalInt.of(0))
        && restart.has("max_restarts")) {
      restart.problem(
          "retry_after",
          "with max_restarts: 0 it is never restarted, so it is not tried again either",
          "write max_restarts: 1 or more, or remove retry_after");
    }
    return new RestartSpec(
        restart.word("policy", RestartPolicy.values(), otherwise.policy()),
        maxRestarts,
        restart.positiveDuration("window", otherwise.window()),
        delay,
        restart.decimal("factor", 1, 100, otherwise.factor()),
        maxDelay,
        restart.decimal("jitter", 0, 1, otherwise.jitter()),
        restart.positiveDuration("reset_after", otherwise.resetAfter()),
        restart.exitCodes("prevent", Set.of()),
        restart.has("retry_after")
            ? Optional.of(restart.positiveDuration("retry_after", Duration.ofMinutes(5)))
            : Optional.empty());
  }

  private static OptionalInt maxRestarts(Section restart) {
    Optional<Node> value = restart.value("max_restarts");
    if (value.isPresent() && value.get() instanceof Node.Text text) {
      if (text.text().equals("unlimited")) {
        return OptionalInt.empty();
      }
      if (!text.text().isEmpty() && !Character.isDigit(text.text().charAt(0))) {
        restart.problem(
            "max_restarts",
            Quoted.text(text.text()) + " is not a number of restarts",
            "write a number from 0 to " + RestartSpec.MOST_RESTARTS + ", or unlimited");
        return OptionalInt.of(0);
      }
    }
    return OptionalInt.of(restart.number("max_restarts", 0, RestartSpec.MOST_RESTARTS, 3));
  }

  private StopSpec stop(ProgramType type) {
    StopSpec otherwise = StopSpec.DEFAULT;
    Optional<Section> found = section.section("stop", ProgramKeys.STOP);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section stop = found.get();
    Optional<Duration> drain =
        stop.has("drain") ? Optional.of(stop.duration("drain", Duration.ZERO)) : Optional.empty();
    if (drain.isPresent() && type != ProgramType.WORKER) {
      stop.problem(
          "drain", "only a worker has tasks to finish", "remove it, or write type: worker");
    }
    return new StopSpec(
        signal(stop, otherwise.signal()),
        stop.duration("timeout", otherwise.timeout()),
        stop.word("scope", StopScope.values(), otherwise.scope()),
        drain,
        commands.below(stop, "command", true));
  }

  private ReloadSpec reload() {
    ReloadSpec otherwise = ReloadSpec.DEFAULT;
    Optional<Section> found = section.section("reload", ProgramKeys.RELOAD);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section reload = found.get();
    String signal = otherwise.signal();
    if (reload.has("signal")) {
      try {
        signal = SignalName.parse(reload.text("signal", signal));
        if (signal.equals("KILL") || signal.equals("STOP")) {
          reload.problem(
              "signal",
              signal + " makes no process read anything again",
              "write for example HUP or USR1");
        }
      } catch (MalformedValueException malformed) {
        reload.problem("signal", malformed.what(), malformed.remedy());
      }
    }
    Optional<Command> command = commands.below(reload, "command", true);
    if (command.isPresent() && !signal.equals(otherwise.signal())) {
      reload.problem("command", "it is run instead of the signal " + signal, "remove one of them");
    }
    return new ReloadSpec(signal, command);
  }

  private HooksSpec hooks() {
    Optional<Section> found = section.section("hooks", ProgramKeys.HOOKS);
    if (found.isEmpty()) {
      return HooksSpec.NONE;
    }
    Section hooks = found.get();
    return new HooksSpec(
        commands.hook(hooks, "pre_start"),
        commands.hook(hooks, "post_start"),
        commands.hook(hooks, "pre_stop"),
        commands.hook(hooks, "post_stop"),
        commands.hook(hooks, "on_failure"));
  }

  private static String signal(Section stop, String otherwise) {
    if (!stop.has("signal")) {
      return otherwise;
    }
    try {
      String signal = SignalName.parse(stop.text("signal", otherwise));
      switch (signal) {
        case "STOP", "TSTP", "TTIN", "TTOU", "CONT", "CHLD", "URG", "WINCH" ->
            stop.problem(
                "signal",
                signal + " does not end a process",
                "write for example TERM, INT or QUIT");
        default -> {
          return signal;
        }
      }
    } catch (MalformedValueException malformed) {
      stop.problem("signal", malformed.what(), malformed.remedy());
    }
    return otherwise;
  }
}
