package pm.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads the daemon's own settings, which may come from several files as long as each key comes from
 * one.
 */
final class DaemonReader {
  private static final String[] KEYS = {
    "socket", "log", "shutdown", "max_concurrent_starts", "tasks", "include"
  };

  private final Map<String, Location> seen = new HashMap<>();
  private SocketSpec socket = DaemonSpec.DEFAULT.socket();
  private LogLevel level = DaemonSpec.DEFAULT.level();
  private LogFormat format = DaemonSpec.DEFAULT.format();
  private Duration shutdownTimeout = DaemonSpec.DEFAULT.shutdownTimeout();
  private OptionalInt maxConcurrentStarts = DaemonSpec.DEFAULT.maxConcurrentStarts();
  private TaskStoreKind tasks = DaemonSpec.DEFAULT.tasks();
  private List<String> include = DaemonSpec.DEFAULT.include();

  /** What all files together say. */
  DaemonSpec daemon() {
    return new DaemonSpec(
        socket, level, format, shutdownTimeout, maxConcurrentStarts, tasks, include);
  }

  /** Reads the keys of one file; problems go where those of the section go. */
  void read(Section top) {
    for (String key : KEYS) {
      if (top.has(key)) {
        Location first = seen.putIfAbsent(key, top.keyLocation(key));
        if (first != null) {
          top.problems()
              .add(
                  top.keyLocation(key),
                  key,
                  "this is set already at " + first,
                  "remove one of them");
        } else {
          read(top, key);
        }
      }
    }
  }

  private void read(Section top, String key) {
    switch (key) {
      case "socket" -> top.section(key, DaemonKeys.SOCKET).ifPresent(this::readSocket);
      case "log" -> {
        Optional<Section> log = top.section(key, DaemonKeys.LOG);
        if (log.isPresent()) {
          level = log.get().word("level", LogLevel.values(), level);
          format = log.get().word("format", LogFormat.values(), format);
        }
      }
      case "shutdown" -> {
        Optional<Section> shutdown = top.section(key, DaemonKeys.SHUTDOWN);
        if (shutdown.isPresent()) {
          shutdownTimeout = shutdown.get().duration("timeout", shutdownTimeout);
        }
      }
      case "max_concurrent_starts" -> readStarts(top, key);
      case "tasks" -> top.section(key, DaemonKeys.TASKS).ifPresent(this::readTasks);
      case "include" -> include = patterns(top);
      default -> throw new IllegalStateException("no such key: " + key);
    }
  }

  private void readSocket(Section section) {
    Optional<String> path = section.name("path").filter(text -> !text.equals("auto"));
    if (path.isPresent() && !path.get().startsWith("/")) {
      section.problem(
          "path",
          Quoted.text(path.get()) + " is not an absolute path",
          "write auto, or a path that begins with /");
      path = Optional.empty();
    }
    socket =
        new SocketSpec(
            path,
            section.octal("mode", SocketSpec.DEFAULT.mode()),
            section.name("group").orElse(SocketSpec.DEFAULT.group()));
  }

  private void readTasks(Section section) {
    if (section.value("store").orElse(null) instanceof Node.Text text
        && (text.text().startsWith("redis:") || text.text().startsWith("rediss:"))) {
      section.problem("store", "not supported yet", "write auto or memory");
    } else {
      tasks = section.word("store", TaskStoreKind.values(), tasks);
    }
  }

  private void readStarts(Section top, String key) {
    if (top.value(key).orElseThrow() instanceof Node.Text text
        && !text.text().isEmpty()
        && !Character.isDigit(text.text().charAt(0))) {
      if (!text.text().equals("auto")) {
        top.problem(
            key,
            Quoted.text(text.text()) + " is not a number of starts",
            "write a number from 1 to " + DaemonSpec.MOST_STARTS + ", or auto");
      }
      return;
    }
    int starts = top.number(key, 1, DaemonSpec.MOST_STARTS, 0);
    maxConcurrentStarts = starts == 0 ? OptionalInt.empty() : OptionalInt.of(starts);
  }

  private static List<String> patterns(Section top) {
    var patterns = new ArrayList<String>();
    for (Node.Text text : top.texts("include")) {
      if (text.text().isBlank()) {
        top.problems()
            .add(text, "include", "the pattern is empty", "write for example programs.d/*.yaml");
      } else if (text.text().contains("**")) {
        top.problems()
            .add(text, "include", "** is not supported", "write a pattern for each folder, with *");
      } else {
        patterns.add(text.text());
      }
    }
    return patterns;
  }
}
