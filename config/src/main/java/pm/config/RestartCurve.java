package pm.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of a program that fails at once every time it is started: the worst case of its
 * restart rules.
 *
 * @param attempts the restarts; at most {@link #MOST}
 * @param givesUpAfter the latest time at which it is given up; empty if it never is
 * @param retryAfter when it is tried again after that
 */
public record RestartCurve(
    List<Attempt> attempts, Optional<Duration> givesUpAfter, Optional<Duration> retryAfter) {
  public static final int MOST = 20;

  /**
   * One restart. What differs by chance has its least and its most.
   *
   * @param ordinal counted from 1
   * @param leastDelay the wait before it
   * @param leastTime since the first start
   */
  public record Attempt(
      int ordinal, Duration leastDelay, Duration delay, Duration leastTime, Duration time) {}

  public RestartCurve {
    attempts = List.copyOf(attempts);
  }

  /** The curve of these rules. */
  public static RestartCurve of(RestartSpec restart) {
    var attempts = new ArrayList<Attempt>();
    if (restart.policy() == RestartPolicy.NEVER) {
      return new RestartCurve(attempts, Optional.of(Duration.ZERO), Optional.empty());
    }
    Duration time = Duration.ZERO;
    Duration leastTime = Duration.ZERO;
    int most = restart.maxRestarts().orElse(Integer.MAX_VALUE);
    var restarts = new ArrayList<Duration>();
    // Longer than any window of rising delays can last: it then never gives up.
    for (int ordinal = 1; ordinal <= RestartSpec.MOST_RESTARTS + MOST; ordinal++) {
      Duration now = time;
      restarts.removeIf(at -> now.minus(at).compareTo(restart.window()) >= 0);
      if (restarts.size() >= most) {
        return new RestartCurve(attempts, Optional.of(time), restart.retryAfter());
      }
      Duration delay = delay(restart, ordinal);
      Duration leastDelay = scaled(delay, 1 - restart.jitter());
      time = time.plus(delay);
      leastTime = leastTime.plus(leastDelay);
      restarts.add(time);
      if (attempts.size() < MOST) {
        attempts.add(new Attempt(ordinal, leastDelay, delay, leastTime, time));
      }
    }
    return new RestartCurve(attempts, Optional.empty(), Optional.empty());
  }

  private static Duration delay(RestartSpec restart, int ordinal) {
    double nanos = restart.delay().toNanos() * Math.pow(restart.factor(), ordinal - 1.0);
    return nanos >= restart.maxDelay().toNanos()
        ? restart.maxDelay()
        : Duration.ofNanos((long) nanos);
  }

  private static Duration scaled(Duration duration, double by) {
    return Duration.ofMillis(Math.round(duration.toMillis() * by));
  }
}
