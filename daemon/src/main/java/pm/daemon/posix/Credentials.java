package pm.daemon.posix;

import java.util.List;

/**
 * With whose rights a process acts; credentials(7).
 *
 * @param groups all supplementary groups, {@code gid} too if it is to be one of them
 */
public record Credentials(int uid, int gid, List<Integer> groups) {
  public Credentials {
    groups = List.copyOf(groups);
  }
}
