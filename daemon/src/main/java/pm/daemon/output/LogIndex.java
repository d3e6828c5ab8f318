package pm.daemon.output;

import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;

/**
 * Notes when which part of a log is written, at most once a second, and nothing while nothing is
 * written. Writer thread only.
 *
 * <p>It serves {@code logs --since} and nothing depends on it: if it cannot be written that is said
 * once, and the log goes on.
 */
final class LogIndex {
  private static final Logger LOG = LoggerFactory.getLogger(LogIndex.class);

  /** Bytes written within this time of an entry have none of their own. */
  static final long STEP_MILLIS = 1000;

  private final LogIndexFile file;
  private final ByteBuffer scratch;
  private long lastMillis;
  private boolean hasLast;
  private boolean hasFailed;

  /**
   * @param scratch at least {@link LogIndexFile#MOST_APPENDED_BYTES}, direct; all of one thread may
   *     share it
   */
  LogIndex(LogIndexFile file, ByteBuffer scratch) {
    this.file = file;
    this.scratch = scratch;
  }

  /** Bytes from {@code offset} on were written just now. */
  void wrote(long identity, long offset, long wallMillis) {
    boolean isNoted = hasLast && wallMillis >= lastMillis && wallMillis - lastMillis < STEP_MILLIS;
    if (isNoted) {
      return;
    }
    note(new LogIndexFile.Entry(wallMillis, identity, offset, false));
  }

  /** An invocation begins at {@code offset}. */
  void began(long identity, long offset, long wallMillis) {
    note(new LogIndexFile.Entry(wallMillis, identity, offset, false, true));
  }

  private void note(LogIndexFile.Entry entry) {
    hasLast = true;
    lastMillis = entry.wallMillis();
    try {
      int entries = file.append(entry, scratch);
      if (entries >= LogIndexFile.MOST_ENTRIES) {
        file.replace(LogIndexFile.thinned(file.read()));
      }
      hasFailed = false;
    } catch (ErrnoException e) {
      if (!hasFailed) {
        hasFailed = true;
        LOG.warn(
            "{}: times cannot be noted, --since is less exact: {}", file.log(), e.getMessage());
      }
    }
  }

  /** The next bytes are of another file, or of one that was cut: they get an entry at once. */
  void forget() {
    hasLast = false;
  }
}
