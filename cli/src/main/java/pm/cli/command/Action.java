package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Option;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * What {@code start}, {@code stop} and {@code restart} have in common: they act on instances and
 * wait.
 */
final class Action {
  static final Option NO_WAIT =
      Option.flag("", "--no-wait", "Returns as soon as the daemon has begun.");
  static final Option TIMEOUT =
      Option.value(
          "",
          "--timeout",
          "D",
          "Waits no longer than this (30s, 2m). What was begun goes on after it.");

  private Action() {}

  /** The exit codes of a command that changes something. */
  static List<Syntax.Exit> exits() {
    return List.of(
        Syntax.Exit.of(ExitCode.DONE),
        new Syntax.Exit(ExitCode.FAILED, "it failed; which one is on stderr"),
        Syntax.Exit.of(ExitCode.NO_MATCH),
        Syntax.Exit.of(ExitCode.UNREACHABLE),
        Syntax.Exit.of(ExitCode.TRY_AGAIN),
        Syntax.Exit.of(ExitCode.NOT_PERMITTED));
  }

  /** The exit codes of a command that changes something and waits. */
  static List<Syntax.Exit> exitsOfWaiting() {
    return List.of(
        Syntax.Exit.of(ExitCode.DONE),
        new Syntax.Exit(ExitCode.FAILED, "it failed; which one is on stderr"),
        Syntax.Exit.of(ExitCode.NO_MATCH),
        Syntax.Exit.of(ExitCode.UNREACHABLE),
        Syntax.Exit.of(ExitCode.TRY_AGAIN),
        Syntax.Exit.of(ExitCode.NOT_PERMITTED),
        new Syntax.Exit(ExitCode.TIMED_OUT, "not done within --timeout"),
        new Syntax.Exit(ExitCode.INTERRUPTED, "interrupted while it waited"));
  }

  /** Calls {@code method} for the operands, and tells what came of it. */
  static ExitCode run(Session session, Method method, Outcomes wording)
      throws CommandFailure, JsonException, IOException {
    return run(session, method, session.selectors(), session.selectors(), wording);
  }

  /**
   * As the other, with parameters of its own.
   *
   * @param selectors of what is waited for, as parameters of {@code status}
   */
  static ExitCode run(
      Session session,
      Method method,
      Map<String, Object> params,
      Map<String, Object> selectors,
      Outcomes wording)
      throws CommandFailure, JsonException, IOException {
    Optional<Duration> timeout = session.arguments().duration(TIMEOUT);
    if (method.parameters().contains("wait")) {
      params.put("wait", !session.arguments().has(NO_WAIT));
    }
    if (timeout.isPresent()) {
      params.put("timeout_seconds", seconds(timeout.get()));
    }
    Object answer;
    try (Connection connection = session.connect()) {
      answer = Waiting.call(session, connection, method, params, selectors, timeout);
    }
    return wording.tell(session, Members.of(answer, "the answer").list("outcomes"), timeout);
  }

  /** Seconds as a JSON number, whole where they are. */
  static Object seconds(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? (Object) duration.toSeconds()
        : (Object) (duration.toMillis() / 1000.0);
  }
}
