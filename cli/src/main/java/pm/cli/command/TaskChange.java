package pm.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import pm.cli.arguments.Arguments;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.client.NoMatchFailure;
import pm.cli.render.Escapes;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * What {@code task cancel} and {@code task retry} have in common: they change tasks that are named,
 * or all of a pool that are in a state.
 *
 * @param method what is called
 * @param verb as in "cannot cancel k3f9-7"
 * @param participle as in "k3f9-7: cancelled"
 */
record TaskChange(Method method, String verb, String participle) {
  static final Option POOL =
      Option.value("", "--pool", "POOL", "All of this pool that are in the state.");

  /** What such a command takes. */
  static final Operands TASKS =
      new Operands(
          "ID", 0, Integer.MAX_VALUE, "Ids of tasks. Without one: --pool and --state say which.");

  /** In one request; the daemon takes more, but answers late then. */
  private static final int MOST_IDS = 1_000;

  /** The exit codes of such a command. */
  static List<Syntax.Exit> exits() {
    return List.of(
        Syntax.Exit.of(ExitCode.DONE),
        new Syntax.Exit(ExitCode.FAILED, "it is not possible for one; which is on stderr"),
        new Syntax.Exit(ExitCode.NO_MATCH, "no such task, or no such pool"),
        Syntax.Exit.of(ExitCode.UNREACHABLE),
        Syntax.Exit.of(ExitCode.TRY_AGAIN),
        Syntax.Exit.of(ExitCode.NOT_PERMITTED),
        new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it waited"));
  }

  /** What is shown while tasks end. */
  private record Ending(int count) implements Waiting.Subject {
    @Override
    public Method method() {
      return Method.PING;
    }

    @Override
    public Map<String, Object> params() {
      return Map.of();
    }

    @Override
    public String text(Members answer) {
      return count == 1 ? "the end of the task" : "the end of " + count + " tasks";
    }
  }

  ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Arguments arguments = session.arguments();
    boolean isSelected = arguments.has(POOL) && arguments.has(TaskListCommand.STATE);
    if (arguments.operands().isEmpty() != isSelected
        || (!isSelected && (arguments.has(POOL) || arguments.has(TaskListCommand.STATE)))) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "task "
              + verb
              + ": name tasks, or both --pool and --state. See: pmctl task "
              + verb
              + " --help");
    }
    List<Object> outcomes = new ArrayList<>();
    try (Connection connection = session.connect()) {
      List<String> ids = isSelected ? selected(connection, arguments) : arguments.operands();
      for (int from = 0; from < ids.size(); from += MOST_IDS) {
        List<String> some = ids.subList(from, Math.min(ids.size(), from + MOST_IDS));
        Ending ending = new Ending(ids.size());
        outcomes.addAll(
            isSelected
                ? changeThere(session, connection, some, ending)
                : change(session, connection, some, ending));
      }
      if (isSelected) {
        Object state = TaskListCommand.params(arguments, List.of()).get("state");
        outcomes.removeIf(outcome -> hasLeft(outcome, state));
      }
      if (outcomes.isEmpty() && session.format().isForPeople()) {
        session.notice("there are no such tasks in " + arguments.value(POOL).orElse("") + ".");
      }
    }
    return tell(session, outcomes);
  }

  /** Changes those that are still known: what was selected may have ended since. */
  private List<?> changeThere(
      Session session, Connection connection, List<String> selected, Ending ending)
      throws CommandFailure, JsonException, IOException {
    List<String> there = new ArrayList<>(selected);
    while (!there.isEmpty()) {
      try {
        return change(session, connection, there, ending);
      } catch (NoMatchFailure gone) {
        if (!there.remove(gone.name())) {
          throw gone;
        }
      }
    }
    return List.of();
  }

  private List<?> change(Session session, Connection connection, List<String> ids, Ending ending)
      throws CommandFailure, JsonException, IOException {
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("ids", ids);
    Object answer =
        Waiting.call(
            session,
            connection,
            method,
            params,
            ending,
            Optional.empty(),
            new Waiting.Farewell(session, "What was begun goes on; see: pmctl task list"));
    return Members.of(answer, "the answer").list("outcomes");
  }

  /** Whether nothing was done because the task was no longer in the state it was selected by. */
  private static boolean hasLeft(Object each, @Nullable Object state) {
    try {
      Members outcome = Members.of(each, "an outcome");
      return outcome.string("result").equals("failed") && !outcome.string("state").equals(state);
    } catch (JsonException e) {
      return false;
    }
  }

  private static List<String> selected(Connection connection, Arguments arguments)
      throws CommandFailure, JsonException {
    Map<String, Object> params =
        TaskListCommand.params(arguments, List.of(arguments.value(POOL).orElse("")));
    List<String> ids = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      if (cursor.isPresent()) {
        params.put("cursor", cursor.get());
      }
      Members page = Members.of(connection.call(Method.TASK_LIST, params), "the answer");
      for (Members task : page.objects("tasks")) {
        ids.add(task.string("id"));
      }
      cursor = page.optionalString("cursor");
    } while (cursor.isPresent());
    return ids;
  }

  private ExitCode tell(Session session, List<Object> outcomes) throws JsonException, IOException {
    if (!session.format().isForPeople()) {
      Results.list(session, outcomes, "id");
    }
    ExitCode worst = ExitCode.DONE;
    for (Object each : outcomes) {
      Members outcome = Members.of(each, "an outcome");
      String id = outcome.string("id");
      String detail = outcome.optionalString("detail").orElse("");
      String result = outcome.string("result");
      if (result.equals("done") || result.equals("unchanged")) {
        if (session.format().isForPeople()) {
          String how = result.equals("done") ? participle : "unchanged";
          session
              .out()
              .line(Escapes.cell(id + ": " + how + (detail.isEmpty() ? "" : ": " + detail)));
        }
      } else {
        worst = ExitCode.FAILED;
        session.notice(
            "cannot "
                + verb
                + " "
                + id
                + ": "
                + (detail.isEmpty() ? result : detail)
                + ". See: pmctl task show "
                + id);
      }
    }
    return worst;
  }
}
