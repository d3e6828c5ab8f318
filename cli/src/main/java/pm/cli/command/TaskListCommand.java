package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.Arguments;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.cli.render.Format;
import pm.cli.render.TaskTable;
import pm.cli.render.Terminal;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class TaskListCommand implements Command {
  static final Option STATE =
      Option.value(
          "",
          "--state",
          "TASK-STATE",
          "queued, running, succeeded, failed, timed_out or cancelled.");

  /** The words for it; the daemon's are the same in capitals. */
  static final List<String> STATES =
      List.of("queued", "running", "succeeded", "failed", "timed_out", "cancelled");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "task list",
        List.of(),
        "shows the tasks that are known, of a pool or of all",
        "Shows a line for each task: those that wait and run, and those that have ended for as long as their pool keeps them"
            + " (task.keep). Pool by pool, the oldest first.",
        new Operands("POOL", 0, 1, "A pool. Without one: all."),
        List.of(STATE),
        List.of(
            "pmctl task list thumbnails",
            "pmctl task list --state failed",
            "pmctl task list thumbnails -o json | jq 'group_by(.state) | map({(.[0].state): length}) | add'"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            new Syntax.Exit(ExitCode.NO_MATCH, "no such pool"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    List<String> operands = session.arguments().operands();
    Map<String, Object> params = params(session.arguments(), operands);
    StreamItems items = new StreamItems(session, false);
    boolean wide = session.format() == Format.WIDE;
    TaskTable table = new TaskTable(wide, operands.isEmpty(), session.style());
    int columns = wide || !session.out().isTerminal() ? Integer.MAX_VALUE : columns(session);
    boolean isEmpty = true;
    Optional<String> cursor = Optional.empty();
    try (Connection connection = session.connect()) {
      do {
        if (cursor.isPresent()) {
          params.put("cursor", cursor.get());
        }
        Members page = Members.of(connection.call(Method.TASK_LIST, params), "the answer");
        List<Members> tasks = page.objects("tasks");
        isEmpty &= tasks.isEmpty();
        if (!session.format().isForPeople()) {
          write(session, items, tasks);
        } else if (!tasks.isEmpty()) {
          session.out().print(table.page(tasks, columns));
        }
        cursor = page.optionalString("cursor");
      } while (cursor.isPresent());
    }
    if (!session.format().isForPeople() && session.format() != Format.NAME) {
      items.end();
    } else if (isEmpty && session.format().isForPeople()) {
      String where = operands.isEmpty() ? "" : " in " + operands.getFirst();
      session.notice(
          params.containsKey("state")
              ? "there are no such tasks" + where + "."
              : "there are no tasks" + where + ". Put some in with: pmctl submit POOL DATA");
    }
    return ExitCode.DONE;
  }

  /** The parameters that say which tasks are meant. */
  static Map<String, Object> params(Arguments arguments, List<String> pools) throws CommandFailure {
    Map<String, Object> params = new LinkedHashMap<>();
    if (!pools.isEmpty()) {
      params.put("pool", pools.getFirst());
    }
    Optional<String> state = arguments.value(STATE);
    if (state.isPresent()) {
      String word = state.get().toLowerCase(Locale.ROOT).replace('-', '_');
      if (!STATES.contains(word)) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "--state: '"
                + state.get()
                + "' is not known. Write one of "
                + String.join(", ", STATES)
                + ".");
      }
      params.put("state", word.toUpperCase(Locale.ROOT));
    }
    return params;
  }

  private static void write(Session session, StreamItems items, List<Members> tasks)
      throws IOException, JsonException {
    for (Members task : tasks) {
      if (session.format() == Format.NAME) {
        session.out().line(Escapes.cell(task.string("id")));
      } else {
        items.add(Json.write(task.values()), task.values());
      }
    }
  }

  private static int columns(Session session) {
    Optional<Terminal> terminal = Terminal.of(session.environment());
    return terminal.isPresent() ? terminal.get().columns() : Integer.MAX_VALUE;
  }
}
