package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class RestartCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "restart",
        List.of(),
        "stops and starts them",
        "Stops instances, starts them again, and waits until each is ready. What does not run is started.",
        Operands.SOME_SELECTORS,
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl restart web", "pmctl restart 'web@*' --timeout 2m"),
        Action.exitsOfWaiting());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return Action.run(session, Method.RESTART, new Outcomes("restart", "restarted"));
  }
}
