package pm.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Finds instances that would write one log file, or a file that another one uses for its rotated
 * output. Paths are compared once expanded, as far as the variables are known now; what is not
 * known is taken to be the same for all instances of a program and different from that of any other
 * program.
 */
final class LogFileCheck {
  /** Who writes a file, for the message. */
  private record Writer(String instance, ProgramSpec program) {}

  private final Path folder;
  private final Map<String, String> inherited;
  private final Map<String, Writer> writers = new HashMap<>();

  /** Paths without their last number, by which a rotated file is called. */
  private final Map<String, Writer> rotatedFrom = new HashMap<>();

  private final SortedMap<String, ProgramSpec> programs;

  LogFileCheck(
      Path folder, Map<String, String> inherited, SortedMap<String, ProgramSpec> programs) {
    this.folder = folder.toAbsolutePath().normalize();
    this.inherited = inherited;
    this.programs = programs;
  }

  /**
   * The problem of a program with those checked before it and with itself; empty if there is none.
   */
  Optional<Problem> add(ProgramSpec program) {
    if (!(program.logs().file() instanceof LogTarget.File)
        && !(program.logs().stderr() instanceof LogTarget.File)) {
      return Optional.empty();
    }
    Map<String, String> fromFiles = new HashMap<>();
    for (EnvFile envFile : program.envFiles()) {
      VariableCheck.read(envFile).ifPresent(fromFiles::putAll);
    }
    boolean needsEnvironment =
        refersToEnvironment(program.logs().file(), program)
            || refersToEnvironment(program.logs().stderr(), program);
    for (int number = 1; number <= program.instances(); number++) {
      Map<String, String> variables = variables(program, number, fromFiles, needsEnvironment);
      Optional<Problem> problem = add(program, number, program.logs().file(), "file", variables);
      if (problem.isEmpty()) {
        problem = add(program, number, program.logs().stderr(), "stderr", variables);
      }
      if (problem.isPresent()) {
        return problem;
      }
    }
    return Optional.empty();
  }

  private static boolean refersToEnvironment(LogTarget target, ProgramSpec program) {
    if (target instanceof LogTarget.File file) {
      for (String name : program.environment().keySet()) {
        if (file.path().contains(name)) {
          return true;
        }
      }
    }
    return false;
  }

  private Optional<Problem> add(
      ProgramSpec program,
      int number,
      LogTarget target,
      String key,
      Map<String, String> variables) {
    if (!(target instanceof LogTarget.File file)) {
      return Optional.empty();
    }
    String instance = program.name() + "@" + number;
    String path = absolute(expand(file.path(), program, variables));
    var writer = new Writer(instance, program);
    Optional<Writer> other =
        Optional.ofNullable(writers.putIfAbsent(path, writer)).or(() -> automatic(path));
    if (other.isPresent()) {
      return Optional.of(bothWrite(other.get(), writer, key, path));
    }
    return rotated(path, writer).map(one -> meetWhenRotated(one, writer, key, path));
  }

  private static Problem bothWrite(Writer other, Writer writer, String key, String path) {
    if (other.instance().equals(writer.instance())) {
      return problem(
          writer,
          key,
          "the output and the errors of "
              + writer.instance()
              + " would both go to "
              + Quoted.text(path),
          "write stderr: merge");
    }
    return problem(
        writer,
        key,
        other.instance() + " and " + writer.instance() + " would both write " + Quoted.text(path),
        other.program().equals(writer.program())
            ? "put ${PM_NAME} into the path"
            : "give each a path of its own");
  }

  private static Problem meetWhenRotated(Writer other, Writer writer, String key, String path) {
    return problem(
        writer,
        key,
        "of "
            + Quoted.text(path)
            + " and the log of "
            + other.instance()
            + " one gets the name of the other when it is rotated",
        "let no path be another with a number after it");
  }

  private static Problem problem(Writer writer, String key, String message, String remedy) {
    ProgramSpec program = writer.program();
    return new Problem(
        program.location(), "programs." + program.name() + ".logs." + key, message, remedy);
  }

  /** Who writes this file by default. */
  private Optional<Writer> automatic(String path) {
    String prefix = folder + "/";
    int at = path.lastIndexOf('@');
    if (!path.startsWith(prefix)
        || at < prefix.length()
        || path.indexOf('/', prefix.length()) >= 0) {
      return Optional.empty();
    }
    ProgramSpec program = programs.get(path.substring(prefix.length(), at));
    if (program == null || !(program.logs().file() instanceof LogTarget.Auto)) {
      return Optional.empty();
    }
    // Rotated files are web@1.log.1, web@1.log.2 and so on.
    String rest = path.substring(at + 1);
    int dot = rest.indexOf(".log");
    boolean reserved =
        dot > 0
            && isNumber(rest.substring(0, dot))
            && (rest.length() == dot + 4
                || (rest.charAt(dot + 4) == '.' && isNumber(rest.substring(dot + 5))));
    return reserved
        ? Optional.of(new Writer(program.name() + "@" + rest.substring(0, dot), program))
        : Optional.empty();
  }

  /**
   * Who would rename its own file to this one, or writes one to which this one would be renamed.
   */
  private Optional<Writer> rotated(String path, Writer writer) {
    int dot = path.lastIndexOf('.');
    if (dot > 0 && isNumber(path.substring(dot + 1))) {
      String base = path.substring(0, dot);
      rotatedFrom.putIfAbsent(base, writer);
      return Optional.ofNullable(writers.get(base));
    }
    return Optional.ofNullable(rotatedFrom.get(path));
  }

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() < 10;
  }

  private String absolute(String path) {
    try {
      return folder.resolve(path).normalize().toString();
    } catch (InvalidPathException impossible) {
      // Such a path cannot be opened; comparing it as it is written is all that is left.
      return path;
    }
  }

  private static String expand(String path, ProgramSpec program, Map<String, String> variables) {
    return switch (Template.expand(path, name -> Optional.of(valueOf(name, program, variables)))) {
      case Template.Expansion.Expanded expanded -> expanded.text();
      case Template.Expansion.Unset unset -> path;
      case Template.Expansion.TooLong tooLong -> path;
    };
  }

  private static String valueOf(String name, ProgramSpec program, Map<String, String> variables) {
    String value = variables.get(name);
    return value != null ? value : "<" + name + " of " + program.name() + ">";
  }

  private Map<String, String> variables(
      ProgramSpec program, int number, Map<String, String> fromFiles, boolean needsEnvironment) {
    var below = new HashMap<String, String>();
    if (program.inheritEnvironment()) {
      below.putAll(inherited);
    }
    if (program.user().isPresent()) {
      below.keySet().removeAll(VariableCheck.USUAL);
    }
    below.putAll(fromFiles);
    below.put("PM_PROGRAM", program.name());
    below.put("PM_INSTANCE", Integer.toString(number));
    below.put("PM_NAME", program.name() + "@" + number);
    below.put("PM_INVOCATION_ID", "<one of " + program.name() + "@" + number + ">");
    if (!needsEnvironment) {
      return below;
    }
    // A value that cannot be worked out now is left to its placeholder.
    return EnvironmentExpansion.expand(below, program.environment())
            instanceof EnvironmentExpansion.Result.Complete complete
        ? complete.environment()
        : below;
  }
}
