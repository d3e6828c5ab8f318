package pm.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Method;

final class WaitCommand implements Command {
  private static final Option FOR =
      Option.value(
          "",
          "--for",
          "STATE",
          "ready (the default), dead, or one of STARTING, IDLE, BUSY, UNHEALTHY, STOPPING, DEAD.");

  private static final Option TIMEOUT =
      Option.value(
          "", "--timeout", "D", "Waits no longer than this (30s, 2m); without it: for ever.");

  /** What can be waited for, the default first. */
  static final List<String> AWAITED =
      List.of("ready", "dead", "STARTING", "IDLE", "BUSY", "UNHEALTHY", "STOPPING", "DEAD");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "wait",
        List.of(),
        "waits until they are in a state",
        "Waits until each of the instances is ready, dead or in a certain state; one that is so already is not waited for. Nothing is started or stopped.",
        Operands.SOME_SELECTORS,
        List.of(FOR, TIMEOUT),
        List.of("pmctl wait web --for ready --timeout 30s", "pmctl wait migration --for dead"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "all are so"),
            new Syntax.Exit(
                ExitCode.FAILED, "one cannot become so any more; which one is on stderr"),
            Syntax.Exit.of(ExitCode.NO_MATCH),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.TRY_AGAIN),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED),
            new Syntax.Exit(ExitCode.TIMED_OUT, "not so within --timeout"),
            new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it waited")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    String wanted = session.arguments().value(FOR).orElse(AWAITED.getFirst());
    List<String> known = new ArrayList<>(AWAITED);
    for (String each : AWAITED) {
      known.add(each.toLowerCase(Locale.ROOT));
    }
    if (!known.contains(wanted)) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--for: '" + wanted + "' is not known. Write one of " + String.join(", ", AWAITED) + ".");
    }
    Map<String, Object> params = session.selectors();
    params.put("for", wanted);
    return Action.run(
        session,
        Method.WAIT,
        params,
        session.selectors(),
        new Outcomes("wait for " + wanted + " of", wanted));
  }
}
