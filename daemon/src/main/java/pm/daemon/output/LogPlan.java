package pm.daemon.output;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What becomes of the output of one invocation.
 *
 * @param stdout not {@link OutputTarget.WithStdout}
 * @param stderr the same place as that of stdout means {@link OutputTarget.WithStdout}
 * @param limits of each file
 * @param awaited what is looked for in the lines of both streams, until it is found once
 */
public record LogPlan(
    OutputTarget stdout,
    OutputTarget stderr,
    LogLimits limits,
    LineForm form,
    Optional<Pattern> awaited) {
  public LogPlan {
    if (stdout instanceof OutputTarget.WithStdout) {
      throw new IllegalArgumentException("stdout is not merged into itself");
    }
    if (stderr.equals(stdout)) {
      stderr = new OutputTarget.WithStdout();
    }
  }

  /** A plan for lines as they are, in which nothing is looked for. */
  public LogPlan(OutputTarget stdout, OutputTarget stderr, LogLimits limits) {
    this(stdout, stderr, limits, LineForm.RAW, Optional.empty());
  }
}
