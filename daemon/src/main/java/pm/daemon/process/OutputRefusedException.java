package pm.daemon.process;

/** The output of a child cannot be taken. The message is a sentence that begins with the file. */
public final class OutputRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean shortage;

  /**
   * @param shortage whether the machine is short of something, so that trying again may help
   */
  public OutputRefusedException(String message, boolean shortage, Throwable cause) {
    super(message, cause);
    this.shortage = shortage;
  }

  boolean isShortage() {
    return shortage;
  }
}
