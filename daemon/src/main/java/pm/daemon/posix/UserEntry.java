package pm.daemon.posix;

/**
 * An entry of the user database; passwd(5).
 *
 * @param gid of its primary group
 */
public record UserEntry(String name, int uid, int gid, String home, String shell) {}
