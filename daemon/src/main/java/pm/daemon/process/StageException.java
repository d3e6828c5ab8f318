package pm.daemon.process;

import pm.daemon.posix.ErrnoException;

/** A start has failed at a stage before its process could be made. */
final class StageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String stage;
  private final boolean shortage;

  /**
   * @param stage a word: {@code user}, {@code env_file}
   * @param reason the rest of the sentence
   * @param shortage whether the machine is short of something, so that trying again may help
   */
  StageException(String stage, String reason, boolean shortage) {
    super(reason);
    this.stage = stage;
    this.shortage = shortage;
  }

  /** A call of the kernel or the C library has failed at this stage. */
  StageException(String stage, ErrnoException cause) {
    super(cause.getMessage(), cause);
    this.stage = stage;
    this.shortage = cause.isShortage();
  }

  String stage() {
    return stage;
  }

  String reason() {
    return String.valueOf(getMessage());
  }

  boolean isShortage() {
    return shortage;
  }
}
