package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.cli.render.Format;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;
import pm.protocol.Streams;

final class EventsCommand implements Command {
  private static final Option FOLLOW = Option.flag("-f", "--follow", "Goes on with what happens.");
  private static final Option SINCE =
      Option.value("", "--since", "SEQ", "Those after this number; 0 for all that are kept.");

  private static final Option LAST =
      Option.value("-n", "--last", "N", "Only the last so many of those, at most 1000.");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "events",
        List.of(),
        "shows what happened, and why",
        "Shows what happened to instances and to the daemon, each with its number, time, cause and who asked for it. With"
            + " --follow and without --since and --last: from now on.",
        Operands.SELECTORS_OR_ALL,
        List.of(FOLLOW, LAST, SINCE),
        List.of(
            "pmctl events web",
            "pmctl events -n 20",
            "pmctl events -f",
            "pmctl events -f --since 1200 -o jsonl"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            Syntax.Exit.of(ExitCode.NO_MATCH),
            new Syntax.Exit(
                ExitCode.UNREACHABLE, "the daemon cannot be reached, or ended while we followed"),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED),
            new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it followed")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    if (session.format() == Format.NAME) {
      throw Results.noNames();
    }
    boolean follow = session.arguments().has(FOLLOW);
    OptionalLong since = session.arguments().count(SINCE);
    Map<String, Object> params = session.selectors();
    if (since.isPresent()) {
      params.put("since", since.getAsLong());
    }
    OptionalLong last = session.arguments().count(LAST);
    if (last.isPresent()) {
      params.put("last", last.getAsLong());
    }
    if (follow) {
      params.put("follow", true);
    }
    Events reader = new Events(session, new StreamItems(session, follow));
    try (Connection connection = session.connect()) {
      ExitCode end =
          Subscription.read(session, connection, Method.EVENTS, params, Streams.EVENT, reader);
      if (!session.format().isForPeople()) {
        reader.items().end();
      }
      return end;
    }
  }

  private record Events(Session session, StreamItems items) implements Subscription.Reader {
    @Override
    public void item(Members event) throws IOException, JsonException {
      if (!session.format().isForPeople()) {
        Map<String, Object> shown = new LinkedHashMap<>(event.values());
        shown.remove("subscription");
        items.add(Json.write(shown), shown);
        return;
      }
      String instance = event.optionalString("instance").orElse("");
      String message = event.optionalString("message").orElse("");
      StringBuilder line = new StringBuilder();
      line.append(event.optionalLong("seq").orElse(0)).append("  ");
      line.append(event.optionalString("time").orElse("-")).append("  ");
      if (!message.startsWith(instance)) {
        line.append(instance).append(' ');
      }
      if (event.optionalString("to").isPresent()) {
        state(event, "from", "from_reason", line);
        line.append(" -> ");
        state(event, "to", "reason", line);
        line.append(message.isEmpty() ? "" : ": ");
      } else if (event.optionalString("kind").isPresent()) {
        line.append(event.optionalString("kind").orElse("")).append(": ");
      }
      line.append(message);
      // A change of state says in its message who wanted it.
      if (event.optionalString("to").isEmpty() && event.optionalObject("actor").isPresent()) {
        actor(event.optionalObject("actor").get(), line);
      }
      session.out().line(Escapes.cell(line.toString()));
    }

    private static void state(Members event, String state, String reason, StringBuilder line)
        throws JsonException {
      line.append(event.optionalString(state).orElse("-"));
      if (event.optionalString(reason).isPresent()) {
        line.append('/').append(event.optionalString(reason).orElse(""));
      }
    }

    private static void actor(Members actor, StringBuilder line) throws JsonException {
      if (actor.optionalLong("uid").isEmpty()) {
        return;
      }
      line.append(" (by ").append(actor.optionalString("name").orElse("somebody"));
      line.append(", uid ").append(actor.optionalLong("uid").orElse(-1));
      line.append(", pid ").append(actor.optionalLong("pid").orElse(0)).append(')');
    }

    @Override
    public Optional<String> gap(Members gap) throws IOException, JsonException {
      if (!session.format().isForPeople()) {
        items.gap(gap);
        return Optional.empty();
      }
      long from = gap.optionalLong("from").orElse(0);
      return Optional.of(
          "events "
              + from
              + " to "
              + gap.optionalLong("to").orElse(0)
              + " were left out here, for they came faster than they were read. See: pmctl events"
              + " --since "
              + Math.max(0, from - 1));
    }
  }
}
