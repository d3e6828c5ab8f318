package pm.daemon.control;

import pm.protocol.Method;

/** What a peer may do. */
enum Role {
  /** Root and the daemon's own user: everything. */
  ADMINISTRATOR,
  /** Members of the socket's group: everything but what concerns the daemon itself. */
  OPERATOR,
  /** Everybody else: nothing. */
  STRANGER;

  boolean may(Method.Access access) {
    return switch (this) {
      case ADMINISTRATOR -> true;
      case OPERATOR ->
          switch (access) {
            case OPERATOR -> true;
            case ADMINISTRATOR -> false;
          };
      case STRANGER -> false;
    };
  }
}
