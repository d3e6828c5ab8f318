package pm.daemon.posix;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@link Spawn} starts.
 *
 * @param argv at least the program; one without a slash is looked for in {@code searchPath}, one
 *     with a slash that is not absolute below {@code workingDirectory}
 * @param searchPath directories separated by colons, as in {@code PATH}
 * @param environment the whole environment
 * @param workingDirectory an absolute path
 * @param credentials empty: our own
 * @param umask 0 to 0777; empty: our own
 */
public record SpawnRequest(
    List<String> argv,
    String searchPath,
    Map<String, String> environment,
    String workingDirectory,
    Stdio stdin,
    Stdio stdout,
    Stdio stderr,
    Optional<Credentials> credentials,
    OptionalInt umask) {
  public SpawnRequest {
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
    if (argv.isEmpty() || argv.getFirst().isEmpty()) {
      throw new IllegalArgumentException("no program to start");
    }
    if (!workingDirectory.startsWith("/")) {
      throw new IllegalArgumentException("not an absolute working directory: " + workingDirectory);
    }
    if (umask.isPresent() && (umask.getAsInt() & ~0777) != 0) {
      throw new IllegalArgumentException("not a umask: " + umask.getAsInt());
    }
  }
}
