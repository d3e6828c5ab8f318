package pm.daemon.posix;

/**
 * A limit of this process; getrlimit(2).
 *
 * @param soft what holds; {@link #UNLIMITED} for none
 * @param hard up to where it can be raised
 */
public record ResourceLimit(long soft, long hard) {
  /** RLIM_INFINITY, all bits set. */
  public static final long UNLIMITED = -1;

  /** What can be limited. */
  public enum Resource {
    FILE_SIZE(1),
    STACK(3),
    CORE(4),
    PROCESSES(6),
    FILES(7),
    LOCKED_MEMORY(8),
    ADDRESS_SPACE(9);

    private final int number;

    Resource(int number) {
      this.number = number;
    }

    int number() {
      return number;
    }
  }
}
