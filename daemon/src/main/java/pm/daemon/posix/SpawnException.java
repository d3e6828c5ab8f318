package pm.daemon.posix;

import java.util.Locale;

/**
 * A program could not be started, and no process is left of the attempt. The message names the
 * stage and reads {@code exec: /opt/x: Permission denied}.
 */
public final class SpawnException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What was being done. */
  public enum Stage {
    /** Making or placing the child's descriptors. */
    PIPES,
    USER,
    GROUP,
    WORKING_DIR,
    UMASK,
    /** What it may use: limits, priorities, processors, its control group. */
    LIMITS,
    /** What it may do: capabilities, no new privileges. */
    SECURITY,
    /** Finding or executing the program. */
    EXEC,
    /** Making the process: the machine has run out of something. */
    SPAWN;

    /** The word for people and for the protocol, such as {@code working_dir}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Stage stage;
  private final int errno;

  /**
   * @param detail what it was about and what is wrong, such as {@code /opt/x: Permission denied}
   */
  public SpawnException(Stage stage, int errno, String detail) {
    super(stage.word() + ": " + detail);
    this.stage = stage;
    this.errno = errno;
  }

  /** As the other, for a call of our own that failed at this stage. */
  public SpawnException(Stage stage, ErrnoException cause) {
    super(stage.word() + ": " + cause.getMessage(), cause);
    this.stage = stage;
    this.errno = cause.errno();
  }

  public Stage stage() {
    return stage;
  }

  public int errno() {
    return errno;
  }

  /** See {@link Errno#isShortage}: the program is not to blame, and later it may well start. */
  public boolean isShortage() {
    return Errno.isShortage(errno);
  }
}
