package pm.daemon.loop;

import java.time.Instant;
import pm.daemon.core.model.Moment;
import pm.daemon.posix.Host;

/** The clocks of the machine. Any thread. */
public final class SystemTime {

  /** Returns the present: the kernel's CLOCK_MONOTONIC and the wall clock. */
  public Moment now() {
    return new Moment(nanos(), Instant.now());
  }

  /** Returns the nanoseconds of CLOCK_MONOTONIC alone. */
  public long nanos() {
    return Host.monotonicNanos();
  }
}
