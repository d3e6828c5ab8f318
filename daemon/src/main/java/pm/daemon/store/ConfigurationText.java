package pm.daemon.store;

import pm.config.Configuration;

/** How the configuration in force is written to its file and read from it again. */
public interface ConfigurationText {

  /** Returns the text of a configuration, in UTF-8. */
  byte[] write(Configuration configuration);

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws UnreadableException if it is not that
   */
  Configuration read(byte[] text) throws UnreadableException;

  /** A text that is no configuration. */
  final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /** Makes one with a reason for people. */
    public UnreadableException(String reason) {
      super(reason);
      this.reason = reason;
    }

    String reason() {
      return reason;
    }
  }
}
