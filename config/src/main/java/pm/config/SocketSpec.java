package pm.config;

import java.util.Optional;

/**
 * The control socket.
 *
 * @param path absolute; empty: {@code pmd.sock} in the runtime folder
 * @param mode permission bits, 0 to 0777
 * @param group name of the group that may use it; has no effect if there is no such group
 */
public record SocketSpec(Optional<String> path, int mode, String group) {
  public static final SocketSpec DEFAULT = new SocketSpec(Optional.empty(), 0660, "pm");

  public SocketSpec {
    if (path.isPresent() && !path.get().startsWith("/")) {
      throw new IllegalArgumentException("the path of the socket is absolute: " + path.get());
    }
    if (mode < 0 || mode > 0777) {
      throw new IllegalArgumentException("mode is 0 to 0777: " + Integer.toOctalString(mode));
    }
  }
}
