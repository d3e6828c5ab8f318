package pm.daemon.store;

/**
 * Entries could not be kept, so their effects must wait. Whatever part of them reached the file is
 * cut off before anything else is written, so the same entries can be given again.
 */
public final class KeepException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  /** Made by what keeps. */
  public KeepException(String reason, Throwable cause) {
    super(reason, cause);
    this.reason = reason;
  }

  /** Why, for people: {@code cannot write /run/pm/records: No space left on device}. */
  public String reason() {
    return reason;
  }
}
