package pm.daemon.core.model;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a process said of itself by sd_notify(3), one datagram.
 *
 * @param ready {@code READY=1}
 * @param reloading {@code RELOADING=1}
 * @param stopping {@code STOPPING=1}
 * @param watchdog {@code WATCHDOG=1}
 * @param watchdogTrigger {@code WATCHDOG=trigger}
 * @param status {@code STATUS=}, empty text to clear it
 * @param mainProcess {@code MAINPID=}, known to be a process of this program
 * @param extendTimeoutNanos {@code EXTEND_TIMEOUT_USEC=}
 * @param watchdogNanos {@code WATCHDOG_USEC=}; 0 for no watchdog
 */
public record Notification(
    boolean ready,
    boolean reloading,
    boolean stopping,
    boolean watchdog,
    boolean watchdogTrigger,
    Optional<String> status,
    Optional<ProcessIdentity> mainProcess,
    OptionalLong extendTimeoutNanos,
    OptionalLong watchdogNanos) {

  /** Says nothing. */
  public static final Notification NOTHING =
      new Notification(
          false,
          false,
          false,
          false,
          false,
          Optional.empty(),
          Optional.empty(),
          OptionalLong.empty(),
          OptionalLong.empty());
}
