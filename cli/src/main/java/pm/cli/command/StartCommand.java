package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class StartCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "start",
        List.of(),
        "starts them and waits until they are ready",
        "Starts instances and waits until each is ready. What runs already is left alone. A start has failed at the first exit before ready;"
            + " then the cause is shown, and the last lines of output.",
        Operands.SOME_SELECTORS,
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl start web", "pmctl start all --timeout 1m", "pmctl start web@2 --no-wait"),
        Action.exitsOfWaiting());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return Action.run(session, Method.START, new Outcomes("start", "started"));
  }
}
