package pm.cli.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.config.Folders;
import pm.config.MalformedValueException;
import pm.protocol.ExitCode;

/**
 * Where the daemon is to be found.
 *
 * @param uid the user that this process runs as; -1 if that cannot be told
 * @param folders as they were named by options and environment
 * @param startCommand what starts a daemon that listens there
 */
public record Address(int uid, Folders folders, String startCommand) {

  /**
   * Finds it.
   *
   * @param home what {@code --home} says
   * @param socket what {@code --socket} says
   * @throws CommandFailure if neither options nor environment say enough
   */
  public static Address find(
      Map<String, String> environment, Optional<String> home, Optional<String> socket)
      throws CommandFailure {
    int uid = ownUid();
    Folders folders;
    try {
      folders = Folders.resolve(uid, environment, home, socket);
    } catch (MalformedValueException e) {
      throw new CommandFailure(ExitCode.USAGE, e.what() + ". " + e.remedy() + ".");
    }
    StringBuilder start = new StringBuilder("pmd");
    if (home.isPresent()) {
      start.append(" --home ").append(home.get());
    }
    if (socket.isPresent()) {
      start.append(" --socket ").append(socket.get());
    }
    return new Address(uid, folders, start.toString());
  }

  /** The socket. */
  public Path socket() {
    return folders.socket();
  }

  private static int ownUid() {
    try {
      return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException e) {
      return -1; // Without /proc we are nobody in particular, and surely not root.
    }
  }
}
