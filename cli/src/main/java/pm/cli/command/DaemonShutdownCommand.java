package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

final class DaemonShutdownCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "daemon shutdown",
        List.of(),
        "stops all programs, then the daemon",
        "Stops all programs as they define it, then the daemon, and waits until it has ended.",
        Operands.NONE,
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl daemon shutdown", "pmctl daemon shutdown --timeout 1m"),
        List.of(
            Syntax.Exit.of(ExitCode.DONE),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            new Syntax.Exit(ExitCode.NOT_PERMITTED, "only root and the user of the daemon may ask"),
            new Syntax.Exit(ExitCode.TIMED_OUT, "not done within --timeout"),
            new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it waited")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    try (Connection connection = session.connect()) {
      return Waiting.shutdown(session, connection);
    }
  }
}
