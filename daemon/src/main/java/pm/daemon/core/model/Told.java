package pm.daemon.core.model;

import java.util.OptionalLong;

/**
 * What a process has said of itself as far as it holds on.
 *
 * @param ready whether it has said that it is ready, in whatever way it says so
 * @param status its {@code STATUS=}, at most {@link #STATUS_BOUND} characters; empty for none
 * @param reloading whether it has begun to reload and has not said that it is ready again
 * @param watchdogNanos its own {@code WATCHDOG_USEC=} in nanoseconds, 0 for no watchdog; empty
 *     where what is configured holds
 */
public record Told(boolean ready, String status, boolean reloading, OptionalLong watchdogNanos) {

  /** The most characters of a status that are kept. */
  public static final int STATUS_BOUND = 200;

  /** Nothing was said. */
  public static final Told NOTHING = new Told(false, "", false, OptionalLong.empty());

  public Told {
    status = status.length() > STATUS_BOUND ? status.substring(0, STATUS_BOUND) : status;
  }

  /** Returns what holds once it has also said this by sd_notify(3). */
  public Told and(Notification said) {
    return new Told(
        ready || said.ready(),
        said.status().orElse(status),
        (reloading || said.reloading()) && !said.ready(),
        said.watchdogNanos().isPresent() ? said.watchdogNanos() : watchdogNanos);
  }

  /** Returns what holds once it has said that it is ready. */
  public Told andIsReady() {
    return new Told(true, status, reloading, watchdogNanos);
  }
}
