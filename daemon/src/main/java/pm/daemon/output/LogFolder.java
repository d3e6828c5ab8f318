package pm.daemon.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;
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
 * <p>A way with links is walked name by name. A link that a user has laid must lead to what is that
 * user's own: he could lead a file of ours to a place where he must not write himself. Links of
 * root, of the daemon's own user and of the owner of {@code /} are trusted; of the others each name
 * that they say is looked at. A folder is what it is, whoever owns the one that it is in.
 */
final class LogFolder implements AutoCloseable {
  /** As many as the kernel follows in one path; path_resolution(7). */
  private static final int MAX_LINKS = 40;

  private final int fd;
  private final boolean isOurs;

  private LogFolder(int fd, boolean isOurs) {
    this.fd = fd;
    this.isOurs = isOurs;
  }

  /**
   * Opens a folder.
   *
   * @throws ErrnoException if there is none, or it is not accessible
   * @throws OutputException if the way to it is not safe
   */
  static LogFolder open(Path folder) throws ErrnoException, OutputException {
    OptionalInt straight =
        Fd.openWithoutLinks(folder.toString(), OpenFlags.PATH | OpenFlags.DIRECTORY);
    return straight.isPresent() ? reached(folder, straight.getAsInt()) : walkTo(folder);
  }

  /** Nearly always nobody has laid a link, and the kernel can say so in one step. */
  private static LogFolder reached(Path folder, int fd) throws ErrnoException {
    FileStatus found = statusOrClose(fd);
    boolean usable = false;
    try {
      Way way = new Way(folder, Host.euid(), FilePath.linkStatus("/").uid());
      usable = true;
      return new LogFolder(fd, way.isOurs(found));
    } finally {
      if (!usable) {
        Fd.close(fd);
      }
    }
  }

  /** As {@link #open} does where there are links, or the kernel cannot tell. */
  static LogFolder walkTo(Path folder) throws ErrnoException, OutputException {
    int at = Fd.open("/", OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
    try {
      FileStatus root = Fd.status(at);
      Way way = new Way(folder, Host.euid(), root.uid());
      FileStatus last = root;
      Deque<Step> ahead = new ArrayDeque<>();
      folder.forEach(name -> ahead.add(new Step(name.toString(), Optional.empty())));
      int links = 0;
      while (!ahead.isEmpty()) {
        Step step = ahead.remove();
        String entry = entry(at, step.name());
        int next = Fd.open(entry, OpenFlags.PATH | OpenFlags.NOFOLLOW, 0);
        FileStatus found = statusOrClose(next);
        if (found.isSymlink()) {
          Fd.close(next);
          way.check(step, found);
          links++;
          if (links > MAX_LINKS) {
            throw new ErrnoException("open", folder.toString(), Errno.ELOOP);
          }
          Optional<Integer> leader = way.leader(found).or(step::leader);
          Path target = Files.readSymbolicLink(Path.of(entry));
          for (int i = target.getNameCount() - 1; i >= 0; i--) {
            ahead.addFirst(new Step(target.getName(i).toString(), leader));
          }
          if (target.isAbsolute()) {
            way.check(new Step("/", leader), root);
            int top = Fd.open("/", OpenFlags.PATH | OpenFlags.DIRECTORY, 0);
            Fd.close(at);
            at = top;
            last = root;
          }
        } else {
          Fd.close(at);
          at = next;
          if (!found.isDirectory()) {
            throw new ErrnoException("open", folder.toString(), Errno.ENOTDIR);
          }
          way.check(step, found);
          last = found;
        }
      }
      LogFolder opened = new LogFolder(at, way.isOurs(last));
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

  /** Tells whether nobody else can put anything into it. */
  boolean isOurs() {
    return isOurs;
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

  /**
   * A name on the way.
   *
   * @param leader the user whose link leads there; empty if nobody does who is not trusted
   */
  private record Step(String name, Optional<Integer> leader) {}

  private record Way(Path folder, int ourselves, int ownerOfRoot) {
    private static final int OTHERS_WRITE = 0022;

    Optional<Integer> leader(FileStatus link) {
      return isTrusted(link.uid()) ? Optional.empty() : Optional.of(link.uid());
    }

    /** Not only the end of what a link says must be that user's: {@code own/../../etc} is not. */
    void check(Step step, FileStatus found) throws OutputException {
      if (step.leader().isPresent() && step.leader().get() != found.uid()) {
        throw new OutputException(
            folder,
            "a link on the way there is of user "
                + step.leader().get()
                + " and leads to what is not that user's own");
      }
    }

    boolean isOurs(FileStatus found) {
      return isTrusted(found.uid()) && (found.permissions() & OTHERS_WRITE) == 0;
    }

    private boolean isTrusted(int uid) {
      return uid == 0 || uid == ourselves || uid == ownerOfRoot;
    }
  }
}
