package pm.daemon.posix;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What {@link Spawn} starts.
 *
 * @param argv at least the program; one without a slash is looked for in {@code searchPath}, one
 *     with a slash that is not absolute below {@code workingDirectory}
 * @param searchPath directories separated by colons, as in {@code PATH}
 * @param environment the whole environment
 * @param workingDirectory an absolute path
 * @param descriptors all that the child gets, by its number there; what is missing of 0, 1 and 2 is
 *     {@code /dev/null}
 * @param credentials empty: our own
 * @param umask 0 to 0777; empty: our own
 */
public record SpawnRequest(
    List<String> argv,
    String searchPath,
    Map<String, String> environment,
    String workingDirectory,
    SortedMap<Integer, Stdio> descriptors,
    Optional<Credentials> credentials,
    OptionalInt umask,
    ChildSettings settings) {
  public SpawnRequest {
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
    TreeMap<Integer, Stdio> complete = new TreeMap<>(descriptors);
    for (int standard = 0; standard <= 2; standard++) {
      complete.putIfAbsent(standard, new Stdio.Null());
    }
    descriptors = Collections.unmodifiableSortedMap(complete);
    if (argv.isEmpty() || argv.getFirst().isEmpty()) {
      throw new IllegalArgumentException("no program to start");
    }
    if (!workingDirectory.startsWith("/")) {
      throw new IllegalArgumentException("not an absolute working directory: " + workingDirectory);
    }
    if (descriptors.firstKey() < 0) {
      throw new IllegalArgumentException("not a descriptor: " + descriptors.firstKey());
    }
    if (umask.isPresent() && (umask.getAsInt() & ~0777) != 0) {
      throw new IllegalArgumentException("not a umask: " + umask.getAsInt());
    }
  }

  /** One with three descriptors and without settings. */
  public SpawnRequest(
      List<String> argv,
      String searchPath,
      Map<String, String> environment,
      String workingDirectory,
      Stdio stdin,
      Stdio stdout,
      Stdio stderr,
      Optional<Credentials> credentials,
      OptionalInt umask) {
    this(
        argv,
        searchPath,
        environment,
        workingDirectory,
        new TreeMap<>(Map.of(0, stdin, 1, stdout, 2, stderr)),
        credentials,
        umask,
        ChildSettings.NONE);
  }
}
