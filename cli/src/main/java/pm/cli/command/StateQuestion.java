package pm.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.cli.render.Format;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * What {@code is-active} and {@code is-failed} have in common: they ask of instances whether they
 * are something, and the exit code is the answer: yes if one of them is, as with systemctl.
 */
final class StateQuestion {
  private static final Option ALL =
      Option.flag("", "--all", "Only if all of them are; else one of them is enough.");
  private static final Option QUIET = Option.flag("-q", "--quiet", "Prints nothing.");

  /** Whether an instance is what is asked for. */
  interface Test {
    boolean holds(String state, String reason);
  }

  private StateQuestion() {}

  /**
   * The syntax of such a command.
   *
   * @param adjective as in {@code is-active}
   */
  static Syntax syntax(String adjective, String summary, String description) {
    String name = "is-" + adjective;
    return new Syntax(
        name,
        List.of(),
        summary,
        description
            + " Prints the state of each; with -o name the names of those that are "
            + adjective
            + ".",
        Operands.SOME_SELECTORS,
        List.of(ALL, QUIET),
        List.of("pmctl " + name + " -q web && echo yes", "pmctl " + name + " --all 'web@*'"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "one of them is " + adjective + "; with --all: all are"),
            new Syntax.Exit(ExitCode.NOT_AS_DESIRED, "it is not so"),
            Syntax.Exit.of(ExitCode.NO_MATCH),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  /** Asks, prints the states, and answers by the exit code. */
  static ExitCode ask(Session session, String adjective, Test test)
      throws CommandFailure, JsonException, IOException {
    Pages pages;
    try (Connection connection = session.connect()) {
      pages = Pages.read(connection, Method.STATUS, session.selectors());
    }
    boolean quiet = session.arguments().has(QUIET);
    List<Map<String, Object>> answers = new ArrayList<>();
    int count = 0;
    for (Members item : pages.objects()) {
      String state = item.string("state");
      String reason = item.optionalString("reason").orElse("");
      boolean holds = test.holds(state, reason);
      count += holds ? 1 : 0;
      if (session.format().isForPeople() && !quiet) {
        String shown = reason.isEmpty() ? state : state + " (" + reason + ")";
        session
            .out()
            .line(
                Escapes.cell(item.string("name"))
                    + ": "
                    + session.style().state(Escapes.cell(shown), state, reason));
      } else if (session.format() != Format.NAME || holds) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", item.string("name"));
        answer.put("state", state);
        answer.put("reason", item.value("reason").orElse(pm.protocol.Json.NULL));
        answer.put(adjective, holds);
        answers.add(answer);
      }
    }
    if (!session.format().isForPeople() && !quiet) {
      Results.list(session, answers, "name");
    }
    boolean yes = session.arguments().has(ALL) ? count == pages.items().size() : count > 0;
    return yes ? ExitCode.DONE : ExitCode.NOT_AS_DESIRED;
  }
}
