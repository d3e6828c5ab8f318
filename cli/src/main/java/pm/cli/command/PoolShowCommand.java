package pm.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Format;
import pm.cli.render.PoolSheet;
import pm.cli.render.PoolTable;
import pm.cli.render.Table;
import pm.cli.render.Terminal;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;

final class PoolShowCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "pool show",
        List.of(),
        "shows pools: their workers, what waits, and what was done",
        "Shows a line for each pool: whether it takes tasks in and gives them out and why not, its workers, the tasks that wait and run, and"
            + " what has ended since pmd was started. A single pool that is named is shown with its workers and rules.",
        PoolNames.ANY,
        List.of(),
        List.of(
            "pmctl pool show",
            "pmctl pool show thumbnails",
            "pmctl pool show -o json | jq '.[] | {name, queued, running}'"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            new Syntax.Exit(ExitCode.NO_MATCH, "no such pool"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    List<String> operands = session.arguments().operands();
    try (Connection connection = session.connect()) {
      List<Members> pools = PoolNames.list(connection, PoolNames.of(connection, operands));
      boolean isOne = operands.size() == 1 && pools.size() == 1;
      if (!session.format().isForPeople()) {
        List<Object> items = new ArrayList<>();
        for (Members pool : pools) {
          items.add(pool.values());
        }
        Results.list(session, items, "name");
      } else if (pools.isEmpty()) {
        session.notice("there are no pools. A program of type worker with pool: is one.");
      } else if (isOne && session.format() == Format.TABLE) {
        Members pool = pools.getFirst();
        Optional<Members> rules = PoolNames.definition(connection, pool.string("name"));
        session.out().print(PoolSheet.of(pool, rules, session.style()));
      } else {
        Table table = PoolTable.of(pools, session.format() == Format.WIDE, session.style());
        session.out().print(table.render(columns(session)));
      }
    }
    return ExitCode.DONE;
  }

  private static int columns(Session session) {
    if (session.format() == Format.WIDE || !session.out().isTerminal()) {
      return Integer.MAX_VALUE;
    }
    Optional<Terminal> terminal = Terminal.of(session.environment());
    return terminal.isPresent() ? terminal.get().columns() : Integer.MAX_VALUE;
  }
}
