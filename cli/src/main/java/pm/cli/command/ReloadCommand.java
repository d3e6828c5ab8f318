package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class ReloadCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "reload",
        List.of(),
        "has them read their own configuration again",
        "Sends each program its reload signal (HUP, or what reload.signal says), or runs its reload.command and waits for its end. What a program does about it is its own affair.",
        Operands.SOME_SELECTORS,
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl reload web", "pmctl reload 'nginx@*' --timeout 10s"),
        Action.exitsOfWaiting());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return Action.run(session, Method.RELOAD, new Outcomes("reload", "reloaded"));
  }
}
