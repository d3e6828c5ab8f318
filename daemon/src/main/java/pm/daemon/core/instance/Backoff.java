package pm.daemon.core.instance;

import java.time.Duration;
import java.util.random.RandomGenerator;
import pm.config.RestartSpec;

/** How long to wait before a restart. */
public final class Backoff {

  private Backoff() {}

  /**
   * Returns the wait before the {@code ordinal}-th restart in a row (first is 1): {@code delay *
   * factor^(ordinal-1)}, at most {@code max_delay}; without jitter, which {@link #drawn} adds.
   */
  public static Duration delay(RestartSpec spec, int ordinal) {
    double nanos = spec.delay().toNanos() * Math.pow(spec.factor(), ordinal - 1.0);
    double most = spec.maxDelay().toNanos();
    return nanos >= most ? spec.maxDelay() : Duration.ofNanos((long) nanos);
  }

  /**
   * Returns the wait with jitter: evenly between {@code (1 - jitter)} of {@link #delay} and all of
   * it, so that it never exceeds what is configured.
   */
  public static Duration drawn(RestartSpec spec, int ordinal, RandomGenerator random) {
    Duration delay = delay(spec, ordinal);
    if (spec.jitter() == 0) {
      return delay;
    }
    return Duration.ofNanos((long) (delay.toNanos() * (1 - spec.jitter() * random.nextDouble())));
  }
}
