package pm.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Format;
import pm.cli.render.StatusTable;
import pm.cli.render.Table;
import pm.cli.render.Terminal;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class StatusCommand implements Command {
  static final Option WATCH =
      Option.flag("-w", "--watch", "Goes on showing it, in place on a terminal, until Ctrl-C.");
  static final Option INTERVAL =
      Option.value(
          "",
          "--interval",
          "D",
          "With --watch: how often CPU and memory are measured (2s; 0s for only with other changes).");

  /** What fits any terminal, so that its size need not be asked for. */
  private static final int SURE_TO_FIT = 80;

  @Override
  public Syntax syntax() {
    return new Syntax(
        "status",
        List.of("ps"),
        "shows all instances, or those that are named",
        "Shows a line for each instance: its state, its process, how often it was restarted, and why it is as it is. On a"
            + " terminal the last column is cut to its width; -o wide shows all of it, and more.",
        Operands.SELECTORS_OR_ALL,
        List.of(WATCH, INTERVAL),
        List.of(
            "pmctl status",
            "pmctl status --watch",
            "pmctl status 'web*' group:front",
            "pmctl status -o json | jq -r '.[] | select(.state == \"DEAD\") | .name'"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "everything is as desired"),
            new Syntax.Exit(ExitCode.NOT_AS_DESIRED, "something is not as desired"),
            Syntax.Exit.of(ExitCode.NO_MATCH),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED),
            new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it watched")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    if (session.arguments().has(WATCH)) {
      return Watch.run(session);
    }
    if (session.arguments().has(INTERVAL)) {
      throw new CommandFailure(
          ExitCode.USAGE, "--interval: there is nothing to repeat without --watch.");
    }
    return session.format().isForPeople() ? show(session) : list(session);
  }

  private static ExitCode list(Session session) throws CommandFailure, JsonException, IOException {
    Pages pages;
    try (Connection connection = session.connect()) {
      pages = Pages.read(connection, Method.STATUS, session.selectors());
    }
    List<Members> items = pages.objects();
    Results.list(session, pages.items(), "name");
    for (Members item : items) {
      if (!item.bool("as_desired", true)) {
        return ExitCode.NOT_AS_DESIRED;
      }
    }
    return ExitCode.DONE;
  }

  private static ExitCode show(Session session) throws CommandFailure, JsonException, IOException {
    boolean wide = session.format() == Format.WIDE;
    Pages pages = pages(session, wide);
    List<List<?>> rows = new ArrayList<>(pages.items().size());
    for (Object item : pages.items()) {
      rows.add(StatusTable.row(item, wide));
    }
    if (rows.isEmpty()) {
      session.notice("no programs are configured. Write some and load them with: pmctl apply");
    } else {
      Table table = StatusTable.ofRows(rows, wide, session.style());
      session.out().print(table.render(columns(session, table)));
    }
    if (pages.first().bool("files_newer", false)) {
      session.notice(
          "the configuration files are newer than what is loaded. See what would change: pmctl apply --dry-run");
    }
    return StatusTable.isAsDesired(rows) ? ExitCode.DONE : ExitCode.NOT_AS_DESIRED;
  }

  /** With no more than the table needs: an interpreter, which most of us is, reads it slowly. */
  private static Pages pages(Session session, boolean wide) throws CommandFailure, JsonException {
    Map<String, Object> params = session.selectors();
    params.put("columns", StatusTable.members(wide));
    try (Connection connection = session.connect()) {
      try {
        return Pages.read(connection, Method.STATUS, params);
      } catch (CommandFailure refused) {
        if (refused.exitCode() != ExitCode.USAGE) {
          throw refused;
        }
        // A daemon of a version before this one does not know of columns.
        return Pages.read(connection, Method.STATUS, session.selectors());
      }
    }
  }

  /** What a line may have: on a terminal no more than fits, for a table and not for a wide one. */
  private static int columns(Session session, Table table) {
    if (session.format() == Format.WIDE
        || !session.out().isTerminal()
        || table.width() <= SURE_TO_FIT) {
      return Integer.MAX_VALUE;
    }
    Optional<Terminal> terminal = Terminal.of(session.environment());
    return terminal.isPresent() ? terminal.get().columns() : Integer.MAX_VALUE;
  }
}
