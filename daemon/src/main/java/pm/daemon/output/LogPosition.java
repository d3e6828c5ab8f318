package pm.daemon.output;

/**
 * A place in a log, which stays right when its file is renamed by a rotation, or compressed.
 *
 * @param identity the file; 0: the oldest that there is
 * @param offset bytes from its start
 */
public record LogPosition(long identity, long offset) {

  /** The first line that is kept. */
  public static final LogPosition START = new LogPosition(0, 0);

  public LogPosition {
    if (offset < 0) {
      throw new IllegalArgumentException("not a place in a file: " + offset);
    }
  }
}
