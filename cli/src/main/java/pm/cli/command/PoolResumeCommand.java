package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class PoolResumeCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "pool resume",
        List.of(),
        "takes tasks in and gives them out again",
        "Undoes pause and drain.",
        PoolNames.SOME,
        List.of(),
        List.of("pmctl pool resume thumbnails"),
        PoolChange.exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return new PoolChange(Method.POOL_RESUME, "resume", "resumed").run(session);
  }
}
