package pm.config;

import java.time.Duration;

/**
 * How an instance is stopped.
 *
 * @param signal name without {@code SIG}, one that {@link SignalName} knows
 * @param timeout after which everything in scope is killed; zero: at once
 * @param scope what is killed
 */
public record StopSpec(String signal, Duration timeout, StopScope scope) {
  public static final StopSpec DEFAULT =
      new StopSpec("TERM", Duration.ofSeconds(10), StopScope.TREE);

  public StopSpec {
    if (SignalName.number(signal).isEmpty()) {
      throw new IllegalArgumentException("no such signal: " + signal);
    }
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout is not negative: " + timeout);
    }
  }
}
