package pm.cli;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
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
 * @param value what it would exit with
 * @param out what it wrote to stdout
 * @param err what it wrote to stderr
 */
record Call(int value, String out, String err) {
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(20);

  static Call of(Map<String, String> environment, List<String> arguments) {
    return of(environment, arguments, false, ANSWER_LIMIT);
  }

  static Call of(
      Map<String, String> environment,
      List<String> arguments,
      boolean terminal,
      Duration answerLimit) {
    return of(environment, arguments, InputStream.nullInputStream(), terminal, answerLimit);
  }

  static Call of(
      Map<String, String> environment,
      List<String> arguments,
      InputStream in,
      boolean terminal,
      Duration answerLimit) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Map<String, String> complete = new HashMap<>(environment);
    complete.putIfAbsent("HOME", "/nonexistent");
    Pmctl pmctl =
        new Pmctl(complete, answerLimit, in, new Output(out, terminal), new Output(err, terminal));
    int value = pmctl.run(arguments);
    return new Call(
        value, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** The exit code, which must be one of our own. */
  ExitCode exitCode() {
    for (ExitCode code : ExitCode.values()) {
      if (code.value() == value) {
        return code;
      }
    }
    throw new AssertionError("exit code " + value);
  }
}
