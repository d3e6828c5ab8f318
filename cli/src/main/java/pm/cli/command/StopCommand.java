package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class StopCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "stop",
        List.of(),
        "stops them and waits until nothing of them is left",
        "Stops instances and waits until no process of them is left. They stay stopped until they are started again, also when pmd itself is"
            + " restarted in between.",
        Operands.SOME_SELECTORS,
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl stop web@2", "pmctl stop group:front --timeout 30s"),
        Action.exitsOfWaiting());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return Action.run(session, Method.STOP, new Outcomes("stop", "stopped"));
  }
}
