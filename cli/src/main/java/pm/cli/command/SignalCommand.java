package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class SignalCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "signal",
        List.of(),
        "sends a signal to their main processes",
        "Sends a signal to the main process of each instance. An end that follows is not a requested one: the restart policy decides.",
        new Operands(
            "SIG SEL",
            2,
            Integer.MAX_VALUE,
            "A signal (HUP, SIGHUP, 1), then programs, instances, patterns, group:NAME or all."),
        List.of(),
        List.of("pmctl signal HUP web", "pmctl signal USR1 'web@*'"),
        Action.exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    List<String> operands = session.arguments().operands();
    String signal = operands.getFirst();
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("signal", signal);
    params.put("selectors", operands.subList(1, operands.size()));
    Object answer;
    try (Connection connection = session.connect()) {
      answer = connection.call(Method.SIGNAL, params);
    }
    return new Outcomes("send " + signal + " to", "sent " + signal)
        .tell(session, Members.of(answer, "the answer").list("outcomes"), Optional.empty());
  }
}
