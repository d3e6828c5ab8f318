package pm.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds references of one program to variables that its processes will not have. Where not all that
 * they will have is known now (an {@code env_file} that cannot be read, the environment of a daemon
 * that runs elsewhere), nothing is reported.
 */
final class VariableCheck {
  /** What every process gets from us, and nobody else may set. */
  static final Set<String> OURS =
      Set.of("PM_PROGRAM", "PM_INSTANCE", "PM_NAME", "PM_INVOCATION_ID", "PM_SOCKET");

  /** What every process gets, unless its program says otherwise. */
  static final Set<String> USUAL = Set.of("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ");

  /** What hooks get besides. */
  private static final Set<String> OF_HOOKS =
      Set.of("PM_HOOK", "PM_EXIT_CODE", "PM_SIGNAL", "PM_REASON", "PM_PID");

  /**
   * A reference without a default.
   *
   * @param name the variable it refers to
   * @param within the variable whose value it is part of; empty if it is elsewhere
   */
  private record Use(String name, String within, Location location, String path) {}

  private final Problems problems;
  private final List<Use> uses = new ArrayList<>(0);
  private boolean environmentRefers;

  VariableCheck(Problems problems) {
    this.problems = problems;
  }

  /** Takes note of a text that is a template; one that is not well formed is a problem at once. */
  void add(String template, Location location, String path) {
    addWithin("", template, location, path);
  }

  /** Takes note of a text of a hook, which is told how its instance is. */
  void addOfHook(String template, Location location, String path) {
    int before = uses.size();
    addWithin("", template, location, path);
    uses.subList(before, uses.size()).removeIf(use -> OF_HOOKS.contains(use.name()));
  }

  /** Takes note of the value of a variable of the program's {@code environment}. */
  void addWithin(String variable, String template, Location location, String path) {
    if (template.indexOf('$') < 0) {
      return;
    }
    try {
      for (Template.Reference reference : Template.references(template)) {
        environmentRefers |= !variable.isEmpty();
        if (reference.fallback().isEmpty()) {
          uses.add(new Use(reference.name(), variable, location, path));
        }
      }
    } catch (MalformedValueException malformed) {
      problems.add(location, path, malformed.what(), malformed.remedy());
    }
  }

  /**
   * Reports what is unset.
   *
   * @param inherited names that the program gets from the daemon; empty if they are not known
   */
  void reportUnset(
      Set<String> environment, List<EnvFile> envFiles, Optional<Set<String>> inherited) {
    var below = new HashSet<String>();
    boolean complete = inherited.isPresent();
    boolean filesRead = false;
    for (Use use : uses) {
      // A variable that refers to itself means the one below.
      if (isUsual(use.name())
          || (environment.contains(use.name()) && !use.name().equals(use.within()))) {
        continue;
      }
      if (!filesRead) {
        inherited.ifPresent(below::addAll);
        complete &= addNames(envFiles, below);
        filesRead = true;
      }
      if (complete && !below.contains(use.name())) {
        problems.add(
            use.location(),
            use.path(),
            "the variable " + use.name() + " is not set",
            "set it in environment, or write ${" + use.name() + ":-default}");
      }
    }
  }

  /**
   * Reports values of {@code environment} that refer to each other in a circle or grow without end.
   */
  void reportGrowth(Section program, Map<String, String> environment) {
    if (!environmentRefers || !problems.isEmpty()) {
      return;
    }
    var everythingSet = new HashMap<String, String>();
    for (Use use : uses) {
      everythingSet.put(use.name(), "");
    }
    switch (EnvironmentExpansion.expand(everythingSet, environment)) {
      case EnvironmentExpansion.Result.Circular circular ->
          reportValue(
              program,
              circular.variable(),
              "its value refers to itself by way of others",
              "break the circle");
      case EnvironmentExpansion.Result.TooLong tooLong ->
          reportValue(
              program,
              tooLong.variable(),
              "the environment would be too long for a process",
              "Linux takes "
                  + Template.MOST_CHARACTERS
                  + " bytes for each variable and 2 MiB in all");
      case EnvironmentExpansion.Result.Complete complete -> {}
      case EnvironmentExpansion.Result.Unset unset ->
          throw new IllegalStateException("unset, though all are set: " + unset);
    }
  }

  private void reportValue(Section program, String variable, String message, String remedy) {
    problems.add(
        program.location("environment"),
        Section.join(program.path("environment"), variable),
        message,
        remedy);
  }

  private static boolean isUsual(String name) {
    return USUAL.contains(name) || OURS.contains(name);
  }

  /** Adds the names in the files; false if one of them cannot be read now. */
  private static boolean addNames(List<EnvFile> envFiles, Set<String> names) {
    boolean all = true;
    for (EnvFile envFile : envFiles) {
      Optional<Map<String, String>> variables = read(envFile);
      if (variables.isPresent()) {
        names.addAll(variables.get().keySet());
      } else {
        all = false;
      }
    }
    return all;
  }

  /**
   * The variables of a file as it is now; empty if it cannot be read. It is read again at every
   * start.
   */
  static Optional<Map<String, String>> read(EnvFile envFile) {
    try {
      Path path = Path.of(envFile.path());
      if (!Files.isRegularFile(path)) {
        return Optional.empty();
      }
      try (var in = Files.newInputStream(path)) {
        byte[] bytes = in.readNBytes(EnvFileText.MOST_BYTES + 1);
        return bytes.length > EnvFileText.MOST_BYTES
            ? Optional.empty()
            : Optional.of(EnvFileText.parse(new String(bytes, StandardCharsets.UTF_8)));
      }
    } catch (IOException | InvalidPathException | MalformedValueException unreadable) {
      // No problem of the configuration: when the program starts the file may be another one, or
      // that start says why not.
      return Optional.empty();
    }
  }
}
