package pm.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import pm.cli.render.Output;
import pm.protocol.ExitCode;

/**
 * One call of {@code pmctl} inside the test.
 *
 * @param exitCode what it would exit with
 * @param out what it wrote to stdout
 * @param err what it wrote to stderr
 */
record Call(ExitCode exitCode, String out, String err) {
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(20);

  static Call of(Map<String, String> environment, List<String> arguments) {
    return of(environment, arguments, false, ANSWER_LIMIT);
  }

  static Call of(
      Map<String, String> environment,
      List<String> arguments,
      boolean terminal,
      Duration answerLimit) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Map<String, String> complete = new HashMap<>(environment);
    complete.putIfAbsent("HOME", "/nonexistent");
    Pmctl pmctl =
        new Pmctl(complete, answerLimit, new Output(out, terminal), new Output(err, terminal));
    ExitCode code = pmctl.run(arguments);
    return new Call(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
