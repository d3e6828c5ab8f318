package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class PoolPauseCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "pool pause",
        List.of(),
        "gives no more tasks out, and goes on taking them in",
        "Gives no more tasks to the workers of pools. Those in hand go on, and new ones are taken in and wait. It holds until pmctl pool resume, also over a reboot.",
        PoolNames.SOME,
        List.of(),
        List.of("pmctl pool pause thumbnails", "pmctl pool pause all"),
        PoolChange.exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return new PoolChange(Method.POOL_PAUSE, "pause", "paused").run(session);
  }
}
