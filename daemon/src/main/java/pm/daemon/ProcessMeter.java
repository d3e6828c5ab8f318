package pm.daemon;

import java.util.Optional;
import pm.daemon.control.ProcessSampler;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.metrics.ProcessUsage;
import pm.daemon.process.HostFacts;
import pm.daemon.process.UsageReader;

/** What processes use, from {@code /proc}; one look at a time. */
final class ProcessMeter implements ProcessSampler {

  private static final long SECOND = 1_000_000_000L;

  private final UsageReader reader;
  private final long nanosPerTick;

  ProcessMeter(HostFacts facts) {
    reader = new UsageReader(facts);
    nanosPerTick = SECOND / facts.ticksPerSecond();
  }

  @Override
  public synchronized Optional<Usage> usage(ProcessIdentity process) {
    return reader
        .read(process)
        .map(usage -> new Usage(usage.cpuTicks() * nanosPerTick, usage.residentBytes()));
  }

  /** As {@link #usage}, for a monitoring system. */
  Optional<ProcessUsage.Usage> seconds(ProcessIdentity process) {
    return usage(process)
        .map(
            usage ->
                new ProcessUsage.Usage((double) usage.cpuNanos() / SECOND, usage.memoryBytes()));
  }
}
