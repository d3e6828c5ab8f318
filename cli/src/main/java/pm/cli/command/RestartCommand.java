package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class RestartCommand implements Command {

  private static final Option ROLLING =
      Option.flag(
          "",
          "--rolling",
          "One instance after the other, each ready before the next; the first failure ends it.");
  private static final Option PAUSE =
      Option.value(
          "", "--pause", "D", "With --rolling: how long each has to be ready before the next.");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "restart",
        List.of(),
        "stops and starts them",
        "Stops instances, starts them again, and waits until each is ready. What does not run is started.",
        Operands.SOME_SELECTORS,
        List.of(ROLLING, PAUSE, Action.NO_WAIT, Action.TIMEOUT),
        List.of(
            "pmctl restart web",
            "pmctl restart 'web@*' --timeout 2m",
            "pmctl restart --rolling web --pause 5s"),
        Action.exitsOfWaiting());
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Map<String, Object> params = session.selectors();
    Optional<Duration> pause = session.arguments().duration(PAUSE);
    if (session.arguments().has(ROLLING)) {
      params.put("rolling", true);
    } else if (pause.isPresent()) {
      throw new CommandFailure(
          ExitCode.USAGE, "--pause: all are restarted at once without --rolling.");
    }
    if (pause.isPresent()) {
      params.put("pause_seconds", Action.seconds(pause.get()));
    }
    return Action.run(
        session, Method.RESTART, params, session.selectors(), new Outcomes("restart", "restarted"));
  }
}
