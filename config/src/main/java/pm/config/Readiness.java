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

  /** Ready when one of its processes says {@code READY=1} (sd_notify(3)). */
  record Notify() implements Readiness {}

  /**
   * Ready when it writes a newline, as under s6.
   *
   * @param fd the descriptor that it writes to, 3 to {@link #LAST_FD}
   */
  record FdLine(int fd) implements Readiness {
    public static final int FIRST_FD = 3;
    public static final int LAST_FD = 255;

    public FdLine {
      if (fd < FIRST_FD || fd > LAST_FD) {
        throw new IllegalArgumentException("a descriptor is 3 to " + LAST_FD + ": " + fd);
      }
    }
  }

  /**
   * Ready when a line of its output matches.
   *
   * @param pattern a regular expression, looked for anywhere in the line
   */
  record LogLine(String pattern) implements Readiness {}

  /** A worker is ready when it says so or answers its first ping. */
  record Ping() implements Readiness {
    /** From one ping to the next while none has been answered. */
    public static final Duration PERIOD = Duration.ofSeconds(1);
  }

  /**
   * Ready when it is asked from outside and a check passes.
   *
   * @param period from one check to the next; positive
   * @param timeout after which a check has failed; positive
   */
  record Probed(Probe probe, Duration period, Duration timeout) implements Readiness {
    public static final Duration USUAL_PERIOD = Duration.ofSeconds(1);
    public static final Duration USUAL_TIMEOUT = Duration.ofSeconds(3);

    public Probed {
      if (!period.isPositive() || !timeout.isPositive()) {
        throw new IllegalArgumentException(
            "period and timeout are longer than 0: " + period + ", " + timeout);
      }
    }
  }
}
