package pm.config;

/** How it is found out whether an instance still works. */
public sealed interface LivenessKind {
  /** A worker answers a ping. */
  record Ping() implements LivenessKind {}

  /** The process says {@code WATCHDOG=1} by itself at least once a period (sd_notify(3)). */
  record Watchdog() implements LivenessKind {}

  /** It is asked from outside. */
  record Probed(Probe probe) implements LivenessKind {}
}
