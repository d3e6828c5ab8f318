package pm.config;

import java.time.Duration;

/**
 * A short command in the life of an instance.
 *
 * @param command what is run, as the program's user
 * @param timeout after which it is killed and has failed; positive
 * @param ignoreFailure whether its failure is only said
 */
public record Hook(Command command, Duration timeout, boolean ignoreFailure) {
  public static final Duration USUAL_TIMEOUT = Duration.ofSeconds(10);

  public Hook {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("the timeout of a hook is longer than 0: " + timeout);
    }
  }

  /** One with the usual timeout, whose failure counts. */
  public Hook(Command command) {
    this(command, USUAL_TIMEOUT, false);
  }
}
