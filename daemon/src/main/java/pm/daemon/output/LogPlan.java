package pm.daemon.output;

/**
 * What becomes of the output of one invocation.
 *
 * @param stdout not {@link OutputTarget.WithStdout}
 * @param stderr a file of its own that is the same as that of stdout means {@link
 *     OutputTarget.WithStdout}
 * @param limits of each file
 */
public record LogPlan(OutputTarget stdout, OutputTarget stderr, LogLimits limits) {
  public LogPlan {
    if (stdout instanceof OutputTarget.WithStdout) {
      throw new IllegalArgumentException("stdout is not merged into itself");
    }
    if (stderr.equals(stdout)) {
      stderr = new OutputTarget.WithStdout();
    }
  }
}
