package pm.config;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where this daemon's files are. All paths are absolute. Nothing is created or looked at here.
 *
 * @param config {@code pmd.yaml} and {@code programs.d/}
 * @param run the socket, pipes and records of running processes; lost at a reboot
 * @param state what is kept across reboots
 * @param log the output of programs
 * @param givenSocket the socket that {@code --socket} or {@code PM_SOCKET} names, which wins over
 *     {@code pmd.yaml}
 */
public record Folders(Path config, Path run, Path state, Path log, Optional<Path> givenSocket) {
  /** The name of the daemon's own settings in {@link #config}. */
  public static final String DAEMON_FILE = "pmd.yaml";

  /** The name of the socket in {@link #run}. */
  public static final String SOCKET_FILE = "pmd.sock";

  /**
   * Finds the folders: below {@code --home} or {@code PM_HOME} if given; else those of the system
   * for root; else those of the XDG base directory specification, where {@code /tmp/pm-UID} stands
   * in for a missing {@code XDG_RUNTIME_DIR}.
   *
   * @param uid the user that this process runs as
   * @param environment of this process
   * @param home what {@code --home} says
   * @param socket what {@code --socket} says
   * @throws MalformedValueException if an option is empty, or the environment names no home folder,
   *     but it is needed
   */
  public static Folders resolve(
      int uid, Map<String, String> environment, Optional<String> home, Optional<String> socket)
      throws MalformedValueException {
    if (home.isPresent() && home.get().isEmpty()) {
      throw new MalformedValueException("--home is empty", "name a folder, or leave it out");
    }
    if (socket.isPresent() && socket.get().isEmpty()) {
      throw new MalformedValueException("--socket is empty", "name a socket, or leave it out");
    }
    // No lambda and no stream in this class: a client starts once a command, and linking them takes
    // it 5 ms.
    Optional<String> socketPath = socket.isPresent() ? socket : set(environment, "PM_SOCKET");
    Optional<Path> givenSocket =
        socketPath.isPresent() ? Optional.of(absolute(socketPath.get())) : Optional.empty();
    Optional<String> givenHome = home.isPresent() ? home : set(environment, "PM_HOME");
    if (givenHome.isPresent()) {
      Path root = absolute(givenHome.get());
      return new Folders(
          root.resolve("config"),
          root.resolve("run"),
          root.resolve("state"),
          root.resolve("log"),
          givenSocket);
    }
    if (uid == 0) {
      return new Folders(
          Path.of("/etc/pm"),
          Path.of("/run/pm"),
          Path.of("/var/lib/pm"),
          Path.of("/var/log/pm"),
          givenSocket);
    }
    Path state = xdg(environment, "XDG_STATE_HOME", ".local/state");
    Optional<Path> runtime = absoluteOnly(environment, "XDG_RUNTIME_DIR");
    Path run =
        runtime.isPresent()
            ? runtime.get().resolve("pm")
            : Path.of("/tmp/pm-" + Integer.toUnsignedString(uid));
    return new Folders(
        xdg(environment, "XDG_CONFIG_HOME", ".config"),
        run,
        state,
        state.resolve("log"),
        givenSocket);
  }

  /** The socket for a client, which reads no configuration. */
  public Path socket() {
    return socket(SocketSpec.DEFAULT);
  }

  /**
   * The socket: as given by option or environment, else by the configuration, else in the runtime
   * folder.
   */
  public Path socket(SocketSpec spec) {
    if (givenSocket.isPresent()) {
      return givenSocket.get();
    }
    return spec.path().isPresent() ? Path.of(spec.path().get()) : run.resolve(SOCKET_FILE);
  }

  private static Path xdg(Map<String, String> environment, String name, String belowHome)
      throws MalformedValueException {
    Optional<Path> given = absoluteOnly(environment, name);
    if (given.isPresent()) {
      return given.get().resolve("pm");
    }
    Optional<String> home = set(environment, "HOME");
    if (home.isEmpty()) {
      throw new MalformedValueException(
          "neither HOME nor " + name + " is set", "set one, or give --home DIR");
    }
    return absolute(home.get()).resolve(belowHome).resolve("pm");
  }

  /** The specification says that a relative path in one of its variables is to be ignored. */
  private static Optional<Path> absoluteOnly(Map<String, String> environment, String name) {
    Optional<String> path = set(environment, name);
    return path.isPresent() && path.get().startsWith("/")
        ? Optional.of(absolute(path.get()))
        : Optional.empty();
  }

  private static Optional<String> set(Map<String, String> environment, String name) {
    String value = environment.getOrDefault(name, "");
    return value.isEmpty() ? Optional.empty() : Optional.of(value);
  }

  private static Path absolute(String path) {
    return Path.of(path).toAbsolutePath().normalize();
  }
}
