package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import pm.cli.arguments.CommandFailure;
import pm.cli.client.Connection;
import pm.config.MalformedValueException;
import pm.config.SignalName;
import pm.protocol.ExitCode;
import pm.protocol.Id;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Message;
import pm.protocol.Method;
import pm.protocol.Streams;

/**
 * {@code run --wait} and {@code --follow}: follows the events from before the program is made, so
 * that no end is missed, however quick it is, until all of its instances have ended for good.
 */
final class RunToEnd {
  private static final List<String> FOR_GOOD =
      List.of("completed", "failed", "stopped", "disabled", "invalid");

  private final Session session;
  private final Connection connection;
  private final long deadline;

  /** The last end for good of each instance there is. */
  private final Map<String, Members> ends = new TreeMap<>();

  private final List<String> awaited = new ArrayList<>();
  private OptionalLong output = OptionalLong.empty();
  private boolean outputHasEnded;

  private RunToEnd(Session session, Connection connection, long deadline) {
    this.session = session;
    this.connection = connection;
    this.deadline = deadline;
  }

  static ExitCode run(Session session, Map<String, Object> params, boolean follow)
      throws CommandFailure, JsonException, IOException {
    Optional<Duration> timeout = session.arguments().duration(Action.TIMEOUT);
    long deadline = System.nanoTime() + timeout.orElse(Connection.FOREVER).toNanos();
    params.put("wait", false);
    params.put("follow", follow);
    try (Connection connection = session.connect()) {
      connection.call(Method.EVENTS, Map.of("follow", true));
      RunToEnd run = new RunToEnd(session, connection, deadline);
      Thread farewell = new Waiting.Farewell(session, "What was begun goes on; see: pmctl status");
      Runtime.getRuntime().addShutdownHook(farewell);
      try {
        run.begin(params);
        run.awaitEnd();
      } finally {
        Runtime.getRuntime().removeShutdownHook(farewell);
      }
      return run.result();
    }
  }

  private void begin(Map<String, Object> params) throws CommandFailure, JsonException, IOException {
    Id id = connection.send(Method.RUN, params);
    while (awaited.isEmpty()) {
      Message message = next();
      Optional<Object> result = Connection.result(message, id);
      if (result.isPresent()) {
        Members answer = Members.of(result.get(), "the answer");
        output = answer.optionalLong("subscription");
        for (Members outcome : answer.objects("outcomes")) {
          awaited.add(outcome.string("instance"));
        }
        if (awaited.isEmpty()) {
          return;
        }
      }
    }
  }

  private void awaitEnd() throws CommandFailure, JsonException, IOException {
    while (!ends.keySet().containsAll(awaited)) {
      next();
    }
    if (output.isPresent()) {
      // What was printed last may still be on its way.
      Map<String, Object> params = new LinkedHashMap<>();
      params.put("subscription", output.getAsLong());
      params.put("drain", true);
      connection.send(Method.UNSUBSCRIBE, params);
      while (!outputHasEnded) {
        next();
      }
    }
  }

  /** Waits for the next message and takes over what it says. */
  private Message next() throws CommandFailure, JsonException, IOException {
    Optional<Message> received = connection.receive(Duration.ZERO);
    if (received.isEmpty()) {
      session.out().flush();
      received = connection.receive(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }
    if (received.isEmpty()) {
      throw new CommandFailure(
          ExitCode.TIMED_OUT,
          (awaited.isEmpty() ? "the program" : String.join(", ", awaited))
              + " has not ended within --timeout. It goes on; see: pmctl status");
    }
    if (received.get() instanceof Message.Notification notification) {
      Members params = new Members(notification.params());
      switch (notification.method()) {
        case Streams.EVENT -> event(params);
        case Streams.LOG -> {
          session.out().foreign(params.string("line"));
          session.out().print(params.bool("partial", false) ? "" : "\n");
        }
        case Streams.END -> end(params);
        default -> {
          // A gap of the output, which the log file has; the events of one program leave none.
        }
      }
    }
    return received.get();
  }

  private void event(Members event) throws JsonException {
    Optional<String> instance = event.optionalString("instance");
    if (instance.isPresent() && event.optionalString("to").isPresent()) {
      if (FOR_GOOD.contains(event.optionalString("reason").orElse(""))) {
        ends.put(instance.get(), event);
      } else {
        ends.remove(instance.get());
      }
    }
  }

  private void end(Members params) throws CommandFailure, JsonException {
    if (output.isPresent() && params.optionalLong("subscription").equals(output)) {
      outputHasEnded = true;
      return;
    }
    throw new CommandFailure(
        ExitCode.UNREACHABLE,
        "the daemon is ending or being upgraded, so the end of the program cannot be waited for."
            + " See: pmctl status");
  }

  private ExitCode result() throws CommandFailure, JsonException, IOException {
    int value = 0;
    for (String name : awaited) {
      Members end = ends.get(name);
      int code = end == null ? 0 : code(end);
      if (code != 0 && end != null) {
        session.notice(name + ": " + end.optionalString("message").orElse("it has failed"));
        value = value == 0 ? code : value;
      }
    }
    if (value != 0) {
      throw new ProgramEnd(value);
    }
    return ExitCode.DONE;
  }

  /** As a shell has it. */
  private static int code(Members end) throws JsonException {
    OptionalLong code = end.optionalLong("exit_code");
    String reason = end.optionalString("reason").orElse("");
    if (reason.equals("completed")) {
      return 0;
    }
    if (code.isPresent()) {
      return (int) (code.getAsLong() & 0xff);
    }
    Optional<String> signal = end.optionalString("exit_signal");
    if (signal.isPresent()) {
      return 128 + number(signal.get());
    }
    return reason.equals("stopped") ? 0 : ExitCode.FAILED.value();
  }

  private static int number(String signal) {
    try {
      OptionalInt number = SignalName.number(SignalName.parse(signal));
      return number.orElse(0);
    } catch (MalformedValueException e) {
      return 0;
    }
  }
}
