package pm.daemon.output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;

/**
 * One log file with one writer: takes bytes out of pipes and puts them at its end, rotates, and
 * notices what others do to it. Writer thread only.
 *
 * <p>A file that is cut is continued at its new end, one that is renamed, removed or replaced is
 * made anew, so that any outside rotation works. What is written between the look and the write is
 * the one thing that such an outsider can lose.
 */
final class LogFile implements Destination {
  private static final Logger LOG = LoggerFactory.getLogger(LogFile.class);

  /** Most that one call moves: no program holds up the others longer than this takes. */
  private static final long TURN_BYTES = 1 << 20;

  /** A line that goes on so far beyond the limit of the file is divided. */
  static final long LONGEST_OVERHANG_BYTES = 1 << 20;

  private static final long NOWHERE = -1;

  /** How long a file may have been replaced before a busy program notices. */
  private static final long LOOK_NANOS = 10_000_000;

  private final Path path;
  private final String name;
  private final LogFileOpening opening;
  private final PipeFront front;
  private final Records records;
  private final LogIndex index;
  private final Archiver archiver;
  private final List<Source> sources = new ArrayList<>();

  private LogLimits limits;
  private int fd;
  private long device;
  private long inode;

  /** As {@link LogParts#identity} tells it. */
  private long identity;

  /** Where the open file is written next, which is its end unless others have changed it. */
  private long position = NOWHERE;

  /** Size at which the next rotation is due. */
  private long rotateAt;

  private long overhang;

  /** The position, if what stands before it is a whole record. */
  private long endOfRecords = NOWHERE;

  private long lookedNanos;
  private boolean hasLooked;

  private boolean isBeginToBeNoted;

  /** Why the last rotation failed; empty if it did not. */
  private String warnedOfRotation = "";

  /**
   * @param fd as {@link LogFileOpening#open} gave it, or -1 to open it at the first write
   */
  LogFile(
      Path path,
      int fd,
      LogLimits limits,
      LogFileOpening opening,
      PipeFront front,
      Records records,
      LogIndex index,
      Archiver archiver) {
    this.path = path;
    this.name = String.valueOf(path.getFileName());
    this.fd = fd;
    this.limits = limits;
    this.opening = opening;
    this.front = front;
    this.records = records;
    this.index = index;
    this.archiver = archiver;
    rotateAt = limits.maxSizeBytes();
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public List<Source> sources() {
    return sources;
  }

  void changeLimits(LogLimits changed, long wallMillis) {
    boolean fewer =
        changed.keep() < limits.keep()
            || (changed.maxAge().isPresent() && !changed.maxAge().equals(limits.maxAge()));
    limits = changed;
    rotateAt = changed.maxSizeBytes();
    if (fewer) {
      try (LogFolder folder = opening.folderOf(path)) {
        Rotation.removeSurplus(folder, name, limits.keep());
      } catch (ErrnoException | OutputException e) {
        LOG.warn("{}: old files cannot be removed: {}", path, e.getMessage());
      }
      removeOld(wallMillis);
    }
  }

  /** Removes what a daemon that died has left half done. */
  void tidy() {
    try (LogFolder folder = opening.folderOf(path)) {
      archiver.tidy(path, folder);
    } catch (ErrnoException | OutputException e) {
      LOG.warn("{}: what was left half compressed stays: {}", path, e.getMessage());
    }
  }

  /** Nothing looks for old files all the time: they go when something else happens to the log. */
  private void removeOld(long wallMillis) {
    if (limits.maxAge().isEmpty()) {
      return;
    }
    try (LogFolder folder = opening.folderOf(path)) {
      Rotation.removeOlder(folder, name, wallMillis - limits.maxAge().get().toMillis());
    } catch (ErrnoException | OutputException e) {
      LOG.warn("{}: old files cannot be removed: {}", path, e.getMessage());
    }
  }

  @Override
  public Taken take(Source source, long nowNanos, long wallMillis)
      throws ErrnoException, OutputException {
    if (source.isFramed()) {
      return takeRecords(source, nowNanos, wallMillis);
    }
    beSureOfTheEnd(nowNanos);
    long room = limits.maxSizeBytes() == 0 ? TURN_BYTES : rotateAt - position;
    return room > 0 ? takeUpTo(source, room, wallMillis) : takeRestOfLine(source, wallMillis);
  }

  private Taken takeUpTo(Source source, long room, long wallMillis) throws ErrnoException {
    long most = Math.min(room, TURN_BYTES);
    if (source.isWatched()) {
      long seen = front.look(source.fd(), most);
      if (seen <= 0) {
        return Taken.nothing(seen);
      }
      long moved = Fd.splice(source.fd(), fd, seen);
      source.watch(front.bytes(), 0, (int) moved);
      moved(moved, wallMillis);
      return new Taken(moved, true, false);
    }
    long moved = Fd.splice(source.fd(), fd, most);
    moved(moved, wallMillis);
    return new Taken(moved, moved == room, false);
  }

  /** Fills the file up to the end of a line, and begins the next. */
  private Taken takeRestOfLine(Source source, long wallMillis) throws ErrnoException {
    long seen = front.look(source.fd(), PipeFront.MOST_BYTES);
    if (seen <= 0) {
      return Taken.nothing(seen);
    }
    int end = front.endOfLine(0, (int) seen);
    long wanted = Math.min(end + 1L, seen);
    long moved = Fd.splice(source.fd(), fd, wanted);
    source.watch(front.bytes(), 0, (int) moved);
    moved(moved, wallMillis);
    overhang += Math.max(moved, 0);
    boolean endOfLine = moved == wanted && end < seen;
    boolean rotated = (endOfLine || overhang >= LONGEST_OVERHANG_BYTES) && rotate(wallMillis);
    return new Taken(moved, true, rotated);
  }

  /**
   * Records are written before what they are made of is taken out of the pipe. So a death between
   * the two has them written again, with another time, and loses none.
   */
  private Taken takeRecords(Source source, long nowNanos, long wallMillis)
      throws ErrnoException, OutputException {
    if (source.awaitsPid()) {
      return Taken.nothing(Taken.UNDER_WAY);
    }
    beSureOfTheEnd(nowNanos);
    long room = limits.maxSizeBytes() == 0 ? Long.MAX_VALUE : Math.max(1, rotateAt - position);
    long seen = records.make(source, room);
    if (seen <= 0) {
      return Taken.nothing(seen);
    }
    if (position > 0 && position != endOfRecords) {
      position = TornEnd.mend(fd, position, source);
    }
    records.write(fd, position);
    moved(records.length(), wallMillis);
    endOfRecords = position;
    front.consume(source.fd(), records.consumed());
    boolean isFull = limits.maxSizeBytes() > 0 && position >= rotateAt;
    return new Taken(records.consumed(), records.isMore() || isFull, isFull && rotate(wallMillis));
  }

  private void moved(long bytes, long wallMillis) {
    if (bytes > 0) {
      noteBegin(wallMillis);
      index.wrote(identity, position, wallMillis);
      position += bytes;
    }
  }

  private void beSureOfTheEnd(long nowNanos) throws ErrnoException, OutputException {
    boolean look = !hasLooked || nowNanos - lookedNanos >= LOOK_NANOS;
    if (fd >= 0) {
      FileStatus status = Fd.status(fd);
      if (status.links() == 0 || (look && !isInPlace(status))) {
        close();
      } else {
        continueAt(status);
      }
    }
    if (fd < 0) {
      fd = opening.open(path);
      continueAt(Fd.status(fd));
    }
    if (look) {
      hasLooked = true;
      lookedNanos = nowNanos;
    }
  }

  private boolean isInPlace(FileStatus status) throws ErrnoException {
    try {
      return FilePath.linkStatus(path.toString()).isSameFileAs(status);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
        return false;
      }
      throw e;
    }
  }

