package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.config.Durations;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/**
 * What {@code pool pause}, {@code resume} and {@code drain} have in common.
 *
 * @param method what is called
 * @param verb as in "cannot drain thumbnails"
 * @param participle as in "thumbnails: drained"
 */
record PoolChange(Method method, String verb, String participle) {

  /** The exit codes of such a command. */
  static List<Syntax.Exit> exits() {
    return List.of(
        Syntax.Exit.of(ExitCode.DONE),
        new Syntax.Exit(ExitCode.FAILED, "it failed; which one is on stderr"),
        new Syntax.Exit(ExitCode.NO_MATCH, "no such pool"),
        Syntax.Exit.of(ExitCode.UNREACHABLE),
        Syntax.Exit.of(ExitCode.TRY_AGAIN),
        Syntax.Exit.of(ExitCode.NOT_PERMITTED));
  }

  /** What is still to be done, for who waits for it. */
  private record Rest(List<String> pools) implements Waiting.Subject {
    @Override
    public Method method() {
      return Method.POOL_LIST;
    }

    @Override
    public Map<String, Object> params() {
      return Map.of("pools", pools);
    }

    @Override
    public String text(Members answer) throws JsonException {
      StringBuilder text = new StringBuilder();
      for (Members pool : answer.objects("pools")) {
        if (tasks(pool) > 0) {
          text.append(text.isEmpty() ? "" : ", ").append(pool.string("name")).append(" (");
          text.append(left(pool)).append(')');
        }
      }
      return text.isEmpty() ? "the daemon" : text.toString();
    }
  }

  ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    Optional<Duration> timeout = session.arguments().duration(Action.TIMEOUT);
    Map<String, Object> params = new LinkedHashMap<>();
    try (Connection connection = session.connect()) {
      List<String> pools = PoolNames.of(connection, session.arguments().operands());
      params.put("pools", pools);
      if (method.parameters().contains("wait")) {
        params.put("wait", !session.arguments().has(Action.NO_WAIT));
      }
      if (timeout.isPresent()) {
        params.put("timeout_seconds", Action.seconds(timeout.get()));
      }
      Object answer =
          Waiting.call(
              session,
              connection,
              method,
              params,
              new Rest(pools),
              timeout,
              new Waiting.Farewell(session, "What was begun goes on; see: pmctl pool show"));
      return tell(session, Members.of(answer, "the answer").list("outcomes"), timeout);
    }
  }

  private ExitCode tell(Session session, List<?> outcomes, Optional<Duration> timeout)
      throws JsonException, IOException {
    if (!session.format().isForPeople()) {
      Results.list(session, outcomes, "pool");
    }
    ExitCode worst = ExitCode.DONE;
    for (Object each : outcomes) {
      Members outcome = Members.of(each, "an outcome");
      String pool = outcome.string("pool");
      String result = outcome.string("result");
      switch (result) {
        case "done" -> said(session, pool, participle, "");
        case "unchanged" -> said(session, pool, "unchanged", "");
        case "accepted" -> said(session, pool, "being " + participle, left(outcome));
        case "timed_out" -> {
          worst = worst.worst(ExitCode.TIMED_OUT);
          session.notice(
              pool
                  + ": not "
                  + participle
                  + (timeout.isPresent()
                      ? " within " + Durations.format(timeout.get())
                      : " in time")
                  + ": "
                  + left(outcome)
                  + ". It goes on, and takes nothing in; see: pmctl pool show "
                  + pool);
        }
        default -> {
          worst = worst.worst(ExitCode.FAILED);
          String detail = outcome.optionalString("detail").orElse(result);
          session.notice(
              "cannot " + verb + " " + pool + ": " + detail + ". See: pmctl pool show " + pool);
        }
      }
    }
    return worst;
  }

  private static void said(Session session, String pool, String how, String detail)
      throws IOException {
    if (session.format().isForPeople()) {
      session.out().line(Escapes.cell(pool + ": " + how + (detail.isEmpty() ? "" : ": " + detail)));
    }
  }

  private static long tasks(Members pool) throws JsonException {
    return pool.optionalLong("queued").orElse(0) + pool.optionalLong("running").orElse(0);
  }

  private static String left(Members pool) throws JsonException {
    return pool.optionalLong("queued").orElse(0)
        + " queued, "
        + pool.optionalLong("running").orElse(0)
        + " running";
  }
}
