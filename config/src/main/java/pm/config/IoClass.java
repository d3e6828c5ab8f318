package pm.config;

/**
 * Priority for disks (ioprio_set(2)).
 *
 * @param kind the scheduling class
 * @param level 0 (first) to 7 (last) within the class; 0 for {@link Kind#IDLE}, which has none
 */
public record IoClass(Kind kind, int level) {
  /** The level of who asks for none. */
  public static final int USUAL_LEVEL = 4;

  public static final int LAST_LEVEL = 7;

  /** The scheduling class. */
  public enum Kind implements Word {
    /** Before all others; needs CAP_SYS_ADMIN or CAP_SYS_NICE. */
    REALTIME("realtime"),
    /** In turn. */
    BEST_EFFORT("best-effort"),
    /** When nobody else wants the disk. */
    IDLE("idle");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  public IoClass {
    if (level < 0 || level > (kind == Kind.IDLE ? 0 : LAST_LEVEL)) {
      throw new IllegalArgumentException("no such level: " + kind + ":" + level);
    }
  }

  /** As the files have it, such as {@code best-effort:7} or {@code idle}. */
  public String word() {
    return kind == Kind.IDLE ? kind.word() : kind.word() + ":" + level;
  }
}
