package pm.daemon.control;

/**
 * Who is at the other end of a connection.
 *
 * @param pid its process as it connected, 0 if that is of another pid namespace
 */
record Peer(int uid, int pid, Role role) {}
