package pm.cli.command;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Description;
import pm.cli.render.Escapes;
import pm.cli.render.Format;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

final class ApplyCommand implements Command {
  /** Characters of a value that a line shows; with -o json all are there. */
  private static final int MAX_VALUE = 60;

  private static final Option DRY_RUN =
      Option.flag("", "--dry-run", "Only shows what would be done.");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "apply",
        List.of(),
        "makes what is running as the configuration files say",
        "Reads the configuration files again and changes only what they change. A program with an error goes on as it was; the others are"
            + " applied.",
        Operands.NONE,
        List.of(DRY_RUN),
        List.of("pmctl apply --dry-run", "pmctl apply"),
        List.of(
            Syntax.Exit.of(ExitCode.DONE),
            new Syntax.Exit(ExitCode.FAILED, "a program could not be started or stopped"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            Syntax.Exit.of(ExitCode.TRY_AGAIN),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED),
            new Syntax.Exit(
                ExitCode.CONFIGURATION, "the files have errors; what has none was applied"),
            new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it waited")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    boolean dryRun = session.arguments().has(DRY_RUN);
    Object answer;
    try (Connection connection = session.connect()) {
      answer =
          Waiting.call(
              session,
              connection,
              Method.APPLY,
              Map.of("dry_run", dryRun),
              Map.of(),
              Optional.empty());
    }
    Members result = Members.of(answer, "the answer");
    ExitCode worst = ExitCode.DONE;
    if (session.format().isForPeople()) {
      changes(session, result);
      worst =
          new Outcomes("apply to", "applied")
              .tell(session, result.list("outcomes"), Optional.empty());
      session.out().line(session.style().dim(summary(result, dryRun)));
    } else {
      write(session, result);
      for (Members outcome : result.objects("outcomes")) {
        if (outcome.string("result").equals("failed")) {
          worst = worst.worst(ExitCode.FAILED);
        }
      }
    }
    List<Members> problems = result.objects("problems");
    for (Members problem : problems) {
      session.notice(Description.problem(problem));
    }
    return problems.isEmpty() ? worst : worst.worst(ExitCode.CONFIGURATION);
  }

  private static void write(Session session, Members result)
      throws IOException, JsonException, CommandFailure {
    if (session.format() == Format.NAME) {
      for (Members change : result.objects("changes")) {
        if (!change.string("action").equals("unchanged")) {
          session.out().line(Escapes.cell(change.string("program")));
        }
      }
    } else {
      Results.value(session, result.values());
    }
  }

  private static void changes(Session session, Members result) throws IOException, JsonException {
    for (Members change : result.objects("changes")) {
      String action = change.string("action");
      if (action.equals("unchanged")) {
        continue;
      }
      String detail = change.optionalString("detail").orElse("");
      session
          .out()
          .line(
              Escapes.cell(change.string("program"))
                  + ": "
                  + words(action)
                  + (detail.isEmpty() ? "" : ": " + Escapes.cell(detail)));
      for (Members key : change.objects("keys")) {
        session
            .out()
            .line(
                "  "
                    + Escapes.cell(
                        key.string("path") + ": " + value(key, "from") + " -> " + value(key, "to"))
                    + " ("
                    + words(key.optionalString("kind").orElse(""))
                    + ")");
      }
    }
  }

  private static String summary(Members result, boolean dryRun) throws JsonException {
    int changed = 0;
    int unchanged = 0;
    for (Members change : result.objects("changes")) {
      switch (change.string("action")) {
        case "unchanged" -> unchanged++;
        case "invalid" -> {
          // It is neither: its error is told below.
        }
        default -> changed++;
      }
    }
    return changed
        + (changed == 1 ? " program " : " programs ")
        + (dryRun ? "would change, " : "changed, ")
        + unchanged
        + " unchanged";
  }

  private static String value(Members key, String name) {
    Object value = key.values().getOrDefault(name, Json.NULL);
    String text =
        value == Json.NULL ? "-" : value instanceof String string ? string : Json.write(value);
    return text.length() <= MAX_VALUE ? text : text.substring(0, MAX_VALUE) + "\u2026";
  }

  private static String words(String action) {
    return switch (action) {
      case "next_start" -> "at the next start";
      case "live" -> "at once";
      default -> action;
    };
  }
}
