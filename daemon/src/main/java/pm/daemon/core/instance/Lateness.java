package pm.daemon.core.instance;

import java.time.Duration;
import pm.daemon.core.model.Moment;

/**
 * When a deadline says something about the process, and when only about the daemon.
 *
 * <p>A daemon that was frozen, or starved, finds deadlines that are long over while the answers
 * still wait to be read. Such a deadline counts against nobody: what was asked is asked anew, and
 * what was awaited gets {@link #LOOK}.
 */
final class Lateness {

  /** A deadline that is handled this much later than it was, was missed by the daemon itself. */
  static final Duration BOUND = Duration.ofMillis(500);

  /** The fresh short look that is taken then. */
  static final Duration LOOK = Duration.ofSeconds(1);

  private Lateness() {}

  /** Returns whether {@code deadline} is handled too late to mean anything. */
  static boolean isLate(long deadline, Moment now) {
    return now.nanos() - deadline > BOUND.toNanos();
  }
}
