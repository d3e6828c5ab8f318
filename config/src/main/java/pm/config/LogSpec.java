package pm.config;

import java.time.Duration;
import java.util.Optional;

/**
 * What becomes of an instance's output.
 *
 * @param file of stdout; not {@link LogTarget.Merge}
 * @param stderr not {@link LogTarget.Auto}
 * @param maxSizeBytes a file is rotated at the first end of a line beyond this size; 1 KiB to 1 TiB
 * @param keep rotated files that are kept, 0 to 1000
 * @param maxAge after which a rotated file is removed, however few there are; positive
 * @param compress whether rotated files are compressed
 * @param format how lines are written
 */
public record LogSpec(
    LogTarget file,
    LogTarget stderr,
    long maxSizeBytes,
    int keep,
    Optional<Duration> maxAge,
    boolean compress,
    LineFormat format) {
  public static final long SMALLEST_MAX_SIZE_BYTES = 1L << 10;
  public static final long LARGEST_MAX_SIZE_BYTES = 1L << 40;
  public static final int MOST_KEPT = 1000;

  public static final LogSpec DEFAULT = new LogSpec(LogTarget.AUTO, LogTarget.MERGE, 50L << 20, 10);

  public LogSpec {
    if (file instanceof LogTarget.Merge || stderr instanceof LogTarget.Auto) {
      throw new IllegalArgumentException("stdout is not merged, and stderr has no automatic file");
    }
    if (maxSizeBytes < SMALLEST_MAX_SIZE_BYTES || maxSizeBytes > LARGEST_MAX_SIZE_BYTES) {
      throw new IllegalArgumentException("max_size is 1KiB to 1024GiB: " + maxSizeBytes);
    }
    if (keep < 0 || keep > MOST_KEPT) {
      throw new IllegalArgumentException("keep is 0 to " + MOST_KEPT + ": " + keep);
    }
    if (maxAge.isPresent() && !maxAge.get().isPositive()) {
      throw new IllegalArgumentException("max_age is longer than 0: " + maxAge.get());
    }
  }

  /** One whose lines are written as they come and whose files stay as they are. */
  public LogSpec(LogTarget file, LogTarget stderr, long maxSizeBytes, int keep) {
    this(file, stderr, maxSizeBytes, keep, Optional.empty(), false, LineFormat.RAW);
  }
}
