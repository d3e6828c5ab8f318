package pm.cli.command;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class WhyCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "why",
        List.of(),
        "says why it is in its state, and what happens next",
        "Says in sentences what led to the present state, the latest last, and what happens next.",
        new Operands(
            "SEL",
            1,
            1,
            "A program (web), an instance (web@1), a pattern ('web*'), group:NAME or all."),
        List.of(),
        List.of("pmctl why web@1"),
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
      pages =
          Pages.read(
              connection,
              Method.WHY,
              Map.of("selector", session.arguments().operands().getFirst()));
    }
    if (!session.format().isForPeople()) {
      Results.list(session, pages.items(), "name");
      return ExitCode.DONE;
    }
    for (Members item : pages.objects()) {
      String state = item.string("state");
      String reason = item.optionalString("reason").orElse("");
      String shown = reason.isEmpty() ? state : state + " (" + reason + ")";
      session
          .out()
          .line(
              session.style().bold(Escapes.cell(item.string("name")))
                  + " is "
                  + session.style().state(Escapes.cell(shown), state, reason));
      for (String cause : item.strings("causes")) {
        session.out().line("  " + Escapes.cell(cause));
      }
      String next = item.optionalString("next").orElse("");
      if (!next.isEmpty()) {
        session.out().line("  Next: " + Escapes.cell(next));
      }
    }
    return ExitCode.DONE;
  }
}
