package pm.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

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

  /** Linux refuses a longer word or variable (MAX_ARG_STRLEN, execve(2)). */
  private static final int MOST_WORD_BYTES = 131_071;

  static final int MOST_VARIABLES = 1_000;

  private final Rules rules;
  private final Section section;
  private final Problems problems;
  private final VariableCheck variables;

  private ProgramReader(Rules rules, Section section) {
    this.rules = rules;
    this.section = section;
    problems = section.problems();
    variables = new VariableCheck(problems);
  }

  /**
   * Reads one.
   *
   * @param entry its name and definition
   * @param problems gets all that is wrong
   * @return the program; empty if there are problems
   */
  static Optional<ProgramSpec> read(Node.Entry entry, Rules rules, Problems problems) {
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
        Keys keys = rules.kept() ? Keys.KEPT_PROGRAM : Keys.PROGRAM;
        return new ProgramReader(rules, Section.of(path, definition, keys, problems))
            .program(entry);
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

  private Optional<ProgramSpec> program(Node.Entry entry) {
    Command command = command();
    ProgramType type = type();
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
            .groups(groups())
            .startTimeout(startTimeout)
            .readiness(readiness(type, startTimeout))
            .successExitCodes(section.exitCodes("success_exit_codes", Set.of(0)))
            .restart(restart(type))
            .stop(stop())
            .logs(logs())
            .location(problems.locate(entry));
    if (!rules.kept()) {
      variables.reportUnset(
          environment.keySet(), envFiles, inherit ? rules.inherited() : Optional.of(Set.of()));
      variables.reportGrowth(section, environment);
    }
    return problems.isEmpty() ? Optional.of(builder.name(entry.key()).build()) : Optional.empty();
  }

  private Command command() {
    boolean shell = section.truth("shell", false);
    Optional<Node> value = section.value("command");
    if (value.isEmpty()) {
      problems.add(
          section.keyLocation("command"),
          section.path("command"),
          "the command is missing",
          "write command: [PROGRAM, ARGUMENT]");
      return NO_COMMAND;
    }
    List<String> words =
        switch (value.get()) {
          case Node.Text text -> shell ? List.of(text.text()) : split(text);
          case Node.Items list -> words(list, shell);
          case Node.Entries mapping -> {
            section.problem(
                "command",
                "a list or text is expected, not a mapping",
                "write command: [PROGRAM, ARGUMENT]");
            yield List.of();
          }
        };
    for (String word : words) {
      checkLength("command", word);
      variables.add(word, section.location("command"), section.path("command"));
    }
    if (words.isEmpty()) {
      if (problems.isEmpty()) {
        section.problem("command", "the command is empty", "write command: [PROGRAM, ARGUMENT]");
      }
      return NO_COMMAND;
    }
    if (words.getFirst().isBlank()) {
      section.problem(
          "command", "the first word of the command is empty", "write the program to run");
      return NO_COMMAND;
    }
    return new Command(words, shell);
  }

  /** Stands in for a command that has a problem, so that the rest can be read too. */
  private static final Command NO_COMMAND = new Command(List.of("true"), false);

  private List<String> split(Node.Text text) {
    try {
      List<String> words = CommandLine.split(text.text());
      if (words.isEmpty()) {
        section.problem("command", "the command is empty", "write command: [PROGRAM, ARGUMENT]");
      }
      return words;
    } catch (MalformedValueException malformed) {
      section.problem("command", malformed.what(), malformed.remedy());
      return List.of();
    }
  }

  private List<String> words(Node.Items list, boolean shell) {
    if (shell) {
      section.problem(
          "command",
          "a shell takes one text, not a list",
          "write the line as one text, or remove shell: true");
      return List.of();
    }
    var words = new ArrayList<String>(list.items().size());
    for (Node.Text text : section.texts(list, section.path("command"))) {
      words.add(text.text());
    }
    return words;
  }

  private void checkLength(String key, String text) {
    if (text.length() > MOST_WORD_BYTES / 4
        && text.getBytes(StandardCharsets.UTF_8).length > MOST_WORD_BYTES) {
      section.problem(
          key,
          "one of its texts is longer than " + MOST_WORD_BYTES + " bytes",
          "Linux starts no process with it; pass a file");
    }
  }

  private ProgramType type() {
    if (section.text("type", "").equals("worker")) {
      section.problem("type", "worker is not supported yet", "write simple or oneshot");
      return ProgramType.SIMPLE;
    }
    return section.word("type", ProgramType.values(), ProgramType.SIMPLE);
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
      if (name.length() + text.text().length() > MOST_WORD_BYTES / 4) {
        checkLength("environment", name + "=" + text.text());
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

  private Readiness readiness(ProgramType type, Duration startTimeout) {
    boolean oneshot = type == ProgramType.ONESHOT;
    Readiness otherwise = oneshot ? new Readiness.Uptime(Duration.ZERO) : Readiness.DEFAULT;
    Optional<Section> found = section.section("readiness", Keys.READINESS);
    if (found.isEmpty() || !found.get().has("uptime")) {
      if (otherwise instanceof Readiness.Uptime(Duration uptime)
          && uptime.compareTo(startTimeout) >= 0) {
        section.problem(
            "start_timeout",
            "it is not longer than readiness.uptime, which is " + Durations.format(uptime),
            "write a longer start_timeout, or readiness: {uptime: 0s}");
      }
      return otherwise;
    }
    Section readiness = found.get();
    Duration uptime = readiness.duration("uptime", Duration.ZERO);
    if (oneshot && !uptime.isZero()) {
      readiness.problem("uptime", "a oneshot is ready as soon as it runs", "remove it");
    } else if (uptime.compareTo(startTimeout) >= 0) {
      readiness.problem(
          "uptime",
          "it is not shorter than start_timeout, which is " + Durations.format(startTimeout),
          "write a shorter uptime or a longer start_timeout");
    }
    return new Readiness.Uptime(uptime);
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
    Optional<Section> found = section.section("restart", Keys.RESTART);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section restart = found.get();
    Duration delay = restart.duration("delay", otherwise.delay());
    Duration maxDelay = restart.duration("max_delay", otherwise.maxDelay());
    if (maxDelay.compareTo(delay) < 0) {
      restart.problem(
          restart.has("max_delay") ? "max_delay" : "delay",
          "the delay "
              + Durations.format(delay)
              + " is longer than max_delay, which is "
              + Durations.format(maxDelay),
          "write max_delay: " + Durations.format(delay) + " or more");
      maxDelay = delay;
    }
    return new RestartSpec(
        restart.word("policy", RestartPolicy.values(), otherwise.policy()),
        maxRestarts(restart),
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

  private StopSpec stop() {
    StopSpec otherwise = StopSpec.DEFAULT;
    Optional<Section> found = section.section("stop", Keys.STOP);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section stop = found.get();
    return new StopSpec(
        signal(stop, otherwise.signal()),
        stop.duration("timeout", otherwise.timeout()),
        stop.word("scope", StopScope.values(), otherwise.scope()));
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

  private LogSpec logs() {
    LogSpec otherwise = LogSpec.DEFAULT;
    Optional<Section> found = section.section("logs", Keys.LOGS);
    if (found.isEmpty()) {
      return otherwise;
    }
    Section logs = found.get();
    LogTarget file = logFile(logs);
    LogTarget stderr = logStderr(logs);
    if (file instanceof LogTarget.File(String out)
        && stderr instanceof LogTarget.File(String err)
        && out.equals(err)) {
      logs.problem("stderr", "stdout goes to the same file", "write stderr: merge");
    }
    return new LogSpec(
        file,
        stderr,
        logs.size(
            "max_size",
            LogSpec.SMALLEST_MAX_SIZE_BYTES,
            LogSpec.LARGEST_MAX_SIZE_BYTES,
            otherwise.maxSizeBytes()),
        logs.number("keep", 0, LogSpec.MOST_KEPT, otherwise.keep()));
  }

  private LogTarget logFile(Section logs) {
    String text = logs.name("file").orElse("auto");
    return switch (text) {
      case "auto" -> LogTarget.AUTO;
      case "none" -> LogTarget.NONE;
      case "merge" -> {
        logs.problem("file", "only stderr can be merged", "write auto, none or a path");
        yield LogTarget.AUTO;
      }
      default -> logPath(logs, "file", text, LogTarget.AUTO);
    };
  }

  private LogTarget logStderr(Section logs) {
    String text = logs.name("stderr").orElse("merge");
    return switch (text) {
      case "merge" -> LogTarget.MERGE;
      case "none" -> LogTarget.NONE;
      case "auto" -> {
        logs.problem(
            "stderr",
            "there is no automatic file for stderr",
            "write merge, none or a path such as ${PM_NAME}.err");
        yield LogTarget.MERGE;
      }
      default -> logPath(logs, "stderr", text, LogTarget.MERGE);
    };
  }

  private LogTarget logPath(Section logs, String key, String path, LogTarget otherwise) {
    switch (path) {
      case "inherit", "/dev/stdout", "/dev/stderr" -> {
        logs.problem(key, "the daemon's own output is not supported yet", "write a path");
        return otherwise;
      }
      case "/dev/null" -> {
        logs.problem(key, "/dev/null is not a file that can be rotated", "write none");
        return otherwise;
      }
      default -> {}
    }
    if (path.startsWith("~")) {
      logs.problem(key, "~ is not expanded", "write ${HOME} for the home folder");
      return otherwise;
    }
    if (path.endsWith("/") || path.equals(".")) {
      logs.problem(key, Quoted.text(path) + " is a folder", "write the path of a file");
      return otherwise;
    }
    if (("/" + path + "/").contains("/../")) {
      logs.problem(key, "the path of a log goes through ..", "write it without");
      return otherwise;
    }
    variables.add(path, logs.location(key), logs.path(key));
    return new LogTarget.File(path);
  }
}
