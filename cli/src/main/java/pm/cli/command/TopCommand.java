package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

final class TopCommand implements Command {
  private static final Option INTERVAL =
      Option.value("", "--interval", "D", "How long is measured each time (2s).");

  private static final Duration SHORTEST = Duration.ofMillis(500);

  @Override
  public Syntax syntax() {
    return new Syntax(
        "top",
        List.of(),
        "shows live what uses CPU and memory, and what pools do",
        "Shows the instances that run, those that use the processor most first, and each pool with its queue and its tasks a second: in place"
            + " on a terminal, until q or Ctrl-C; elsewhere once. Nothing is measured while nobody looks.",
        Operands.NONE,
        List.of(INTERVAL),
        List.of(
            "pmctl top",
            "pmctl top --interval 10s",
            "pmctl top -o json | jq '.pools[] | {name, succeeded_per_second}'"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            new Syntax.Exit(
                ExitCode.UNREACHABLE, "the daemon cannot be reached, or ended while we looked"),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED),
            new Syntax.Exit(ExitCode.INTERRUPTED, "ended by Ctrl-C")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Duration interval = session.arguments().duration(INTERVAL).orElse(Duration.ofSeconds(2));
    if (interval.compareTo(SHORTEST) < 0) {
      throw new CommandFailure(
          ExitCode.USAGE, "--interval: less than 500ms cannot be measured. Write for example 2s.");
    }
    return session.format().isForPeople() && session.out().isTerminal()
        ? Top.live(session, interval)
        : Top.once(session, interval);
  }
}
