package pm.daemon.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * Gives busy pipes more room. A user without CAP_SYS_RESOURCE has a share of the memory for pipes,
 * which all his programs use; beyond it new pipes hold two pages. So few are large at a time, and
 * one that has become quiet gives its place to another. Writer thread only.
 */
final class LargePipes {
  private static final Logger LOG = LoggerFactory.getLogger(LargePipes.class);

  /** The most that an ordinary user may ask for, unless the machine is set up otherwise. */
  private static final int LARGE_BYTES = 1 << 20;

  /** An eighth of an ordinary user's share. */
  private static final int MOST_OF_A_USER = 8;

  private static final long QUIET_NANOS = 1_000_000_000;

  private final boolean isPrivileged;
  private final List<Source> large = new ArrayList<>();

  /**
   * @param isPrivileged whether we have CAP_SYS_RESOURCE
   */
  LargePipes(boolean isPrivileged) {
    this.isPrivileged = isPrivileged;
  }

  /** Makes a pipe larger; tells whether that was done. */
  boolean enlarge(Source source, long nowNanos) {
    if (source.capacity >= LARGE_BYTES
        || (!isPrivileged && large.size() >= MOST_OF_A_USER && !makeRoom(nowNanos))) {
      return false;
    }
    int before = source.capacity;
    if (!resize(source, LARGE_BYTES)) {
      return false;
    }
    source.smallCapacity = before;
    large.add(source);
    return true;
  }

  private boolean makeRoom(long nowNanos) {
    Optional<Source> quiet =
        large.stream().filter(pipe -> nowNanos - pipe.turnNanos > QUIET_NANOS).findFirst();
    if (quiet.isEmpty() || !resize(quiet.get(), quiet.get().smallCapacity)) {
      return false;
    }
    return large.remove(quiet.get());
  }

  private static boolean resize(Source source, int bytes) {
    try {
      source.capacity = Fd.setPipeSize(source.fd(), bytes);
      return true;
    } catch (ErrnoException e) {
      // The limit is lower on this machine, or the pipe holds more than that: it stays as it is.
      LOG.debug("{}: {}", source, e.getMessage());
      return false;
    }
  }

  void closed(Source source) {
    large.remove(source);
  }
}
