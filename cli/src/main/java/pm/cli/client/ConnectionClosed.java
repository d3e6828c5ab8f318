package pm.cli.client;

import java.nio.file.Path;
import pm.cli.arguments.CommandFailure;
import pm.protocol.ExitCode;

/** The daemon has closed the connection, or has ended. */
public final class ConnectionClosed extends CommandFailure {
  private static final long serialVersionUID = 1L;

  /**
   * @param upgrading whether it has said that it becomes another version
   */
  ConnectionClosed(Path socket, boolean upgrading) {
    super(
        ExitCode.UNREACHABLE,
        upgrading
            ? "the daemon is being upgraded. What was begun goes on; ask again: pmctl status"
            : "the daemon has closed the connection on "
                + socket
                + ": it has ended, or it refuses your user. Its programs go on; its own log says"
                + " more.");
  }
}
