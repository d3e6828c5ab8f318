package pm.cli.command;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import pm.cli.render.Escapes;
import pm.config.Durations;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * Tells what an action did to each instance, and makes the exit code of it.
 *
 * @param verb as in "cannot start web@1"
 * @param participle as in "web@1: started"; empty to be quiet of what went well
 */
record Outcomes(String verb, String participle) {

  /**
   * Writes a line for each outcome: what went well on stdout, the rest on stderr with the last
   * output.
   *
   * @return the worst of all
   */
  ExitCode tell(Session session, List<?> outcomes, Optional<Duration> timeout)
      throws IOException, JsonException {
    if (!session.format().isForPeople()) {
      Results.list(session, outcomes, "instance");
    }
    ExitCode worst = ExitCode.DONE;
    for (Object outcome : outcomes) {
      worst = worst.worst(tell(session, Members.of(outcome, "an outcome"), timeout));
    }
    return worst;
  }

  private ExitCode tell(Session session, Members outcome, Optional<Duration> timeout)
      throws IOException, JsonException {
    String instance = outcome.string("instance");
    String result = outcome.string("result");
    String detail = outcome.optionalString("detail").orElse("");
    boolean quiet = participle.isEmpty();
    switch (result) {
      case "done" -> succeeded(session, instance, participle, detail);
      case "unchanged" -> succeeded(session, instance, quiet ? "" : "unchanged", detail);
      case "accepted" -> succeeded(session, instance, quiet ? "" : "being " + participle, detail);
      case "timed_out" -> {
        String state = detail.isEmpty() ? outcome.optionalString("state").orElse("") : detail;
        String within =
            timeout.isPresent() ? " within " + Durations.format(timeout.get()) : " in time";
        failed(
            session,
            outcome,
            instance
                + (quiet ? ": not ready" : ": not " + participle)
                + within
                + ": "
                + state
                + ". It goes on; see: pmctl why "
                + instance);
        return ExitCode.TIMED_OUT;
      }
      default -> {
        String why = detail.isEmpty() ? result : detail;
        failed(
            session,
            outcome,
            "cannot "
                + verb
                + " "
                + instance
                + ": "
                + why
                + (why.endsWith("?") ? " See: pmctl why " : ". See: pmctl why ")
                + instance);
        return ExitCode.FAILED;
      }
    }
    return ExitCode.DONE;
  }

  private static void succeeded(Session session, String instance, String how, String detail)
      throws IOException {
    if (session.format().isForPeople() && !how.isEmpty()) {
      session
          .out()
          .line(Escapes.cell(instance + ": " + how + (detail.isEmpty() ? "" : ": " + detail)));
    }
  }

  private static void failed(Session session, Members outcome, String sentence)
      throws IOException, JsonException {
    session.notice(sentence);
    for (String line : outcome.strings("output")) {
      session.err().print("  | ");
      session.err().foreign(line);
      session.err().print("\n");
    }
    session.err().flush();
  }
}
