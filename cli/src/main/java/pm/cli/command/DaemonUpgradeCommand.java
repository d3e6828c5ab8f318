package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.client.ConnectionClosed;
import pm.cli.render.Escapes;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * Asks for the upgrade, waits until the daemon has closed the connection and answers again, and
 * looks what has become of it and of its processes.
 */
final class DaemonUpgradeCommand implements Command {
  /** A daemon listens first of all, so this is long. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final Duration BETWEEN_TRIES = Duration.ofMillis(50);

  private static final Option TIMEOUT =
      Option.value("", "--timeout", "D", "Waits no longer than this (60s) for the new version.");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "daemon upgrade",
        List.of(),
        "has the installed version take over from the running one",
        "Replaces the running pmd by the version that is installed, in the same process: programs go on as its children, nothing is"
            + " restarted. The installed version is asked first; if it cannot, the running one stays, and the reason is told.",
        Operands.NONE,
        List.of(TIMEOUT),
        List.of("pmctl daemon upgrade", "pmctl daemon upgrade --timeout 10s"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "the installed version is in charge"),
            new Syntax.Exit(
                ExitCode.FAILED, "the version before is still in charge; why is on stderr"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.TRY_AGAIN),
            new Syntax.Exit(ExitCode.NOT_PERMITTED, "only root and the user of the daemon may ask"),
            new Syntax.Exit(
                ExitCode.TIMED_OUT, "the new version does not answer within --timeout")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Duration limit = session.arguments().duration(TIMEOUT).orElse(LIMIT);
    long deadline = System.nanoTime() + limit.toNanos();
    Map<String, Long> before;
    Members accepted;
    try (Connection connection = session.connect()) {
      before = processes(connection);
      accepted = Members.of(connection.call(Method.DAEMON_UPGRADE, Map.of()), "the answer");
      awaitEnd(connection, deadline);
    }
    try (Connection connection = reconnect(session, deadline)) {
      Members daemon = Members.of(connection.call(Method.DAEMON_STATUS, Map.of()), "the answer");
      return tell(session, accepted, daemon, before, processes(connection));
    }
  }

  /** The processes of all instances. */
  private static Map<String, Long> processes(Connection connection)
      throws CommandFailure, JsonException {
    Map<String, Long> processes = new HashMap<>();
    for (Members item : Pages.read(connection, Method.STATUS, Map.of()).objects()) {
      if (item.has("pid")) {
        processes.put(item.string("name"), item.optionalLong("pid").orElse(0));
      }
    }
    return processes;
  }

  private static void awaitEnd(Connection connection, long deadline) throws CommandFailure {
    try {
      while (connection.receive(Duration.ofNanos(deadline - System.nanoTime())).isPresent()) {
        // It says that it closes, then it does.
      }
    } catch (ConnectionClosed e) {
      return;
    }
    throw notInTime("pmd has said yes, but goes on as it was");
  }

  /** The next daemon is there when it answers; nothing tells us earlier. */
  private static Connection reconnect(Session session, long deadline) throws CommandFailure {
    while (true) {
      try {
        Connection connection = session.connect();
        try {
          connection.call(Method.PING, Map.of());
          return connection;
        } catch (CommandFailure e) {
          connection.close();
          throw e;
        }
      } catch (CommandFailure e) {
        if (System.nanoTime() >= deadline) {
          throw notInTime("pmd does not answer after the upgrade: " + e.sentence());
        }
        LockSupport.parkNanos(BETWEEN_TRIES.toNanos());
      }
    }
  }

  private static CommandFailure notInTime(String what) {
    return new CommandFailure(
        ExitCode.TIMED_OUT, what + (what.endsWith(".") ? "" : ".") + " See its own log.");
  }

  private static ExitCode tell(
      Session session,
      Members accepted,
      Members daemon,
      Map<String, Long> before,
      Map<String, Long> after)
      throws CommandFailure, JsonException, IOException {
    String from = accepted.string("from");
    String to = accepted.string("to");
    String now = daemon.string("version");
    long pid = daemon.optionalLong("pid").orElse(0);
    String failure = failure(accepted, daemon);
    int kept = 0;
    for (Map.Entry<String, Long> process : before.entrySet()) {
      kept += process.getValue().equals(after.get(process.getKey())) ? 1 : 0;
    }
    if (!session.format().isForPeople()) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("from", from);
      result.put("to", now);
      result.put("pid", pid);
      result.put("processes", (long) before.size());
      result.put("processes_kept", (long) kept);
      result.put("failure", failure.isEmpty() ? pm.protocol.Json.NULL : failure);
      Results.value(session, result);
    }
    if (!failure.isEmpty()) {
      session.notice("pmd could not be upgraded from " + from + " to " + to + ": " + failure + ".");
      return ExitCode.FAILED;
    }
    if (session.format().isForPeople()) {
      session
          .out()
          .line(
              Escapes.cell(
                  "pmd "
                      + from
                      + " -> "
                      + now
                      + ", process "
                      + pid
                      + "; kept "
                      + kept
                      + " of "
                      + before.size()
                      + (before.size() == 1 ? " process" : " processes")));
    }
    if (kept < before.size()) {
      session.notice("some processes ended meanwhile or were replaced. See: pmctl events -n 50");
    }
    return ExitCode.DONE;
  }

  /** Why the version before is in charge, or in another process; empty if the new one is. */
  private static String failure(Members accepted, Members daemon) throws JsonException {
    Optional<Members> last = daemon.optionalObject("last_upgrade");
    if (last.isPresent() && last.get().has("failure")) {
      return last.get().string("failure");
    }
    String to = accepted.string("to");
    String now = daemon.string("version");
    if (!now.equals(to)) {
      return "the version that answers is " + now;
    }
    long before = accepted.optionalLong("pid").orElse(0);
    long pid = daemon.optionalLong("pid").orElse(0);
    return before == pid
        ? ""
        : "process " + before + " has ended, and process " + pid + " answers in its place";
  }
}
