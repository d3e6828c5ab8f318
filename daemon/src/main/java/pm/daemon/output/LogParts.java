package pm.daemon.output;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.OpenFlags;

/**
 * The files of one log: the one that is written and those that rotation has renamed. They are
 * looked at from the newest to the oldest, the way in which a rotation moves them, so that one
 * which moves meanwhile is seen twice at worst.
 */
record LogParts(Path log) {
  /** A rotation that a crash cut short leaves one unused number, so two of them end the row. */
  private static final int UNUSED_NUMBERS_AT_END = 2;

  /**
   * One file.
   *
   * @param isCurrent whether it is the one that is written
   */
  record Part(long inode, long sizeBytes, long modifiedMillis, boolean isCurrent) {}

  /** One file, open for reading; whoever asked for it closes it. */
  record Opened(int fd, Part part) implements AutoCloseable {
    @Override
    public void close() throws ErrnoException {
      Fd.close(fd);
    }
  }

  /** Returns the files, the oldest first. */
  List<Part> all() throws ErrnoException {
    Map<Long, Part> newestFirst = new LinkedHashMap<>();
    int unused = 0;
    for (int number = 0; unused < UNUSED_NUMBERS_AT_END; number++) {
      Optional<Part> part = look(number);
      unused = part.isPresent() || number == 0 ? 0 : unused + 1;
      part.ifPresent(
          found -> {
            newestFirst.remove(found.inode());
            newestFirst.put(found.inode(), found);
          });
    }
    List<Part> parts = new ArrayList<>(newestFirst.values());
    Collections.reverse(parts);
    return parts;
  }

  /** Returns the file that is written; empty if there is none at the moment. */
  Optional<Part> current() throws ErrnoException {
    return look(0);
  }

  private Path path(int number) {
    return number == 0
        ? log
        : log.resolveSibling(Rotation.numbered(String.valueOf(log.getFileName()), number));
  }

  private Optional<Part> look(int number) throws ErrnoException {
    try {
      FileStatus status = FilePath.linkStatus(path(number).toString());
      return status.isRegular() ? Optional.of(part(status, number)) : Optional.empty();
    } catch (ErrnoException e) {
      if (isNotThere(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Part part(FileStatus status, int number) {
    return new Part(
        status.inode(), status.sizeBytes(), status.modifiedNanos() / 1_000_000, number == 0);
  }

  private static boolean isNotThere(ErrnoException e) {
    return e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR;
  }

  /** Opens a file by its inode, whatever its number is now; empty if it has been removed. */
  Optional<Opened> open(long inode) throws ErrnoException {
    int unused = 0;
    for (int number = 0; unused < UNUSED_NUMBERS_AT_END; number++) {
      Optional<Part> part = look(number);
      unused = part.isPresent() || number == 0 ? 0 : unused + 1;
      if (part.isPresent() && part.get().inode() == inode) {
        Optional<Opened> opened = open(inode, number);
        if (opened.isPresent()) {
          return opened;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Opened> open(long inode, int number) throws ErrnoException {
    int fd;
    try {
      // What is no file any more must not hold us up, or lead us elsewhere.
      fd =
          Fd.open(
              path(number).toString(),
              OpenFlags.RDONLY | OpenFlags.NOFOLLOW | OpenFlags.NONBLOCK | OpenFlags.NOCTTY,
              0);
    } catch (ErrnoException e) {
      if (isNotThere(e) || e.errno() == Errno.ELOOP) {
        return Optional.empty();
      }
      throw e;
    }
    boolean isIt = false;
    try {
      FileStatus status = Fd.status(fd);
      isIt = status.isRegular() && status.inode() == inode;
      return isIt ? Optional.of(new Opened(fd, part(status, number))) : Optional.empty();
    } finally {
      if (!isIt) {
        Fd.close(fd);
      }
    }
  }
}
