package pm.daemon.metrics;

import java.util.Optional;
import pm.daemon.core.model.ProcessIdentity;

/** Measures processes. Blocks; called on a thread of the pool. */
@FunctionalInterface
public interface ProcessUsage {
  /** Returns what a process uses; empty if it is gone. */
  Optional<Usage> of(ProcessIdentity process);

  /**
   * What it uses.
   *
   * @param cpuSeconds processor time since its start
   * @param memoryBytes resident memory now
   */
  record Usage(double cpuSeconds, long memoryBytes) {}
}
