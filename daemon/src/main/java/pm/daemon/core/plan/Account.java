package pm.daemon.core.plan;

import java.util.List;

/**
 * The user that a process runs as, as the machine's user database knows him.
 *
 * @param name his name, or his number where he has none
 * @param groups supplementary groups
 * @param home {@code /} where none is known
 * @param shell {@code /bin/sh} where none is known
 */
public record Account(
    String name, int uid, int gid, List<Integer> groups, String home, String shell) {
  public Account {
    groups = List.copyOf(groups);
  }
}
