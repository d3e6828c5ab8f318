package pm.cli.command;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class PingCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "ping",
        List.of(),
        "says whether the daemon answers",
        "Asks the daemon for an answer, and prints pong if it gives one.",
        Operands.NONE,
        List.of(),
        List.of("pmctl ping && echo it lives"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "it answers"),
            new Syntax.Exit(
                ExitCode.UNREACHABLE, "the daemon cannot be reached, or does not answer"),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Object answer;
    try (Connection connection = session.connect()) {
      answer = connection.call(Method.PING, Map.of());
    }
    if (session.format().isForPeople()) {
      session.out().line("pong");
    } else {
      Results.value(session, answer);
    }
    return ExitCode.DONE;
  }
}
