package pm.daemon.posix;

/** Work that everything else comes before. */
public final class Background {
  private static final int PRIO_PROCESS = 0;
  private static final int IOPRIO_WHO_PROCESS = 1;
  private static final int IOPRIO_CLASS_IDLE = 3 << 13;
  private static final int LOWEST = 19;

  private Background() {}

  /**
   * Gives the calling thread, and no other, the processor and the disk only where nobody else wants
   * them, as far as the kernel lets it; it cannot be undone. setpriority(2), ioprio_set(2).
   *
   * @return whether the kernel let it
   */
  public static boolean enter() {
    int nice = (int) Libc.call(Libc.SYSCALL, Layout.SYS_SETPRIORITY, PRIO_PROCESS, 0, LOWEST);
    int disk =
        (int)
            Libc.call(
                Libc.SYSCALL, Layout.SYS_IOPRIO_SET, IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_IDLE);
    return nice == 0 && disk == 0;
  }
}
