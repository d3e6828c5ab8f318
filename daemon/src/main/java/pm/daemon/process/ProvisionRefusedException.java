package pm.daemon.process;

/** A child cannot be given what it is to have. The message is the sentence after the stage. */
public final class ProvisionRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String stage;
  private final boolean shortage;

  /**
   * @param stage the key that it is about, such as {@code readiness}
   * @param shortage whether the machine is short of something, so that trying again may help
   */
  public ProvisionRefusedException(
      String stage, String message, boolean shortage, Throwable cause) {
    super(message, cause);
    this.stage = stage;
    this.shortage = shortage;
  }

  String stage() {
    return stage;
  }

  boolean isShortage() {
    return shortage;
  }
}
