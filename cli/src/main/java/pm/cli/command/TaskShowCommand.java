package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.TaskSheet;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class TaskShowCommand implements Command {
  private static final Option ONLY =
      Option.value(
          "", "--only", "PART", "Prints only its data, or its result, as JSON: data or result.");

  /** What can be shown alone. */
  static final List<String> PARTS = List.of("result", "data");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "task show",
        List.of(),
        "shows everything about a task",
        "Shows a task with its data, its result, what its worker says of how far it is, and what has happened to it: each attempt, who had"
            + " it, how that ended, and the last lines of workers that died of it.",
        new Operands("ID", 1, 1, "The id of a task, as submit printed it."),
        List.of(ONLY),
        List.of(
            "pmctl task show k3f9-7",
            "pmctl task show order-4711 -o json | jq .events",
            "pmctl task show k3f9-7 --only result"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            new Syntax.Exit(ExitCode.NO_MATCH, "no such task"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    String id = session.arguments().operands().getFirst();
    try (Connection connection = session.connect()) {
      if (session.arguments().has(ONLY)) {
        String part = session.arguments().oneOf(ONLY, PARTS);
        session.out().foreign(Json.write(part(connection, id, part)));
        session.out().print("\n");
        return ExitCode.DONE;
      }
      Members task = Members.of(connection.call(Method.TASK_SHOW, Map.of("id", id)), "the answer");
      if (session.format().isForPeople()) {
        session.out().print(TaskSheet.of(task, session.style()));
      } else {
        Results.value(session, whole(connection, id, task));
      }
    }
    return ExitCode.DONE;
  }

  /** The task with what did not fit into one answer. */
  private static Map<String, Object> whole(Connection connection, String id, Members task)
      throws CommandFailure, JsonException {
    Map<String, Object> whole = new LinkedHashMap<>(task.values());
    for (String part : task.strings("left_out")) {
      whole.put(part, part(connection, id, part));
    }
    whole.remove("left_out");
    return whole;
  }

  private static Object part(Connection connection, String id, String part)
      throws CommandFailure, JsonException {
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("id", id);
    params.put("only", part);
    Members answer = Members.of(connection.call(Method.TASK_SHOW, params), "the answer");
    return answer.value(part).orElse(Json.NULL);
  }
}