  private void continueAt(FileStatus status) throws ErrnoException {
    boolean sameFile = status.inode() == inode && status.device() == device;
    if (!sameFile || status.sizeBytes() != position) {
      Fd.seekTo(fd, status.sizeBytes());
      if (!sameFile) {
        identity = LogParts.identity(fd, status);
      }
      if (!sameFile || status.sizeBytes() < position) {
        overhang = 0;
        rotateAt = limits.maxSizeBytes();
        index.forget();
      }
      device = status.device();
      inode = status.inode();
      position = status.sizeBytes();
    }
  }

  private boolean rotate(long wallMillis) throws ErrnoException {
    overhang = 0;
    try (LogFolder folder = opening.folderOf(path)) {
      Rotation.rotate(folder, name, limits.keep());
    } catch (ErrnoException e) {
      keepGrowing(Errno.message(e.errno()));
      return false;
    } catch (OutputException e) {
      keepGrowing(e.reason());
      return false;
    }
    warnedOfRotation = "";
    removeOld(wallMillis);
    if (limits.compress()) {
      archiver.compress(path);
    }
    // The next write makes the new file. Until then there is none, which readers can live with; to
    // make it here would have to cope with a full disk in a second place.
    close();
    return true;
  }

  /**
   * Better a file that is too long than a program that is held back. It is tried again after as
   * much output as the file should have held.
   */
  private void keepGrowing(String reason) {
    rotateAt = position + limits.maxSizeBytes();
    if (!reason.equals(warnedOfRotation)) {
      warnedOfRotation = reason;
      LOG.warn("{}: cannot be rotated, so it grows: {}", path, reason);
    }
  }

  @Override
  public void begins(long nowNanos, long wallMillis) {
    removeOld(wallMillis);
    isBeginToBeNoted = true;
    try {
      beSureOfTheEnd(nowNanos);
      noteBegin(wallMillis);
    } catch (ErrnoException | OutputException e) {
      // Then it is noted at the first write.
      LOG.debug("{}: {}", path, e.getMessage());
    }
  }

  private void noteBegin(long wallMillis) {
    if (isBeginToBeNoted) {
      isBeginToBeNoted = false;
      index.began(identity, position, wallMillis);
    }
  }

  @Override
  public boolean isBusy() {
    return false;
  }

  @Override
  public void reopen() {
    close();
  }

  @Override
  public void close() {
    if (fd >= 0) {
      int closing = fd;
      fd = -1;
      hasLooked = false;
      // Opened anew it begins at its start, even if it is the same file and has not changed.
      position = NOWHERE;
      endOfRecords = NOWHERE;
      // Once it is removed, the next file may get its inode, and is another one.
      inode = 0;
      device = 0;
      try {
        Fd.close(closing);
      } catch (ErrnoException e) {
        LOG.warn("{}: {}", path, e.getMessage());
      }
    }
  }
}
