package pm.config;

import java.time.Duration;

/** What ends STARTING. */
public sealed interface Readiness {
  /** For a program that says nothing else. */
  Readiness DEFAULT = new Uptime(Duration.ofSeconds(1));

  /**
   * Ready when it has been up this long.
   *
   * @param uptime zero: as soon as it could be executed
   */
  record Uptime(Duration uptime) implements Readiness {
    public Uptime {
      if (uptime.isNegative()) {
        throw new IllegalArgumentException("uptime is not negative: " + uptime);
      }
    }
  }
}
