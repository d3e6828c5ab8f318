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

  /** Whether it can be set where {@code most} is the highest, as getrlimit(2) orders numbers. */
  boolean fitsBelow(long most) {
    return Long.compareUnsigned(soft, hard) <= 0 && Long.compareUnsigned(hard, most) <= 0;
  }

  @Override
  public String toString() {
    return soft == hard ? text(hard) : text(soft) + ":" + text(hard);
  }

  static String text(long limit) {
    return limit == UNLIMITED ? "unlimited" : Long.toString(limit);
  }

  /** What can be limited. */
  public enum Resource {
    FILE_SIZE(1, "fsize"),
    STACK(3, "stack"),
    CORE(4, "core"),
    PROCESSES(6, "nproc"),
    FILES(7, "nofile"),
    LOCKED_MEMORY(8, "memlock"),
    ADDRESS_SPACE(9, "as");

    private final int number;
    private final String word;

    Resource(int number, String word) {
      this.number = number;
      this.word = word;
    }

    /** The name as configurations have it, such as {@code nofile}. */
    public String word() {
      return word;
    }

    int number() {
      return number;
    }
  }
}
