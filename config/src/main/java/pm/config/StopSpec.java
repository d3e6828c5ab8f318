package pm.config;

import java.time.Duration;
import java.util.Optional;

/**
 * How an instance is stopped.
 *
 * @param signal name without {@code SIG}, one that {@link SignalName} knows
 * @param timeout after which everything in scope is killed; zero: at once
 * @param scope what is killed
 * @param drain how long a worker may go on with the task in hand before the signal; empty: it is
 *     not waited for
 * @param command run before the signal, or instead of it if it ends the process by itself
 */
public record StopSpec(
    String signal,
    Duration timeout,
    StopScope scope,
    Optional<Duration> drain,
    Optional<Command> command) {
  public static final StopSpec DEFAULT =
      new StopSpec("TERM", Duration.ofSeconds(10), StopScope.TREE);

  public StopSpec {
    if (SignalName.number(signal).isEmpty()) {
      throw new IllegalArgumentException("no such signal: " + signal);
    }
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout is not negative: " + timeout);
    }
    if (drain.isPresent() && drain.get().isNegative()) {
      throw new IllegalArgumentException("drain is not negative: " + drain.get());
    }
  }

  /** One that only signals. */
  public StopSpec(String signal, Duration timeout, StopScope scope) {
    this(signal, timeout, scope, Optional.empty(), Optional.empty());
  }
}
