package pm.config;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Whether, how often and how fast an instance is started again.
 *
 * @param policy after which ends
 * @param maxRestarts automatic restarts allowed within {@code window}, 0 to {@link #MOST_RESTARTS};
 *     empty: unlimited
 * @param window length of the sliding window; positive
 * @param delay before the first restart in a row
 * @param factor by which each further delay is longer; 1 to 100
 * @param maxDelay the longest delay; at least {@code delay}
 * @param jitter fraction by which a delay may be shorter by chance, 0 to 1
 * @param resetAfter good health for this long makes the next restart the first in a row; positive
 * @param prevent exit codes (0 to 255) after which there is no restart
 * @param retryAfter after giving up, try again this much later; positive
 */
public record RestartSpec(
    RestartPolicy policy,
    OptionalInt maxRestarts,
    Duration window,
    Duration delay,
    double factor,
    Duration maxDelay,
    double jitter,
    Duration resetAfter,
    Set<Integer> prevent,
    Optional<Duration> retryAfter) {
  /**
   * The window remembers each restart in it, so it has a bound. Whoever wants more wants {@code
   * unlimited}.
   */
  public static final int MOST_RESTARTS = 1000;

  public static final RestartSpec DEFAULT =
      new RestartSpec(
          RestartPolicy.ON_FAILURE,
          OptionalInt.of(3),
          Duration.ofMinutes(1),
          Duration.ofSeconds(1),
          2,
          Duration.ofSeconds(30),
          0,
          Duration.ofMinutes(10),
          Set.of(),
          Optional.empty());

  public RestartSpec {
    if (maxRestarts.isPresent()
        && (maxRestarts.getAsInt() < 0 || maxRestarts.getAsInt() > MOST_RESTARTS)) {
      throw new IllegalArgumentException(
          "max_restarts is 0 to " + MOST_RESTARTS + ": " + maxRestarts.getAsInt());
    }
    if (!window.isPositive()) {
      throw new IllegalArgumentException("window is longer than 0: " + window);
    }
    if (delay.isNegative() || maxDelay.compareTo(delay) < 0) {
      throw new IllegalArgumentException("delay is 0 to max_delay: " + delay + ", " + maxDelay);
    }
    // Written so that NaN is refused too.
    if (!(factor >= 1 && factor <= 100)) {
      throw new IllegalArgumentException("factor is 1 to 100: " + factor);
    }
    if (!(jitter >= 0 && jitter <= 1)) {
      throw new IllegalArgumentException("jitter is 0 to 1: " + jitter);
    }
    // -0.0 is not equal to 0.0 in a record.
    jitter = jitter + 0.0;
    if (!resetAfter.isPositive()) {
      throw new IllegalArgumentException("reset_after is longer than 0: " + resetAfter);
    }
    if (retryAfter.isPresent() && !retryAfter.get().isPositive()) {
      throw new IllegalArgumentException("retry_after is longer than 0: " + retryAfter.get());
    }
    prevent = ProgramSpec.exitCodes(prevent);
  }

  /** The same with another policy, as the short form {@code restart: always} says. */
  public RestartSpec withPolicy(RestartPolicy other) {
    return new RestartSpec(
        other,
        maxRestarts,
        window,
        delay,
        factor,
        maxDelay,
        jitter,
        resetAfter,
        prevent,
        retryAfter);
  }
}
