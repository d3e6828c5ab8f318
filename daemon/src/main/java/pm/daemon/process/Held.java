package pm.daemon.process;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;

/**
 * A process that belongs to an invocation, held so that it cannot be mistaken for another.
 *
 * @param startTicks when it began, in clock ticks since boot
 */
record Held(int pid, long startTicks, PidFd pidFd) implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Held.class);

  /** Takes hold of a process; empty if it is gone, or its number has become another's. */
  static Optional<Held> of(ProcFs proc, int pid, long startTicks) throws ErrnoException {
    PidFd pidFd;
    try {
      pidFd = PidFd.open(pid);
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ESRCH) {
        return Optional.empty();
      }
      throw refused;
    }
    boolean isIt = false;
    try {
      isIt = proc.stat(pid).filter(now -> now.startTicks() == startTicks).isPresent();
    } finally {
      if (!isIt) {
        pidFd.close();
      }
    }
    return isIt ? Optional.of(new Held(pid, startTicks, pidFd)) : Optional.empty();
  }

  /** Whether it has ended. */
  boolean isGone() {
    try {
      return Fd.poll(pidFd.fd(), Fd.POLLIN, 0) != 0;
    } catch (ErrnoException broken) {
      throw new IllegalStateException(broken);
    }
  }

  /**
   * Sends a signal; one that has ended takes it too.
   *
   * @return false if we may not
   */
  boolean send(int signal) {
    return send(pidFd, signal);
  }

  /** As {@link #send(int)}, to any process that is held. */
  static boolean send(PidFd process, int signal) {
    try {
      process.send(signal);
      return true;
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ESRCH) {
        return true;
      }
      LOG.warn("SIG{} cannot be sent: {}", Signals.nameOf(signal), refused.getMessage());
      return false;
    }
  }

  @Override
  public void close() {
    close(pidFd);
  }

  /** Lets a process go. */
  static void close(PidFd process) {
    try {
      process.close();
    } catch (ErrnoException broken) {
      throw new IllegalStateException(broken);
    }
  }
}
