package pm.config;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/**
 * The daemon's own settings, {@code pmd.yaml}.
 *
 * @param socket the control socket
 * @param level of the daemon's own log
 * @param format of the daemon's own log
 * @param shutdownTimeout how long tasks in hand may take once the daemon has been asked to end
 * @param maxConcurrentStarts instances on their way from spawn to ready, 1 to {@link #MOST_STARTS};
 *     empty: 4 times the number of cores
 * @param tasks where tasks are kept
 * @param include patterns of files with programs, relative to the folder of {@code pmd.yaml}
 */
public record DaemonSpec(
    SocketSpec socket,
    LogLevel level,
    LogFormat format,
    Duration shutdownTimeout,
    OptionalInt maxConcurrentStarts,
    TaskStoreKind tasks,
    List<String> include) {
  public static final int MOST_STARTS = 10_000;

  public static final DaemonSpec DEFAULT =
      new DaemonSpec(
          SocketSpec.DEFAULT,
          LogLevel.INFO,
          LogFormat.AUTO,
          Duration.ofSeconds(30),
          OptionalInt.empty(),
          TaskStoreKind.AUTO,
          List.of("programs.d/*.yaml"));

  public DaemonSpec {
    if (shutdownTimeout.isNegative()) {
      throw new IllegalArgumentException("shutdown.timeout is not negative: " + shutdownTimeout);
    }
    if (maxConcurrentStarts.isPresent()
        && (maxConcurrentStarts.getAsInt() < 1 || maxConcurrentStarts.getAsInt() > MOST_STARTS)) {
      throw new IllegalArgumentException(
          "max_concurrent_starts is 1 to " + MOST_STARTS + ": " + maxConcurrentStarts.getAsInt());
    }
    include = List.copyOf(include);
  }
}
