package pm.daemon.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/**
 * The folder of a log file, held open while files in it are opened or renamed, so that nobody can
 * exchange it in between.
 *
 * <p>The way to it is walked name by name. A link that a user has laid must lead to what is that
 * user's own: he could lead a file of ours to a place where he must not write himself. Links of
 * root, of the daemon's own user and of the owner of {@code /} are trusted. A folder is what it is,
 * whoever owns the one that it is in.
 */
final class LogFolder implements AutoCloseable {
  /** As many as the kernel follows in one path; path_resolution(7). */
  private static final int MAX_LINKS = 40;

  private final int fd;

  private LogFolder(int fd) {
    this.fd = fd;
  }

  /**
   * Opens a folder.
   *
   * @throws ErrnoException if there is none, or it is not accessible
   * @throws OutputException if the way to it is not safe
   */
  static LogFolder open(Path folder) throws ErrnoException, OutputException {
    int at = Fd.open("/", OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
    try {
      FileStatus root = Fd.status(at);
      Way way = new Way(folder, Host.euid(), root.uid());
      FileStatus last = root;
      Deque<String> ahead = new ArrayDeque<>();
      folder.forEach(name -> ahead.add(name.toString()));
      int links = 0;
      while (!ahead.isEmpty()) {
        String name = ahead.remove();
        String entry = entry(at, name);
        int next = Fd.open(entry, OpenFlags.PATH | OpenFlags.NOFOLLOW, 0);
        FileStatus found = statusOrClose(next);
        if (found.isSymlink()) {
          Fd.close(next);
          way.step(last, found);
          links++;
          if (links > MAX_LINKS) {
            throw new ErrnoException("open", folder.toString(), Errno.ELOOP);
          }
          Path target = Files.readSymbolicLink(Path.of(entry));
          for (int i = target.getNameCount() - 1; i >= 0; i--) {
            ahead.addFirst(target.getName(i).toString());
          }
          last = found;
          if (target.isAbsolute()) {
            int top = Fd.open("/", OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
            Fd.close(at);
            at = top;
            way.step(last, root);
            last = root;
          }
        } else {
          Fd.close(at);
          at = next;
          if (!found.isDirectory()) {
            throw new ErrnoException("open", folder.toString(), Errno.ENOTDIR);
          }
          way.step(last, found);
          last = found;
        }
      }
      LogFolder opened = new LogFolder(at);
      at = -1;
      return opened;
    } catch (ErrnoException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(folder, e.toString());
    } finally {
      if (at >= 0) {
        Fd.close(at);
      }
    }
  }

  private static FileStatus statusOrClose(int fd) throws ErrnoException {
    try {
      return Fd.status(fd);
    } catch (ErrnoException e) {
      Fd.close(fd);
      throw e;
    }
  }

  private static String entry(int folder, String name) {
    // As openat(2) and its kind would do: the kernel goes on from the open folder itself.
    return "/proc/self/fd/" + folder + "/" + name;
  }

  /** Returns a path to a name in this very folder, good until it is closed. */
  String entry(String name) {
    return entry(fd, name);
  }

  /** Tells whether there is something of that name. */
  boolean has(String name) throws ErrnoException {
    try {
      FilePath.linkStatus(entry(name));
      return true;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public void close() throws ErrnoException {
    Fd.close(fd);
  }

  private record Way(Path folder, int ourselves, int ownerOfRoot) {
    void step(FileStatus from, FileStatus to) throws OutputException {
      boolean trusted = from.uid() == 0 || from.uid() == ourselves || from.uid() == ownerOfRoot;
      if (from.isSymlink() && !trusted && from.uid() != to.uid()) {
        throw new OutputException(
            folder,
            "a link on the way there is of user "
                + from.uid()
                + " and leads to what is not that user's own");
      }
    }
  }
}
