package pm.config;

/** A file that cannot be read as a tree of nodes, with the one problem that says why. */
final class UnreadableFileException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  UnreadableFileException(Location location, String message, String remedy) {
    super(message, null, false, false);
    problem = new Problem(location, "", message, remedy);
  }

  Problem problem() {
    return problem;
  }
}
