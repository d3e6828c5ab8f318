package pm.daemon.posix;

/** The capabilities that this program asks for; capabilities(7). */
public enum Capability {
  CHOWN(0),
  KILL(5),
  SETGID(6),
  SETUID(7),
  SYS_PTRACE(19),
  SYS_ADMIN(21),
  SYS_NICE(23),
  SYS_RESOURCE(24);

  private final int bit;

  Capability(int bit) {
    this.bit = bit;
  }

  boolean isIn(long mask) {
    return (mask & (1L << bit)) != 0;
  }
}
