package pm.daemon.posix;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Starts programs with posix_spawn(3), as leaders of sessions of their own, with no signal blocked
 * or ignored, in their working directory, with the descriptors that they are given and no more.
 *
 * <p>User, groups, umask, priorities, processors and capabilities belong to a thread in Linux, and
 * a child inherits those of the thread that makes it. So they are changed with bare system calls
 * (the C library's functions would change all threads) on a thread that ends after it; see {@link
 * #needsOwnThread}. That costs no chain of helper programs, and every error comes back as it is.
 * For the fraction of a millisecond that the thread acts as another user, that user may send it,
 * and so this process, a signal; trace it he may not.
 *
 * <p>Limits and the control group belong to a process, so the child must exist before they can be
 * set, and must not run the program yet. A shell stands in: it reads a line from a pipe and then
 * executes the program. Meanwhile we set everything on it from outside, with the kernel's own word
 * for what is refused. Where a container forbids unshare(2), a umask that differs from our own is
 * set by that shell too. In both cases the program sees the path that was found as its own name,
 * and an exec that fails in spite of the checks before it appears as exit code 126 or 127.
 */
public final class Spawn {
  private final boolean mayUnshare;
  private final int ownUmask;
  private final int ownUid;
  private final int ownGid;
  private final Set<Integer> ownGroups;

  /** Reads this process's own umask, user and groups, which must not change afterwards. */
  public Spawn() throws ErrnoException {
    this(true);
  }

  Spawn(boolean mayUnshare) throws ErrnoException {
    this.mayUnshare = mayUnshare;
    ownUmask = Host.umask();
    ownUid = Host.euid();
    ownGid = Host.egid();
    ownGroups = new HashSet<>(Host.groups());
  }

  /**
   * Tells whether {@link #spawn} of this request changes its thread for good, so that it must be
   * called on a thread that is made for it and ends after it.
   */
  public boolean needsOwnThread(SpawnRequest request) {
    return changesUmask(request)
        || changesCredentials(request)
        || request.settings().changesThread();
  }

  private boolean changesUmask(SpawnRequest request) {
    OptionalInt umask = request.umask();
    return umask.isPresent() && umask.getAsInt() != ownUmask;
  }

  private boolean changesCredentials(SpawnRequest request) {
    return request.credentials().filter(wanted -> !isOurs(wanted)).isPresent();
  }

  private boolean isOurs(Credentials wanted) {
    List<Integer> groups = wanted.groups();
    return wanted.uid() == ownUid
        && wanted.gid() == ownGid
        && new HashSet<>(groups).equals(ownGroups);
  }

  /**
   * Starts a program. It returns once the program's own code is about to run, or the shell's that
   * executes it. It may take milliseconds, so it is not for the loop.
   *
   * @return the child's pid, which is also its session and its group; it is ours to reap
   * @throws SpawnException if there is no child. Any other exception or error says nothing about
   *     it.
   */
  public int spawn(SpawnRequest request) throws SpawnException {
    try (SpawnAttempt attempt =
        new SpawnAttempt(request, changesUmask(request), changesCredentials(request), mayUnshare)) {
      run(attempt);
      int pid = attempt.pid();
      if (pid == 0) {
        throw attempt.failure();
      }
      attempt.complete();
      return pid;
    }
  }

  private static void run(SpawnAttempt attempt) {
    if (!attempt.changesCredentials()) {
      attempt.run();
      return;
    }
    ForeignRights.begin();
    try {
      attempt.run();
    } finally {
      attempt.returnToOwnUser();
      ForeignRights.end();
    }
  }
}
