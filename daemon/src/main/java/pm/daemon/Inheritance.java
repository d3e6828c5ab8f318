package pm.daemon;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a daemon hands to the version that takes its place in the same process, in variables that no
 * program ever sees.
 *
 * @param from the version before
 * @param launcher the program to go back to if this version cannot start; empty if it has been gone
 *     back to already
 * @param lock descriptor that holds the lock
 * @param socket descriptor that listens at the control socket
 * @param failure why the installed version did not start; empty if this is the installed version
 */
record Inheritance(String from, Optional<String> launcher, int lock, int socket, String failure) {

  private static final String PREFIX = "PM_UPGRADE_";

  /** The command that leads to what is installed; read by {@code bin/pmd}. */
  static final String COMMAND = PREFIX + "COMMAND";

  private static final String FROM = PREFIX + "FROM";
  private static final String LAUNCHER = PREFIX + "LAUNCHER";
  private static final String LOCK = PREFIX + "LOCK_FD";
  private static final String SOCKET = PREFIX + "SOCKET_FD";
  private static final String FAILURE = PREFIX + "FAILURE";

  /** Returns what was handed over; empty if this daemon was started as daemons are. */
  static Optional<Inheritance> of(Map<String, String> environment) {
    @Nullable String from = environment.get(FROM);
    int lock = descriptor(environment.get(LOCK));
    int socket = descriptor(environment.get(SOCKET));
    if (from == null || lock < 0 || socket < 0) {
      return Optional.empty();
    }
    return Optional.of(
        new Inheritance(
            from,
            Optional.ofNullable(environment.get(LAUNCHER)),
            lock,
            socket,
            environment.getOrDefault(FAILURE, "")));
  }

  /** Returns an environment without any of it. */
  static Map<String, String> without(Map<String, String> environment) {
    Map<String, String> rest = new TreeMap<>(environment);
    rest.keySet().removeIf(name -> name.startsWith(PREFIX));
    return rest;
  }

  /** Returns {@code environment} with this added. */
  Map<String, String> in(Map<String, String> environment) {
    Map<String, String> all = new LinkedHashMap<>(environment);
    all.put(FROM, from);
    launcher.ifPresent(path -> all.put(LAUNCHER, path));
    all.put(LOCK, Integer.toString(lock));
    all.put(SOCKET, Integer.toString(socket));
    all.put(FAILURE, failure);
    return all;
  }

  private static int descriptor(@Nullable String text) {
    return text == null || !text.matches("[0-9]{1,9}") ? -1 : Integer.parseInt(text);
  }
}
