package pm.cli.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All commands by name, each made only when it is wanted. */
public final class Commands {
  /** The names, in the order of the help. */
  public static final List<String> NAMES =
      List.of(
          "status",
          "describe",
          "why",
          "start",
          "stop",
          "restart",
          "reload",
          "signal",
          "enable",
          "disable",
          "reset",
          "scale",
          "run",
          "wait",
          "is-active",
          "is-failed",
          "apply",
          "logs",
          "events",
          "submit",
          "task list",
          "task show",
          "task cancel",
          "task retry",
          "pool show",
          "pool pause",
          "pool resume",
          "pool drain",
          "top",
          "metrics",
          "config check",
          "config show",
          "config schema",
          "config explain",
          "daemon status",
          "daemon upgrade",
          "daemon shutdown",
          "ping",
          "version",
          "completion");

  /** The first words of names of two words. */
  public static final List<String> GROUPS = List.of("task", "pool", "config", "daemon");

  /** What the documentation names, but this version does not have. */
  private static final List<String> LATER = List.of("import");

  private Commands() {}

  /** The command of that name or alias. */
  public static Optional<Command> find(String name) {
    return switch (name) {
      case "status", "ps" -> Optional.of(new StatusCommand());
      case "describe" -> Optional.of(new DescribeCommand());
      case "why" -> Optional.of(new WhyCommand());
      case "start" -> Optional.of(new StartCommand());
      case "stop" -> Optional.of(new StopCommand());
      case "restart" -> Optional.of(new RestartCommand());
      case "reload" -> Optional.of(new ReloadCommand());
      case "signal" -> Optional.of(new SignalCommand());
      case "enable" -> Optional.of(new EnableCommand());
      case "disable" -> Optional.of(new DisableCommand());
      case "reset" -> Optional.of(new ResetCommand());
      case "scale" -> Optional.of(new ScaleCommand());
      case "run" -> Optional.of(new RunCommand());
      case "wait" -> Optional.of(new WaitCommand());
      case "is-active" -> Optional.of(new IsActiveCommand());
      case "is-failed" -> Optional.of(new IsFailedCommand());
      case "apply" -> Optional.of(new ApplyCommand());
      case "logs" -> Optional.of(new LogsCommand());
      case "events" -> Optional.of(new EventsCommand());
      case "submit" -> Optional.of(new SubmitCommand());
      case "task list" -> Optional.of(new TaskListCommand());
      case "task show" -> Optional.of(new TaskShowCommand());
      case "task cancel" -> Optional.of(new TaskCancelCommand());
      case "task retry" -> Optional.of(new TaskRetryCommand());
      case "pool show" -> Optional.of(new PoolShowCommand());
      case "pool pause" -> Optional.of(new PoolPauseCommand());
      case "pool resume" -> Optional.of(new PoolResumeCommand());
      case "pool drain" -> Optional.of(new PoolDrainCommand());
      case "top" -> Optional.of(new TopCommand());
      case "metrics" -> Optional.of(new MetricsCommand());
      case "config check" -> Optional.of(new ConfigCheckCommand());
      case "config show" -> Optional.of(new ConfigShowCommand());
      case "config schema" -> Optional.of(new ConfigSchemaCommand());
      case "config explain" -> Optional.of(new ConfigExplainCommand());
      case "daemon status" -> Optional.of(new DaemonStatusCommand());
      case "daemon upgrade" -> Optional.of(new DaemonUpgradeCommand());
      case "daemon shutdown" -> Optional.of(new DaemonShutdownCommand());
      case "ping" -> Optional.of(new PingCommand());
      case "version" -> Optional.of(new VersionCommand());
      case "completion" -> Optional.of(new CompletionCommand());
      default -> Optional.empty();
    };
  }

  /** All of them, for the help. */
  public static List<Command> all() {
    List<Command> all = new ArrayList<>();
    for (String name : NAMES) {
      all.add(find(name).orElseThrow());
    }
    return all;
  }

  /** The names of two words that begin with {@code group}. */
  public static List<String> inGroup(String group) {
    List<String> names = new ArrayList<>();
    for (String name : NAMES) {
      if (name.startsWith(group + " ")) {
        names.add(name);
      }
    }
    return names;
  }

  /** The version of this client. */
  public static String version() {
    return VersionCommand.own();
  }

  /** Whether a later version has this command. */
  public static boolean isLater(String name) {
    return LATER.contains(name);
  }
}
