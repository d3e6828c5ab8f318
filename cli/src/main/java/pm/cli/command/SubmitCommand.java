package pm.cli.command;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import pm.cli.arguments.Arguments;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

final class SubmitCommand implements Command {
  private static final Option TYPE =
      Option.value("-t", "--type", "T", "Its type, for workers that take only some (default).");
  private static final Option PRIORITY =
      Option.value("-p", "--priority", "PRIORITY", "critical, high, normal (the default) or low.");
  private static final Option TIMEOUT =
      Option.value("", "--timeout", "D", "How long an attempt may last; else as the pool has it.");
  private static final Option RETRIES =
      Option.value(
          "", "--retries", "N", "Attempts after the first that failed; else as the pool has it.");
  private static final Option DELAY =
      Option.value("", "--delay", "D", "It is not begun before this is over.");
  private static final Option ID =
      Option.value(
          "",
          "--id",
          "KEY",
          "Its id: while one of this id is known, a submit of it changes nothing.");
  private static final Option WAIT =
      Option.optionalValue(
          "--wait", "D", "Prints the result in place of the id; waits no longer than D.");
  private static final Option BATCH =
      Option.flag(
          "", "--batch", "Each line of DATA, or of stdin without it, is the data of a task.");
  private static final Option SPACE =
      Option.value(
          "", "--wait-for-space", "D", "Waits so long for each task where the queue has no room.");

  /** As the daemon has them. */
  static final List<String> PRIORITIES = List.of("critical", "high", "normal", "low");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "submit",
        List.of(),
        "puts tasks into the queue of a pool",
        "Puts a task in and prints its id, as soon as it cannot be lost any more. Its data is JSON and goes to a worker as it is. With"
            + " --batch there may be millions of them: they are read, put in and printed as they come, in the order of the input; empty lines are"
            + " left out.",
        new Operands(
            "POOL [DATA]",
            1,
            2,
            "A pool, then its data: JSON, @FILE, or - for stdin; without it null."),
        List.of(TYPE, PRIORITY, TIMEOUT, RETRIES, DELAY, ID, WAIT, BATCH, SPACE),
        List.of(
            "pmctl submit thumbnails '{\"file\": \"a.jpg\"}'",
            "pmctl submit thumbnails '\"a.jpg\"' --wait=30s",
            "pmctl submit mails @mail.json --priority high --id order-4711",
            "pmctl submit thumbnails @files.jsonl --batch --wait-for-space 10m > ids",
            "pmctl submit thumbnails - --batch --wait -o jsonl | jq -r .state"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "in; with --wait: all have succeeded"),
            new Syntax.Exit(ExitCode.FAILED, "with --wait: a task has failed; which is on stderr"),
            new Syntax.Exit(ExitCode.NO_MATCH, "no such pool"),
            Syntax.Exit.of(ExitCode.UNREACHABLE),
            new Syntax.Exit(
                ExitCode.TRY_AGAIN, "the queue is full, or takes nothing in; try again later"),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED),
            new Syntax.Exit(ExitCode.TIMED_OUT, "a task has not ended within --wait; it goes on"),
            new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted; how many are in is on stderr")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Arguments arguments = session.arguments();
    List<String> operands = arguments.operands();
    boolean isBatch = arguments.has(BATCH);
    boolean waits = arguments.has(WAIT);
    String pool = operands.getFirst();
    String options = options(arguments, isBatch);
    Optional<Duration> space = arguments.duration(SPACE);
    Optional<Duration> limit =
        arguments.value(WAIT).orElse("").isEmpty() ? Optional.empty() : arguments.duration(WAIT);
    Optional<String> given = operands.size() > 1 ? Optional.of(operands.get(1)) : Optional.empty();
    if (!isBatch) {
      byte[] data = TaskData.one(session, given);
      try (Connection connection = session.connect()) {
        return Submission.one(
            session,
            connection,
            new Submission.Plan(pool, options, false, 1, space, waits, limit),
            data);
      }
    }
    String input = given.orElse(TaskData.STDIN);
    try (InputStream in = TaskData.open(session, input);
        Connection connection = session.connect()) {
      int window = waits ? window(connection, pool) : TaskChunk.MOST_TASKS;
      return Submission.all(
          session,
          connection,
          new Submission.Plan(pool, options, true, window, space, waits, limit),
          new TaskLines(in, input, options, window, connection));
    }
  }

  /**
   * How many tasks may be in whose results were not shown yet: the pool forgets the oldest that
   * have ended when there are more than it keeps.
   *
   * @throws CommandFailure if it keeps none
   */
  private static int window(Connection connection, String pool)
      throws CommandFailure, JsonException {
    Optional<Members> definition = PoolNames.definition(connection, pool);
    Members none = new Members(Map.of());
    Members rules =
        definition.isPresent() ? definition.get().optionalObject("pool").orElse(none) : none;
    Members task = rules.optionalObject("task").orElse(none);
    long most = task.optionalLong("keep_max").orElse(Long.MAX_VALUE);
    if (most == 0 || task.optionalString("keep").orElse("").equals("0s")) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "--wait: "
              + pool
              + " keeps no results (task.keep), so those of a batch cannot be collected. Submit one"
              + " task at a time, or let it keep them, if only for a minute.");
    }
    return (int) Math.max(1, Math.min(TaskChunk.MOST_TASKS, most / 4));
  }

  /** The members of a task beside its data, and the end of its object. */
  private static String options(Arguments arguments, boolean isBatch) throws CommandFailure {
    Map<String, Object> options = new LinkedHashMap<>();
    put(options, "type", arguments.value(TYPE));
    if (arguments.has(PRIORITY)) {
      options.put("priority", arguments.oneOf(PRIORITY, PRIORITIES));
    }
    Optional<Duration> timeout = arguments.duration(TIMEOUT);
    if (timeout.isPresent()) {
      options.put("timeout_seconds", Action.seconds(timeout.get()));
    }
    OptionalLong retries = arguments.count(RETRIES);
    if (retries.isPresent()) {
      options.put("retries", retries.getAsLong());
    }
    Optional<Duration> delay = arguments.duration(DELAY);
    if (delay.isPresent()) {
      options.put("delay_seconds", Action.seconds(delay.get()));
    }
    if (isBatch && arguments.has(ID)) {
      throw new CommandFailure(
          ExitCode.USAGE, "--id: a batch has many tasks, which cannot have one id. Leave it out.");
    }
    put(options, "id", arguments.value(ID));
    String text = Json.write(options);
    return options.isEmpty() ? "}" : "," + text.substring(1);
  }

  private static void put(Map<String, Object> options, String name, Optional<String> value) {
    if (value.isPresent()) {
      options.put(name, value.get());
    }
  }
}
