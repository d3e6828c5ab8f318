package pm.daemon.posix;

/**
 * Another user's rights on one thread take the dumpable flag off the whole process. It is given
 * back when no thread has such rights: with the flag, files of such a thread in /proc would be the
 * other user's. Any thread.
 */
final class ForeignRights {
  private static final int PR_GET_DUMPABLE = 3;
  private static final int PR_SET_DUMPABLE = 4;

  private static final long PRCTL = Libc.function("prctl");
  private static final boolean IS_DUMPABLE =
      (int) Libc.call(PRCTL, PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
  private static final Object LOCK = new Object();

  private static int threads;

  private ForeignRights() {}

  /** A thread is about to get such rights. */
  static void begin() {
    synchronized (LOCK) {
      threads++;
    }
  }

  /** It has its own again. */
  static void end() {
    synchronized (LOCK) {
      threads--;
      if (threads == 0 && IS_DUMPABLE) {
        Libc.call(PRCTL, PR_SET_DUMPABLE, 1, 0, 0, 0);
      }
    }
  }
}
