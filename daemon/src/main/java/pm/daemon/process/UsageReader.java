package pm.daemon.process;

import java.util.Optional;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.posix.ErrnoException;

/**
 * Looks at what processes use. One thread at a time, and not the loop: some hundred processes take
 * milliseconds.
 */
public final class UsageReader {
  private final ProcFs proc = new ProcFs();
  private final long pageBytes;

  public UsageReader(HostFacts facts) {
    pageBytes = facts.pageBytes();
  }

  /** Returns what a process uses now; empty if it has ended, or may not be looked at. */
  public Optional<Usage> read(ProcessIdentity process) {
    try {
      return proc.stat(process.pid())
          .filter(stat -> stat.startTicks() == process.startTicks() && !stat.isZombie())
          .map(stat -> new Usage(stat.cpuTicks(), stat.residentPages() * pageBytes));
    } catch (ErrnoException forbidden) {
      return Optional.empty();
    }
  }
}
