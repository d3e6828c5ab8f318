package pm.daemon.control;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import pm.daemon.core.model.Moment;

/**
 * Those who watch the status. They look whenever the loop has done something, so what they see is
 * never guessed, and nobody wakes up while nothing happens. Loop thread only.
 */
final class Watchers {
  private final Set<StatusStream> all = new LinkedHashSet<>();

  boolean isFull() {
    return all.size() >= Bounds.WATCHERS;
  }

  void add(StatusStream stream) {
    all.add(stream);
  }

  void remove(StatusStream stream) {
    all.remove(stream);
  }

  /** Something may have changed, or it is time to measure. */
  void look(Moment now) {
    if (!all.isEmpty()) {
      List.copyOf(all).forEach(stream -> stream.look(now));
    }
  }

  /** Returns when one of them must look although nothing happens; NEVER if none. */
  long nextDeadline() {
    long next = Moment.NEVER;
    for (StatusStream stream : new ArrayList<>(all)) {
      next = Math.min(next, stream.nextDeadline());
    }
    return next;
  }
}
