package pm.config;

import java.time.Duration;
import java.util.Optional;

/**
 * Checks of an instance that is ready.
 *
 * @param kind what a check is
 * @param period from one check to the next; positive. For a watchdog the longest silence
 * @param timeout after which a check has failed; positive. A watchdog has none
 * @param failureThreshold failed checks in a row that make it UNHEALTHY; positive
 * @param successThreshold passed checks in a row after which it is healthy again; positive
 * @param initialDelay from ready to the first check
 * @param whileBusy whether a worker is checked while it works on a task
 * @param onFailure what is done when it is UNHEALTHY
 * @param beforeKill what is done before it is stopped for that
 */
public record Liveness(
    LivenessKind kind,
    Duration period,
    Duration timeout,
    int failureThreshold,
    int successThreshold,
    Duration initialDelay,
    boolean whileBusy,
    OnUnhealthy onFailure,
    Optional<BeforeKill> beforeKill) {
  public static final Duration USUAL_PERIOD = Duration.ofSeconds(5);
  public static final Duration USUAL_TIMEOUT = Duration.ofSeconds(3);
  public static final int USUAL_FAILURE_THRESHOLD = 3;
  public static final int USUAL_SUCCESS_THRESHOLD = 1;
  public static final int MOST_CHECKS = 1000;

  /** What a worker has that says nothing else. */
  public static final Liveness PING = of(new LivenessKind.Ping());

  public Liveness {
    if (!period.isPositive() || !timeout.isPositive()) {
      throw new IllegalArgumentException(
          "period and timeout are longer than 0: " + period + ", " + timeout);
    }
    if (failureThreshold < 1 || successThreshold < 1) {
      throw new IllegalArgumentException(
          "thresholds are positive: " + failureThreshold + ", " + successThreshold);
    }
    if (initialDelay.isNegative()) {
      throw new IllegalArgumentException("initial_delay is not negative: " + initialDelay);
    }
  }

  /** One with the defaults. */
  public static Liveness of(LivenessKind kind) {
    return new Liveness(
        kind,
        USUAL_PERIOD,
        USUAL_TIMEOUT,
        USUAL_FAILURE_THRESHOLD,
        USUAL_SUCCESS_THRESHOLD,
        Duration.ZERO,
        false,
        OnUnhealthy.RESTART,
        Optional.empty());
  }
}
