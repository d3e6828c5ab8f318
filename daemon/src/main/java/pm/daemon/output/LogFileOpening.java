package pm.daemon.output;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.OpenFlags;

/**
 * Opens log files for writing at their end, and nothing that only looks like one: no link, no pipe,
 * no device, no file that has another name elsewhere. Any thread.
 *
 * @param ownFolder the daemon's own log folder; it and folders below it are made if missing, others
 *     are not
 */
record LogFileOpening(Path ownFolder) {
  private static final int FILE_MODE = 0640;
  private static final int FOLDER_MODE = 0750;
  private static final int FLAGS =
      OpenFlags.WRONLY
          | OpenFlags.NOFOLLOW
          // A named pipe without a reader would hold us up for ever; a file does not mind.
          | OpenFlags.NONBLOCK
          | OpenFlags.NOCTTY;

  /**
   * Opens the folder that {@code file} is in.
   *
   * @throws OutputException if that is not possible, with the sentence for people
   */
  LogFolder folderOf(Path file) throws OutputException {
    Path folder = folder(file);
    try {
      try {
        return LogFolder.open(folder);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ENOENT || !folder.startsWith(ownFolder)) {
          throw e;
        }
        make(folder);
        return LogFolder.open(folder);
      }
    } catch (ErrnoException e) {
      throw new OutputException(folder, e);
    }
  }

  private static Path folder(Path file) {
    Path folder = file.getParent();
    if (folder == null) {
      throw new IllegalArgumentException("not a path of a file: " + file);
    }
    return folder;
  }

  /** With our modes, whatever the umask of whoever started us is. */
  private static void make(Path folder) throws OutputException {
    Deque<Path> missing = new ArrayDeque<>();
    for (Path at = folder; at != null && Files.notExists(at); at = at.getParent()) {
      missing.push(at);
    }
    try {
      for (Path each : missing) {
        Files.createDirectory(each);
        FilePath.chmod(each.toString(), FOLDER_MODE);
      }
    } catch (FileAlreadyExistsException e) {
      // Somebody else was quicker; what it is shows when it is opened.
    } catch (ErrnoException e) {
      throw new OutputException(folder, e);
    } catch (IOException e) {
      String reason = e instanceof java.nio.file.FileSystemException f ? f.getReason() : null;
      throw new OutputException(folder, reason == null ? e.toString() : reason);
    }
  }

  /** Opens {@code file}, making it if missing. */
  int open(Path file) throws OutputException {
    try (LogFolder folder = folderOf(file)) {
      return open(file, folder);
    } catch (ErrnoException e) {
      throw new OutputException(file, e);
    }
  }

  private static int openOrMake(String file) throws ErrnoException {
    while (true) {
      try {
        return Fd.open(file, FLAGS, 0);
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ENOENT) {
          throw e;
        }
      }
      int made;
      try {
        made = Fd.open(file, FLAGS | OpenFlags.CREAT | OpenFlags.EXCL, FILE_MODE);
      } catch (ErrnoException e) {
        if (e.errno() == Errno.EEXIST) {
          // Made by somebody else just now, who may want another mode.
          continue;
        }
        throw e;
      }
      // The umask of whoever started us has nothing to say here.
      Fd.chmod(made, FILE_MODE);
      return made;
    }
  }

  /** Opens {@code file} in its folder, making it if missing. */
  int open(Path file, LogFolder folder) throws ErrnoException, OutputException {
    int fd;
    try {
      fd = openOrMake(folder.entry(String.valueOf(file.getFileName())));
    } catch (ErrnoException e) {
      throw switch (e.errno()) {
        case Errno.ELOOP -> new OutputException(file, "is a symbolic link, not a file");
        case Errno.ENXIO -> new OutputException(file, "is a named pipe, not a file");
        default -> new OutputException(file, e);
      };
    }
    boolean usable = false;
    try {
      FileStatus status = Fd.status(fd);
      if (!status.isRegular()) {
        throw new OutputException(
            file, "is a " + (status.isFifo() ? "named pipe" : "device") + ", not a file");
      }
      if (status.links() > 1) {
        throw new OutputException(
            file, "has " + status.links() + " names (hard links); a log file must have one");
      }
      usable = true;
      return fd;
    } finally {
      if (!usable) {
        Fd.close(fd);
      }
    }
  }
}
