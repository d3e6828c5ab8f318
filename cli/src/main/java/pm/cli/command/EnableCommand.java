package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class EnableCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "enable",
        List.of(),
        "allows them to run again",
        "Takes back a disable. It starts nothing: pmctl start does, and so does the next start of pmd.",
        Operands.SOME_SELECTORS,
        List.of(),
        List.of("pmctl enable web", "pmctl enable web && pmctl start web"),
        Action.exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return Action.run(session, Method.ENABLE, new Outcomes("enable", "enabled"));
  }
}
