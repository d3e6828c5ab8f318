package pm.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class PoolDrainCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "pool drain",
        List.of(),
        "takes no more tasks in, and waits until all are done",
        "Takes no more tasks into pools, and waits until those that wait and those in hand have ended. Submits are told to try again later (75) until pmctl pool resume, also after a reboot.",
        PoolNames.SOME,
        List.of(Action.NO_WAIT, Action.TIMEOUT),
        List.of("pmctl pool drain thumbnails", "pmctl pool drain all --timeout 5m"),
        exits());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    return new PoolChange(Method.POOL_DRAIN, "drain", "drained").run(session);
  }

  private static List<Syntax.Exit> exits() {
    List<Syntax.Exit> exits = new ArrayList<>(PoolChange.exits());
    exits.add(new Syntax.Exit(ExitCode.TIMED_OUT, "not done within --timeout"));
    exits.add(new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it waited"));
    return exits;
  }
}
