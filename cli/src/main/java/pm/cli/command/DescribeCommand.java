package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Description;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class DescribeCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "describe",
        List.of(),
        "shows everything about them",
        "Shows the state, the definition in force with all defaults, the restart window, the last invocations and how they ended, and the"
            + " last lines of output.",
        Operands.SOME_SELECTORS,
        List.of(LogsCommand.RAW),
        List.of("pmctl describe web@1", "pmctl describe web -o yaml"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            Syntax.Exit.of(ExitCode.NO_MATCH),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Pages pages;
    try (Connection connection = session.connect()) {
      pages = Pages.read(connection, Method.DESCRIBE, session.selectors());
    }
    if (!session.format().isForPeople()) {
      Results.list(session, pages.items(), "name");
      return ExitCode.DONE;
    }
    boolean first = true;
    for (Members item : pages.objects()) {
      if (!first) {
        session.out().line("");
      }
      first = false;
      session.out().print(Description.of(item, session.style()));
      for (String line : item.strings("output")) {
        session.out().print("    | ");
        if (session.arguments().has(LogsCommand.RAW)) {
          session.out().print(line);
        } else {
          session.out().foreign(line);
        }
        session.out().line("");
      }
    }
    return ExitCode.DONE;
  }
}
