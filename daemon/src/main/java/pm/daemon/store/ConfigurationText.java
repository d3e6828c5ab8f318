package pm.daemon.store;

import pm.config.Configuration;
import pm.config.ConfigurationWriter;
import pm.config.KeptConfiguration;
import pm.config.MalformedValueException;

/** How the configuration in force is written to its file and read from it again. */
interface ConfigurationText {

  /** The form that {@code pm.config} gives it: exact, with places and problems. */
  ConfigurationText KEPT =
      new ConfigurationText() {
        @Override
        public byte[] write(Configuration configuration) {
          return ConfigurationWriter.kept(configuration);
        }

        @Override
        public Configuration read(byte[] text) throws UnreadableException {
          try {
            return KeptConfiguration.read(text);
          } catch (MalformedValueException e) {
            throw new UnreadableException(e.what());
          }
        }
      };

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
    UnreadableException(String reason) {
      super(reason);
      this.reason = reason;
    }

    String reason() {
      return reason;
    }
  }
}
