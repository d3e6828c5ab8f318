package pm.daemon.core.model;

import java.util.OptionalLong;

/**
 * What a process has said of itself by sd_notify(3), as far as it holds on.
 *
 * @param status its {@code STATUS=}, at most {@link #STATUS_BOUND} characters; empty for none
 * @param reloading whether it has begun to reload and has not said that it is ready again
 * @param watchdogNanos its own {@code WATCHDOG_USEC=} in nanoseconds, 0 for no watchdog; empty
 *     where what is configured holds
 */
public record Told(String status, boolean reloading, OptionalLong watchdogNanos) {

  /** The most characters of a status that are kept. */
  public static final int STATUS_BOUND = 200;

  /** Nothing was said. */
  public static final Told NOTHING = new Told("", false, OptionalLong.empty());

  public Told {
    status = status.length() > STATUS_BOUND ? status.substring(0, STATUS_BOUND) : status;
  }
}
