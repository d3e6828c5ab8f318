package pm.cli.command;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class ResetCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "reset",
        List.of(),
        "forgets their restarts and failures",
        "Clears the restart history, so that the next exits are counted anew, and makes what has failed merely stopped.",
        Operands.SOME_SELECTORS,
        List.of(),
        List.of("pmctl reset web", "pmctl reset all"),
        Action.exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Object answer;
    try (Connection connection = session.connect()) {
      answer = connection.call(Method.RESET, session.selectors());
    }
    return new Outcomes("reset", "reset")
        .tell(session, Members.of(answer, "the answer").list("outcomes"), Optional.empty());
  }
}
