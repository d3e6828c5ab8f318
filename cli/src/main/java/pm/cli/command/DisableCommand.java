package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class DisableCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "disable",
        List.of(),
        "stops them, and lets nothing start them",
        "Stops instances and keeps them down: no start, no dependency and no reboot starts them, until pmctl enable.",
        Operands.SOME_SELECTORS,
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl disable web@2", "pmctl disable group:batch --timeout 1m"),
        Action.exitsOfWaiting());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return Action.run(session, Method.DISABLE, new Outcomes("disable", "disabled"));
  }
}
