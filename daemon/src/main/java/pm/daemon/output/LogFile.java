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
final class LogFile {
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
  private final LineEnds lineEnds;
  private final LogIndex index;
  private final List<Source> sources = new ArrayList<>();

  private LogLimits limits;
  private int fd;
  private long device;
  private long inode;

  /** Where the open file is written next, which is its end unless others have changed it. */
  private long position = NOWHERE;

  /** Size at which the next rotation is due. */
  private long rotateAt;

  private long overhang;
  private long lookedNanos;
  private boolean hasLooked;

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
      LineEnds lineEnds,
      LogIndex index) {
    this.path = path;
    this.name = String.valueOf(path.getFileName());
    this.fd = fd;
    this.limits = limits;
    this.opening = opening;
    this.lineEnds = lineEnds;
    this.index = index;
    rotateAt = limits.maxSizeBytes();
  }

  Path path() {
    return path;
  }

  /** The pipes that lead here, the oldest first. */
  List<Source> sources() {
    return sources;
  }

  void changeLimits(LogLimits changed) {
    boolean fewer = changed.keep() < limits.keep();
    limits = changed;
    rotateAt = changed.maxSizeBytes();
    if (fewer) {
      try (LogFolder folder = opening.folderOf(path)) {
        Rotation.removeSurplus(folder, name, limits.keep());
      } catch (ErrnoException | OutputException e) {
        LOG.warn("{}: old files cannot be removed: {}", path, e.getMessage());
      }
    }
  }

  /**
   * What came of {@link #take}.
   *
   * @param bytes as {@link Fd#splice} says
   * @param isLimited whether the file's size, and not the pipe, said how many
   */
  record Taken(long bytes, boolean isLimited, boolean isRotated) {}

  /**
   * Moves some of a pipe's bytes to the end of the file.
   *
   * @throws ErrnoException if the file cannot be written; nothing is lost
   * @throws OutputException if it cannot be opened again; nothing is lost
   */
  Taken take(Source source, long nowNanos, long wallMillis) throws ErrnoException, OutputException {
    beSureOfTheEnd(nowNanos);
    long room = limits.maxSizeBytes() == 0 ? TURN_BYTES : rotateAt - position;
    if (room > 0) {
      long moved = Fd.splice(source.fd(), fd, Math.min(room, TURN_BYTES));
      moved(moved, wallMillis);
      return new Taken(moved, moved == room, false);
    }
    LineEnds.Front front = lineEnds.find(source.fd());
    if (front.bytes() <= 0) {
      return new Taken(front.bytes(), false, false);
    }
    long moved = Fd.splice(source.fd(), fd, front.bytes());
    moved(moved, wallMillis);
    overhang += Math.max(moved, 0);
    boolean endOfLine = moved == front.bytes() && front.isLine();
    boolean rotated = (endOfLine || overhang >= LONGEST_OVERHANG_BYTES) && rotate();
    return new Taken(moved, true, rotated);
  }

  private void moved(long bytes, long wallMillis) {
    if (bytes > 0) {
      index.wrote(inode, position, wallMillis);
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

  private boolean rotate() throws ErrnoException {
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

  /** Has the next write open the file anew by its name. */
  void reopen() {
    close();
  }

  void close() {
    if (fd >= 0) {
      int closing = fd;
      fd = -1;
      hasLooked = false;
      // Opened anew it begins at its start, even if it is the same file and has not changed.
      position = NOWHERE;
      try {
        Fd.close(closing);
      } catch (ErrnoException e) {
        LOG.warn("{}: {}", path, e.getMessage());
      }
    }
  }
}
