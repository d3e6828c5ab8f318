package pm.cli.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.config.Folders;
import pm.config.MalformedValueException;
import pm.protocol.ExitCode;

/**
 * What tells where the daemon is to be found.
 *
 * @param environment of this process
 * @param home what {@code --home} says
 * @param givenSocket what {@code --socket} says
 */
public record Address(
    Map<String, String> environment, Optional<String> home, Optional<String> givenSocket) {

  /** That of the daemon that root runs. */
  private static final Path MACHINE = Path.of("/run/pm", Folders.SOCKET_FILE);

  /** The user that this process runs as; -1, which is surely not root, where there is no /proc. */
  public int uid() {
    try {
      return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException e) {
      return -1;
    }
  }

  /**
   * The folders of a daemon of this user.
   *
   * @throws CommandFailure if neither options nor environment say enough
   */
  public Folders folders() throws CommandFailure {
    return folders(environment);
  }

  /**
   * The socket. It can be told even where the environment names no home folder. Who has no daemon
   * of their own is led to that of the machine.
   *
   * @throws CommandFailure also if anybody could have laid it there for us to find
   */
  public Path socket() throws CommandFailure {
    Map<String, String> complete = environment;
    if (!environment.containsKey("HOME")) {
      complete = new HashMap<>(environment);
      complete.put("HOME", "/");
    }
    Path own = folders(complete).socket();
    boolean isNamed =
        home.isPresent()
            || givenSocket.isPresent()
            || isSet(environment, "PM_HOME")
            || isSet(environment, "PM_SOCKET");
    if (isNamed) {
      return own;
    }
    checkOwner(own);
    return firstThere(own, MACHINE);
  }

  /** The first of two that is there, or may be: in a folder that cannot be read; else the first. */
  static Path firstThere(Path own, Path machine) {
    return Files.notExists(own) && !Files.notExists(machine) ? machine : own;
  }

  private static boolean isSet(Map<String, String> environment, String name) {
    return !environment.getOrDefault(name, "").isEmpty();
  }

  /** Where everybody may make folders, another's daemon would be told what is meant for ours. */
  private void checkOwner(Path socket) throws CommandFailure {
    Path run = Path.of("/tmp/pm-" + Integer.toUnsignedString(uid()));
    if (!socket.startsWith(run)) {
      return;
    }
    Object owner;
    try {
      owner = Files.getAttribute(run, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    } catch (IOException missing) {
      return;
    }
    if (!owner.equals(uid())) {
      throw new CommandFailure(
          ExitCode.NOT_PERMITTED,
          "the folder "
              + run
              + " belongs to user "
              + owner
              + ", so it is not your pmd that listens in it. Set XDG_RUNTIME_DIR, or give --socket"
              + " PATH.");
    }
  }

  private Folders folders(Map<String, String> variables) throws CommandFailure {
    try {
      return Folders.resolve(uid(), variables, home, givenSocket);
    } catch (MalformedValueException e) {
      String remedy = e.remedy();
      throw new CommandFailure(
          ExitCode.USAGE,
          e.what() + ". " + Character.toUpperCase(remedy.charAt(0)) + remedy.substring(1) + ".");
    }
  }

  /** What starts a daemon that listens there. */
  String startCommand() {
    StringBuilder start = new StringBuilder("pmd");
    if (home.isPresent()) {
      start.append(" --home ").append(home.get());
    }
    if (givenSocket.isPresent()) {
      start.append(" --socket ").append(givenSocket.get());
    }
    return start.toString();
  }
}
