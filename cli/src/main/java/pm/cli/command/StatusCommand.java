package pm.cli.command;

import java.io.IOException;
import java.util.List;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Format;
import pm.cli.render.StatusTable;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class StatusCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "status",
        List.of("ps"),
        "shows all instances, or those that are named",
        "Shows a line for each instance: its state, its process, how often it was restarted, and why it is as it is.",
        Operands.SELECTORS_OR_ALL,
        List.of(),
        List.of(
            "pmctl status",
            "pmctl status 'web*' group:front",
            "pmctl status -o json | jq -r '.[] | select(.state == \"DEAD\") | .name'"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "everything is as desired"),
            new Syntax.Exit(ExitCode.NOT_AS_DESIRED, "something is not as desired"),
            Syntax.Exit.of(ExitCode.NO_MATCH),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Pages pages;
    try (Connection connection = session.connect()) {
      pages = Pages.read(connection, Method.STATUS, session.selectors());
    }
    List<Members> items = pages.objects();
    if (!session.format().isForPeople()) {
      Results.list(session, pages.items(), "name");
    } else if (items.isEmpty()) {
      session.notice("no programs are configured. Write some and load them with: pmctl apply");
    } else {
      session
          .out()
          .print(StatusTable.render(items, session.format() == Format.WIDE, session.style()));
    }
    if (session.format().isForPeople() && pages.first().bool("files_newer", false)) {
      session.notice(
          "the configuration files are newer than what is loaded. See what would change: pmctl apply --dry-run");
    }
    for (Members item : items) {
      if (!item.bool("as_desired", true)) {
        return ExitCode.NOT_AS_DESIRED;
      }
    }
    return ExitCode.DONE;
  }
}
