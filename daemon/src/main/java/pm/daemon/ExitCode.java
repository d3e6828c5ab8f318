package pm.daemon;

/** pmd's exit codes; the numbers above 63 are those of sysexits.h. */
final class ExitCode {
  static final int OK = 0;
  static final int USAGE = 2;

  /** A fault of its own that it cannot go on with (EX_SOFTWARE); its programs go on. */
  static final int FAULT = 70;

  /** A state or runtime folder cannot be used (EX_CANTCREAT). */
  static final int FOLDER = 73;

  /** Another daemon holds the lock (EX_TEMPFAIL). */
  static final int LOCKED = 75;

  /** The daemon's own configuration is wrong (EX_CONFIG). */
  static final int CONFIGURATION = 78;

  private ExitCode() {}
}
