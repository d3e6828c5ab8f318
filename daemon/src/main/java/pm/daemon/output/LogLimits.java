package pm.daemon.output;

/**
 * How much of a log is kept.
 *
 * @param maxSizeBytes a file is rotated at the first end of a line at or beyond this size; 0: never
 * @param keep how many rotated files are kept; 0: a full file is removed and begun anew
 */
public record LogLimits(long maxSizeBytes, int keep) {
  public LogLimits {
    if (maxSizeBytes < 0 || keep < 0) {
      throw new IllegalArgumentException("no limits of a log: " + maxSizeBytes + ", " + keep);
    }
  }
}
