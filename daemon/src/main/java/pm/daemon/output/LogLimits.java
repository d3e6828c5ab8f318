package pm.daemon.output;

import java.time.Duration;
import java.util.Optional;

/**
 * How much of a log is kept.
 *
 * @param maxSizeBytes a file is rotated at the first end of a line at or beyond this size; 0: never
 * @param keep how many rotated files are kept; 0: a full file is removed and begun anew
 * @param maxAge rotated files that were last written longer ago are removed
 * @param compress whether rotated files are compressed
 */
public record LogLimits(long maxSizeBytes, int keep, Optional<Duration> maxAge, boolean compress) {
  public LogLimits {
    if (maxSizeBytes < 0 || keep < 0 || maxAge.filter(age -> !age.isPositive()).isPresent()) {
      throw new IllegalArgumentException(
          "no limits of a log: " + maxSizeBytes + ", " + keep + ", " + maxAge);
    }
  }

  /** Limits of files that are neither compressed nor removed for their age. */
  public LogLimits(long maxSizeBytes, int keep) {
    this(maxSizeBytes, keep, Optional.empty(), false);
  }
}
