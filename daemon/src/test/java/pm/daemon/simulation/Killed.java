package pm.daemon.simulation;

/** The daemon is killed here. */
final class Killed extends RuntimeException {

  private static final long serialVersionUID = 1;

  Killed() {
    super("the daemon is killed", null, false, false);
  }
}
