package pm.cli.command;

import java.io.IOException;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

final class IsFailedCommand implements Command {

  @Override
  public Syntax syntax() {
    return StateQuestion.syntax(
        "failed",
        "tells by its exit code whether they have failed",
        "Tells whether instances are DEAD because they failed for good, or because their definition has an error.");
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return StateQuestion.ask(
        session, "failed", (state, reason) -> reason.equals("failed") || reason.equals("invalid"));
  }
}
