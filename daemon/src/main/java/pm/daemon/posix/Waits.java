package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Looks at ended children and reaps them, always one known child: a wait for any child would steal
 * from the JVM's own reaper, which then reports success for what failed. Nothing that others may
 * call blocks. Any thread may call.
 */
public final class Waits {
  private static final int P_PID = 1;
  private static final int P_PIDFD = 3;
  private static final int WNOHANG = 1;
  private static final int WEXITED = 4;
  private static final int WNOWAIT = 0x01000000;
  private static final int CLD_EXITED = 1;
  private static final int CLD_DUMPED = 3;

  private static final long KILL = Libc.function("kill");
  private static final long WAITID = Libc.function("waitid");

  private Waits() {}

  /**
   * Tells how a child has ended and leaves it a zombie, so that its pid and group stay its own;
   * waitid(2) with P_PIDFD, Linux 5.4. Empty while it runs; ECHILD if it is not our child, or
   * reaped.
   */
  public static Optional<WaitStatus> peek(PidFd child) throws ErrnoException {
    return waitid(P_PIDFD, child.fd(), child.pid(), WNOWAIT);
  }

  /**
   * Reaps a child that has ended: from now on its pid may be another's; waitid(2) with P_PIDFD,
   * Linux 5.4. Empty while it runs; ECHILD if it is not our child, or reaped.
   */
  public static Optional<WaitStatus> reap(PidFd child) throws ErrnoException {
    return waitid(P_PIDFD, child.fd(), child.pid(), 0);
  }

  /** As {@link #peek}, by pid: only for one that is known to be our own unreaped child. */
  public static Optional<WaitStatus> peekPid(int pid) throws ErrnoException {
    return waitid(P_PID, pid, pid, WNOWAIT);
  }

  /** As {@link #reap}, by pid: only for one that is known to be our own unreaped child. */
  public static Optional<WaitStatus> reapPid(int pid) throws ErrnoException {
    return waitid(P_PID, pid, pid, 0);
  }

  /** Kills a child of ours that nobody else knows of, and reaps it, which may take a moment. */
  static void destroy(int pid) {
    Libc.call(KILL, pid, Signals.KILL);
    Scratch scratch = Scratch.mine();
    int result;
    do {
      result = (int) Libc.call(WAITID, P_PID, pid, scratch.address(), WEXITED);
    } while (result != 0 && Libc.errno() == Errno.EINTR);
  }

  private static Optional<WaitStatus> waitid(int idType, int id, int pid, int option)
      throws ErrnoException {
    if (id <= 0 && idType == P_PID) {
      throw new IllegalArgumentException("not the pid of one process: " + id);
    }
    Scratch scratch = Scratch.mine();
    ByteBuffer info = scratch.buffer();
    scratch.clear(Layout.SIGINFO_SIZE);
    while ((int) Libc.call(WAITID, idType, id, scratch.address(), WEXITED | WNOHANG | option)
        != 0) {
      int errno = Libc.errno();
      if (errno != Errno.EINTR) {
        throw ErrnoException.about("waitid", "pid", pid, errno);
      }
    }
    if (info.getInt(Layout.SIGINFO_PID) == 0) {
      return Optional.empty();
    }
    int code = info.getInt(Layout.SIGINFO_CODE);
    int status = info.getInt(Layout.SIGINFO_STATUS);
    return Optional.of(
        code == CLD_EXITED
            ? new WaitStatus.Code(status)
            : new WaitStatus.Signalled(status, code == CLD_DUMPED));
  }
}
