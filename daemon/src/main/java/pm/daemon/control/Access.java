package pm.daemon.control;

import java.util.List;
import java.util.OptionalInt;

/**
 * Who may use the control socket.
 *
 * @param daemonUid the user that the daemon runs as
 * @param group the socket's group; empty if there is no such group
 */
public record Access(int daemonUid, OptionalInt group) {

  Role roleOf(int uid, int gid, List<Integer> groups) {
    if (uid == 0 || uid == daemonUid) {
      return Role.ADMINISTRATOR;
    }
    boolean isMember =
        group.isPresent() && (gid == group.getAsInt() || groups.contains(group.getAsInt()));
    return isMember ? Role.OPERATOR : Role.STRANGER;
  }
}
