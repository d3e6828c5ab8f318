package pm.daemon.output;

/**
 * The daemon's own outputs, for programs that inherit them.
 *
 * @param stdout an open descriptor; never closed here
 * @param stderr likewise
 * @param log held by whoever writes to {@code stderr}, for as long as a line takes
 */
public record OwnOutput(int stdout, int stderr, Object log) {

  /** Descriptors 1 and 2. */
  public static OwnOutput of(Object log) {
    return new OwnOutput(1, 2, log);
  }
}
