package pm.daemon.output;

import java.nio.ByteBuffer;
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
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.OpenFlags;

/**
 * The files of one log: the one that is written and those that rotation has renamed, as they are or
 * compressed. They are looked at from the newest to the oldest, the way in which a rotation moves
 * them, and each first as it is and then compressed, the way in which the archiver changes them; so
 * one that moves or changes meanwhile is seen twice at worst.
 */
record LogParts(Path log, Optional<LogFolder> held) {
  /** A rotation that a crash cut short leaves one unused number, so two of them end the row. */
  private static final int UNUSED_NUMBERS_AT_END = 2;

  LogParts(Path log) {
    this(log, Optional.empty());
  }

  /** Of a log in a folder that is open. */
  static LogParts in(LogFolder folder, Path log) {
    return new LogParts(log, Optional.of(folder));
  }

  /**
   * One file.
   *
   * @param identity stays when it is renamed or compressed, and is never that of another
   * @param sizeBytes of a compressed one, of what was compressed
   * @param number 0 for the one that is written
   */
  record Part(
      long identity, long sizeBytes, long modifiedMillis, int number, boolean isCompressed) {

    /** Tells whether it is the one that is written. */
    boolean isCurrent() {
      return number == 0;
    }
  }

  /** One file, open for reading; whoever asked for it closes it. */
  record Opened(int fd, Part part, Optional<LogArchive> archive) implements AutoCloseable {

    /** Reads from a place in it on, until the buffer is full or up to its end. */
    void read(ByteBuffer into, long offset) throws ErrnoException {
      if (archive.isPresent()) {
        archive.get().read(into, offset);
        return;
      }
      int begin = into.position();
      while (into.hasRemaining()) {
        if (Fd.readAt(fd, into, offset + into.position() - begin) == 0) {
          return;
        }
      }
    }

    @Override
    public void close() throws ErrnoException {
      Fd.close(fd);
    }
  }

  /**
   * Returns what tells a file from each other one that is, was, or will be: an inode alone is given
   * to a new file as soon as it is free. Not 0.
   */
  static long identity(int fd, FileStatus status) {
    // Where the file system does not say when a file was made, inodes must do.
    return status.inode() ^ (Fd.bornNanos(fd) * 0x9e37_79b9_7f4a_7c15L);
  }

  /** Returns the files, the oldest first. */
  List<Part> all() throws ErrnoException {
    return inFolder(List.of(), LogParts::findAll);
  }

  private List<Part> findAll() throws ErrnoException {
    Map<Long, Part> newestFirst = new LinkedHashMap<>();
    int unused = 0;
    for (int number = 0; unused < UNUSED_NUMBERS_AT_END; number++) {
      Optional<Part> part = look(number);
      unused = part.isPresent() || number == 0 ? 0 : unused + 1;
      part.ifPresent(
          found -> {
            newestFirst.remove(found.identity());
            newestFirst.put(found.identity(), found);
          });
    }
    List<Part> parts = new ArrayList<>(newestFirst.values());
    Collections.reverse(parts);
    return parts;
  }

  /** Returns the file that is written; empty if there is none at the moment. */
  Optional<Part> current() throws ErrnoException {
    return inFolder(Optional.empty(), parts -> parts.look(0));
  }

  private Optional<Part> look(int number) throws ErrnoException {
    Optional<Opened> opened = openEither(number);
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    try (Opened file = opened.get()) {
      return Optional.of(file.part());
    }
  }

  /** Opens a file by its identity, whatever its number is now; empty if it has been removed. */
  Optional<Opened> open(long identity) throws ErrnoException {
    return inFolder(Optional.empty(), parts -> parts.find(identity));
  }

  private Optional<Opened> find(long identity) throws ErrnoException {
    int unused = 0;
    for (int number = 0; unused < UNUSED_NUMBERS_AT_END; number++) {
      Optional<Opened> opened = openEither(number);
      unused = opened.isPresent() || number == 0 ? 0 : unused + 1;
      if (opened.isPresent()) {
        if (opened.get().part().identity() == identity) {
          return opened;
        }
        opened.get().close();
      }
    }
    return Optional.empty();
  }

  private interface Look<T> {
    T at(LogParts parts) throws ErrnoException;
  }

  /** Looks into the folder, open. */
  private <T> T inFolder(T nothing, Look<T> look) throws ErrnoException {
    if (held.isPresent()) {
      return look.at(this);
    }
    Path folder = log.toAbsolutePath().getParent();
    if (folder == null) {
      return nothing;
    }
    try (LogFolder open = LogFolder.open(folder)) {
      return look.at(in(open, log));
    } catch (OutputException unsafe) {
      throw new ErrnoException("open", folder + " (" + unsafe.reason() + ")", Errno.EACCES);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
        return nothing;
      }
      throw e;
    }
  }

  /** Opens the file that has a number, as it is where there is such a one. */
  private Optional<Opened> openEither(int number) throws ErrnoException {
    Optional<Opened> plain = openNumber(number, false);
    return plain.isPresent() || number == 0 ? plain : openNumber(number, true);
  }

  /** Opens the file that has a number and is of one kind. */
  Optional<Opened> open(int number, boolean isCompressed) throws ErrnoException {
    return inFolder(Optional.empty(), parts -> parts.openNumber(number, isCompressed));
  }

  private Optional<Opened> openNumber(int number, boolean isCompressed) throws ErrnoException {
    LogFolder folder = held.orElseThrow();
    String name = String.valueOf(log.getFileName());
    String file =
        isCompressed
            ? Rotation.compressed(name, number)
            : number == 0 ? name : Rotation.numbered(name, number);
    int fd;
    try {
      // What is no file must not hold us up, or lead us elsewhere.
      fd =
          Fd.open(
              folder.entry(file),
              OpenFlags.RDONLY | OpenFlags.NOFOLLOW | OpenFlags.NONBLOCK | OpenFlags.NOCTTY,
              0);
    } catch (ErrnoException e) {
      if (isNoFile(e)) {
        return Optional.empty();
      }
      throw e;
    }
    Optional<Opened> opened = Optional.empty();
    try {
      opened = opened(fd, number, isCompressed, folder.isOurs());
      return opened;
    } finally {
      if (opened.isEmpty()) {
        Fd.close(fd);
      }
    }
  }

  private static Optional<Opened> opened(
      int fd, int number, boolean isCompressed, boolean isFolderOurs) throws ErrnoException {
    FileStatus status = Fd.status(fd);
    if (!status.isRegular() || (status.links() > 1 && !isFolderOurs)) {
      return Optional.empty();
    }
    long modified = status.modifiedNanos() / 1_000_000;
    if (!isCompressed) {
      long identity = identity(fd, status);
      Part part = new Part(identity, status.sizeBytes(), modified, number, false);
      return Optional.of(new Opened(fd, part, Optional.empty()));
    }
    return LogArchive.of(fd)
        .map(
            archive ->
                new Opened(
                    fd,
                    new Part(archive.identity(), archive.sizeBytes(), modified, number, true),
                    Optional.of(archive)));
  }

  private static boolean isNoFile(ErrnoException e) {
    return switch (e.errno()) {
      case Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.ENXIO -> true;
      default -> false;
    };
  }
}
