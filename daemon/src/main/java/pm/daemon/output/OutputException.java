package pm.daemon.output;

import java.nio.file.Path;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;

/**
 * The output of an instance cannot be taken. The message is a sentence for people that begins with
 * the file: {@code /srv/web.log: Is a directory}.
 */
public final class OutputException extends Exception {
  private static final long serialVersionUID = 1;

  /** The word for this step of a start. */
  public static final String STAGE = "log";

  private final String reason;
  private final boolean shortage;

  OutputException(Path file, String reason) {
    super(file + ": " + reason);
    this.reason = reason;
    shortage = false;
  }

  OutputException(Path file, ErrnoException cause) {
    super(file + ": " + Errno.message(cause.errno()), cause);
    reason = Errno.message(cause.errno());
    shortage = cause.isShortage();
  }

  /** The message without the file. */
  String reason() {
    return reason;
  }

  /**
   * Tells whether the machine lacks something (space, descriptors), so that later may be better.
   */
  public boolean isShortage() {
    return shortage;
  }
}
