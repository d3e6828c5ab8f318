package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
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
import pm.cli.render.Format;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;
import pm.protocol.Streams;

final class LogsCommand implements Command {
  static final Option RAW =
      Option.flag("", "--raw", "Control characters go to a terminal as they are.");

  private static final Option FOLLOW = Option.flag("-f", "--follow", "Goes on with what comes.");
  private static final Option LINES =
      Option.value("-n", "--lines", "LINES", "The last so many lines of each (10).");
  private static final Option SINCE =
      Option.value("", "--since", "D", "What came in the last 10m, 1h30m and so on.");
  private static final Option STDERR =
      Option.flag("", "--stderr", "The separate log of stderr, where a program has one.");
  private static final Option NO_PREFIX =
      Option.flag("", "--no-prefix", "Lines without the name of the instance in front.");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "logs",
        List.of(),
        "shows their output",
        "Shows the output of one or many instances, each line with the name of the instance in front.",
        Operands.SOME_SELECTORS,
        List.of(FOLLOW, LINES, SINCE, STDERR, NO_PREFIX, RAW),
        List.of(
            "pmctl logs -f web",
            "pmctl logs web@1 -n 100 --no-prefix",
            "pmctl logs all --since 10m"),
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
    Map<String, Object> params = session.selectors();
    OptionalLong lines = session.arguments().count(LINES);
    if (lines.isPresent()) {
      params.put("lines", lines.getAsLong());
    }
    Optional<Duration> since = session.arguments().duration(SINCE);
    if (since.isPresent()) {
      params.put("since_seconds", Action.seconds(since.get()));
    }
    if (session.arguments().has(FOLLOW)) {
      params.put("follow", true);
    }
    if (session.arguments().has(STDERR)) {
      params.put("stderr", true);
    }
    try (Connection connection = session.connect()) {
      if (!session.format().isForPeople()) {
        StreamItems items = new StreamItems(session, session.arguments().has(FOLLOW));
        ExitCode end =
            Subscription.read(
                session, connection, Method.LOGS, params, Streams.LOG, new Values(items));
        items.end();
        return end;
      }
      Lines reader = new Lines(session);
      if (!session.arguments().has(NO_PREFIX)) {
        reader.widen(Pages.read(connection, Method.STATUS, session.selectors()).objects());
      }
      return Subscription.read(session, connection, Method.LOGS, params, Streams.LOG, reader);
    }
  }

  private static String gapSentence(Members gap) throws JsonException {
    StringBuilder sentence = new StringBuilder(gap.optionalString("instance").orElse("some lines"));
    sentence.append(": output is missing here, whose file was removed or cut before it was read");
    OptionalLong from = gap.optionalLong("from");
    OptionalLong to = gap.optionalLong("to");
    if (from.isPresent() && to.isPresent()) {
      sentence.append(": bytes ").append(from.getAsLong()).append(" to ").append(to.getAsLong());
    } else if (from.isPresent()) {
      sentence.append(": from byte ").append(from.getAsLong()).append(" of it on");
    }
    return sentence.append(". What is kept of a log: logs.max_size, logs.keep").toString();
  }

  /** Lines for people. */
  private static final class Lines implements Subscription.Reader {
    private final Session session;
    private final boolean raw;
    private final boolean prefix;
    private final Map<String, String> prefixes = new LinkedHashMap<>();
    private int width;
    private boolean partial;

    Lines(Session session) {
      this.session = session;
      this.raw = session.arguments().has(RAW);
      this.prefix = !session.arguments().has(NO_PREFIX);
    }

    /** Makes the column of names as wide as the widest of those that will come. */
    void widen(List<Members> items) throws JsonException {
      for (Members item : items) {
        width = Math.max(width, item.string("name").length());
      }
    }

    @Override
    public void item(Members params) throws IOException, JsonException {
      if (prefix && !partial) {
        session.out().print(prefixOf(params.string("instance")));
      }
      String line = params.string("line");
      if (raw) {
        session.out().print(line);
      } else {
        session.out().foreign(line);
      }
      // A piece of a long line is continued by the next, unless that is another program's.
      partial = params.bool("partial", false);
      session.out().print(partial && !prefix ? "" : "\n");
      partial = partial && !prefix;
    }

    private String prefixOf(String instance) {
      String known = prefixes.getOrDefault(instance, "");
      if (!known.isEmpty()) {
        return known;
      }
      width = Math.max(width, instance.length());
      String made = session.style().name(instance) + " ".repeat(width - instance.length()) + " | ";
      prefixes.put(instance, made);
      return made;
    }

    @Override
    public Optional<String> gap(Members params) throws JsonException {
      return Optional.of(gapSentence(params));
    }
  }

  /** Lines for programs. */
  private record Values(StreamItems items) implements Subscription.Reader {
    @Override
    public void item(Members params) throws IOException, JsonException {
      Map<String, Object> line = new LinkedHashMap<>(params.values());
      line.remove("subscription");
      items.add(Json.write(line), line);
    }

    @Override
    public Optional<String> gap(Members params) throws IOException {
      items.gap(params);
      return Optional.empty();
    }
  }
}
