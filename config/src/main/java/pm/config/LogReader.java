package pm.config;

import java.time.Duration;
import java.util.Optional;

/** Reads what becomes of the output of a program. */
final class LogReader {
  private final VariableCheck variables;

  LogReader(VariableCheck variables) {
    this.variables = variables;
  }

  LogSpec logs(Section program) {
    LogSpec otherwise = LogSpec.DEFAULT;
    Optional<Section> found = program.section("logs", ProgramKeys.LOGS);
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
        logs.number("keep", 0, LogSpec.MOST_KEPT, otherwise.keep()),
        logs.has("max_age")
            ? Optional.of(logs.positiveDuration("max_age", Duration.ofDays(30)))
            : Optional.empty(),
        logs.truth("compress", otherwise.compress()),
        logs.word("format", LineFormat.values(), otherwise.format()));
  }

  private LogTarget logFile(Section logs) {
    String text = logs.name("file").orElse("auto");
    return switch (text) {
      case "auto" -> LogTarget.AUTO;
      case "none" -> LogTarget.NONE;
      case "inherit" -> LogTarget.INHERIT;
      case "merge" -> {
        logs.problem("file", "only stderr can be merged", "write auto, none, inherit or a path");
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
      case "inherit" -> LogTarget.INHERIT;
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
      case "/dev/stdout", "/dev/stderr" -> {
        logs.problem(key, path + " is not a file that can be rotated", "write inherit");
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
