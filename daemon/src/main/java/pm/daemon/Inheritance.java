package pm.daemon;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import pm.protocol.Json;
import pm.protocol.JsonException;

/**
 * What a daemon hands to the version that takes its place in the same process, in variables that no
 * program ever sees.
 *
 * @param from the version before
 * @param before the program to go back to if this version cannot start, and its arguments; empty if
 *     it has been gone back to already
 * @param lock descriptor that holds the lock
 * @param socket descriptor that listens at the control socket
 * @param failure why the installed version did not start; empty if this is the installed version
 */
record Inheritance(String from, List<String> before, int lock, int socket, String failure) {

  private static final String PREFIX = "PM_UPGRADE_";

  private static final String FROM = PREFIX + "FROM";
  private static final String BEFORE = PREFIX + "BEFORE";
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
            words(environment.getOrDefault(BEFORE, "[]")),
            lock,
            socket,
            environment.getOrDefault(FAILURE, "")));
  }

  /** Returns the words of a JSON array of texts; none if it is not one. */
  static List<String> words(String json) {
    try {
      return Json.parse(json) instanceof List<?> list
          ? list.stream().filter(String.class::isInstance).map(String.class::cast).toList()
          : List.of();
    } catch (JsonException malformed) {
      return List.of();
    }
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
    all.put(BEFORE, Json.write(List.<Object>copyOf(before)));
    all.put(LOCK, Integer.toString(lock));
    all.put(SOCKET, Integer.toString(socket));
    all.put(FAILURE, failure);
    return all;
  }

  private static int descriptor(@Nullable String text) {
    return text == null || !text.matches("[0-9]{1,9}") ? -1 : Integer.parseInt(text);
  }
}
