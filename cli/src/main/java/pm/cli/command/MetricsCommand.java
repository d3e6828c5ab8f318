package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Format;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class MetricsCommand implements Command {
  private static final int TRIES = 5;

  @Override
  public Syntax syntax() {
    return new Syntax(
        "metrics",
        List.of(),
        "prints numbers for a monitoring system",
        "Prints counters and gauges of programs, pools and the daemon as text for Prometheus. All names begin with pm_; what they are is said"
            + " in the lines # HELP.",
        Operands.NONE,
        List.of(),
        List.of("pmctl metrics", "pmctl metrics | promtool check metrics"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "printed"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            new Syntax.Exit(ExitCode.TRY_AGAIN, "programs came or went meanwhile; try again"),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    if (session.arguments().has(GlobalOptions.OUTPUT) && session.format() != Format.TABLE) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--output: metrics are text for Prometheus and nothing else. Leave it out.");
    }
    try (Connection connection = session.connect()) {
      // All or nothing: without its end it would be read as if the rest were gone.
      session.out().print(text(connection, TRIES));
    }
    return ExitCode.DONE;
  }

  /** All pages, joined; from the beginning again if what there is changes in between. */
  private static String text(Connection connection, int tries)
      throws CommandFailure, JsonException {
    Map<String, Object> params = new LinkedHashMap<>();
    StringBuilder text = new StringBuilder();
    try {
      Optional<String> cursor;
      do {
        Members page = Members.of(connection.call(Method.METRICS, params), "the answer");
        text.append(page.string("text"));
        cursor = page.optionalString("cursor");
        if (cursor.isPresent()) {
          params.put("cursor", cursor.get());
        }
      } while (cursor.isPresent());
    } catch (CommandFailure e) {
      if (e.exitCode() == ExitCode.TRY_AGAIN && !params.isEmpty() && tries > 1) {
        return text(connection, tries - 1);
      }
      throw e;
    }
    return text.toString();
  }
}
