package pm.daemon.process;

import java.util.Optional;
import java.util.OptionalInt;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;
import pm.daemon.posix.WaitStatus;
import pm.daemon.posix.Waits;

/** Finds out how a process ended, without reaping it. One thread at a time. */
final class ExitReader {
  private final ProcFs proc;

  ExitReader(ProcFs proc) {
    this.proc = proc;
  }

  /** Returns how a child of ours ended; empty while it runs. */
  Optional<ExitStatus> ofChild(PidFd child) throws ErrnoException {
    try {
      return Waits.peek(child).map(ExitReader::status);
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ECHILD) {
        // Somebody has reaped it before us, which nobody may.
        return Optional.of(new ExitStatus.Unknown());
      }
      throw refused;
    }
  }

  /**
   * Returns how a process that is not our child ended: while it is a zombie {@code /proc} tells,
   * after that the pidfd (Linux 6.15). Empty while it runs.
   */
  Optional<ExitStatus> ofOther(PidFd process, long startTicks) throws ErrnoException {
    if (Fd.poll(process.fd(), Fd.POLLIN, 0) == 0) {
      return Optional.empty();
    }
    Optional<ProcessStat> stat = zombie(process.pid(), startTicks);
    // It is reaped when it pleases its parent, so that all this may be about nobody already.
    boolean maySee =
        stat.isPresent()
            && proc.mayKnowExit(process.pid())
            && zombie(process.pid(), startTicks).isPresent();
    OptionalInt raw = process.exitInfo();
    if (raw.isPresent()) {
      return Optional.of(status(WaitStatus.fromRaw(raw.getAsInt())));
    }
    if (maySee) {
      return Optional.of(status(WaitStatus.fromRaw(stat.orElseThrow().exitCode())));
    }
    return Optional.of(new ExitStatus.Unknown());
  }

  /** As one of the two, for a process that may have become our child. */
  Optional<ExitStatus> ofAny(PidFd process, long startTicks) throws ErrnoException {
    try {
      return Waits.peek(process).map(ExitReader::status);
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ECHILD) {
        return ofOther(process, startTicks);
      }
      throw refused;
    }
  }

  private Optional<ProcessStat> zombie(int pid, long startTicks) throws ErrnoException {
    return proc.stat(pid).filter(now -> now.startTicks() == startTicks && now.isZombie());
  }

  private static ExitStatus status(WaitStatus status) {
    return switch (status) {
      case WaitStatus.Code code -> new ExitStatus.Code(code.code());
      case WaitStatus.Signalled signalled ->
          new ExitStatus.Signalled(
              Signals.nameOf(signalled.signal()), signalled.signal(), signalled.coreDumped());
    };
  }
}
