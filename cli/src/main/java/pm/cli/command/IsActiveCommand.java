package pm.cli.command;

import java.io.IOException;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

final class IsActiveCommand implements Command {

  @Override
  public Syntax syntax() {
    return StateQuestion.syntax(
        "active",
        "tells by its exit code whether they are up",
        "Tells whether instances are up: IDLE, BUSY or UNHEALTHY. One that is only STARTING is not.");
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return StateQuestion.ask(
        session,
        "active",
        (state, reason) ->
            state.equals("IDLE") || state.equals("BUSY") || state.equals("UNHEALTHY"));
  }
}
