package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Description;
import pm.cli.render.Units;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class DaemonStatusCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "daemon status",
        List.of(),
        "shows the daemon itself: its process, folders and files",
        "Shows the daemon itself: its version and process, its folders, the files it has loaded, and how much it looks after.",
        Operands.NONE,
        List.of(),
        List.of("pmctl daemon status", "pmctl daemon status -o json | jq .pid"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            new Syntax.Exit(
                ExitCode.NOT_PERMITTED, "only root and the user of the daemon may ask")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Object answer;
    try (Connection connection = session.connect()) {
      answer = connection.call(Method.DAEMON_STATUS, Map.of());
    }
    if (!session.format().isForPeople()) {
      Results.value(session, answer);
      return ExitCode.DONE;
    }
    session.out().print(Description.fields(fields(Members.of(answer, "the answer"))));
    return ExitCode.DONE;
  }

  private static Map<String, String> fields(Members daemon) throws JsonException {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("Version", text(daemon, "version"));
    String uptime =
        daemon
            .optionalNumber("uptime_seconds")
            .map(n -> ", up " + Units.duration(n.doubleValue()))
            .orElse("");
    fields.put("Process", text(daemon, "pid") + uptime + " since " + text(daemon, "started_at"));
    daemon
        .optionalNumber("memory_bytes")
        .ifPresent(n -> fields.put("Memory", Units.bytes(n.doubleValue())));
    fields.put("Socket", text(daemon, "socket"));
    fields.put("Connections", text(daemon, "connections"));
    Optional<Members> folders = daemon.optionalObject("folders");
    if (folders.isPresent()) {
      fields.put("Configuration", text(folders.get(), "config"));
      fields.put("Runtime", text(folders.get(), "run"));
      fields.put("State", text(folders.get(), "state"));
      fields.put("Logs", text(folders.get(), "log"));
    }
    Optional<Members> configuration = daemon.optionalObject("configuration");
    if (configuration.isPresent()) {
      List<String> files = configuration.get().strings("files");
      fields.put("Files", files.isEmpty() ? "none" : String.join(", ", files));
      fields.put(
          "Loaded",
          text(configuration.get(), "loaded_at")
              + (configuration.get().bool("files_newer", false)
                  ? "; the files are newer, see: pmctl apply --dry-run"
                  : ""));
      if (configuration.get().optionalLong("problems").orElse(0) > 0) {
        fields.put("Problems", text(configuration.get(), "problems") + ", see: pmctl config check");
      }
    }
    fields.put("Programs", text(daemon, "programs"));
    Optional<Members> instances = daemon.optionalObject("instances");
    if (instances.isPresent()) {
      StringBuilder counts = new StringBuilder();
      for (Map.Entry<String, Object> count : instances.get().values().entrySet()) {
        if (!count.getValue().equals(0L)) {
          counts
              .append(counts.isEmpty() ? "" : ", ")
              .append(count.getValue())
              .append(' ')
              .append(count.getKey());
        }
      }
      fields.put("Instances", counts.isEmpty() ? "none" : counts.toString());
    }
    return fields;
  }

  private static String text(Members members, String name) {
    return members.value(name).map(Object::toString).orElse("-");
  }
}
