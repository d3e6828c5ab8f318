package pm.daemon.process;

import java.util.Map;
import java.util.Optional;
import pm.daemon.posix.Stdio;

/**
 * What a child is given at its start beside what every child gets. The daemon closes its own side
 * of it as soon as the child has it, or there is none.
 */
public interface Provision extends AutoCloseable {
  /** Returns what becomes descriptor 0; empty: {@code /dev/null}, unless another has one. */
  default Optional<Stdio> stdin() {
    return Optional.empty();
  }

  /**
   * Returns what becomes other descriptors, by the number that they have in the child: from 3 on,
   * or 1, which then does not lead to its log.
   */
  default Map<Integer, Stdio> descriptors() {
    return Map.of();
  }

  /** Returns variables that are put over all others. */
  default Map<String, String> environment() {
    return Map.of();
  }

  @Override
  void close();
}
