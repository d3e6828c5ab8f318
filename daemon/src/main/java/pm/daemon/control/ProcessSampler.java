package pm.daemon.control;

import java.util.Optional;
import pm.daemon.core.model.ProcessIdentity;

/** Measures processes. */
@FunctionalInterface
public interface ProcessSampler {
  /**
   * Returns what a process has used, empty if it is gone. May block; called on a thread of the
   * pool.
   */
  Optional<Usage> usage(ProcessIdentity process);

  /**
   * What a process has used.
   *
   * @param cpuNanos processor time since its start, nanoseconds
   * @param memoryBytes resident memory now
   */
  record Usage(long cpuNanos, long memoryBytes) {}
}
