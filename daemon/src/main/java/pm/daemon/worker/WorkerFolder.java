package pm.daemon.worker;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.MappedLong;
import pm.daemon.posix.OpenFlags;

/**
 * The folder of the pipes of workers and of what belongs to them, all of which outlive the daemon.
 * Of {@code web@1.<invocation>} there are {@code .in}, the pipe to the worker; {@code .out}, the
 * pipe from it; {@code .torn}, which is there while a frame to it is half written; {@code .part},
 * the beginning of a frame from it whose end has not come; {@code .sent}, eight bytes that say
 * which task was sent last. Nobody else may enter it. Any thread.
 */
record WorkerFolder(Path folder) {

  /** The files of one invocation. */
  enum File {
    IN("in"),
    OUT("out"),
    TORN("torn"),
    PART("part"),
    SENT("sent");

    private final String suffix;

    File(String suffix) {
      this.suffix = suffix;
    }
  }

  private static final Set<String> SUFFIXES = Set.of("in", "out", "torn", "part", "sent");

  /**
   * Our ends: non-blocking, one to write and one to read.
   *
   * @param in empty if nobody has the other end open any more
   * @param sent the sequence of the last task whose frame was sent; 0 for none
   */
  record OurEnds(Optional<Integer> in, int out, MappedLong sent) {}

  /** All ends of a new invocation; the child's are read and write, so that they outlive ours. */
  record Ends(int childIn, int childOut, OurEnds ours) {}

  Path path(InstanceName instance, InvocationId invocation, File file) {
    return folder.resolve(instance + "." + invocation + "." + file.suffix);
  }

  /**
   * Makes both pipes; the child's user can open them by its descriptors too, as {@code /dev/stdin}.
   *
   * @param uid -1: our own
   * @param gid -1: our own
   */
  Ends make(InstanceName instance, InvocationId invocation, int uid, int gid)
      throws ErrnoException {
    int childIn = -1;
    int childOut = -1;
    boolean isWhole = false;
    try {
      childIn = makeChildEnd(path(instance, invocation, File.IN), uid, gid);
      childOut = makeChildEnd(path(instance, invocation, File.OUT), uid, gid);
      Ends ends = new Ends(childIn, childOut, openOurs(instance, invocation));
      isWhole = true;
      return ends;
    } finally {
      if (!isWhole) {
        close(childIn);
        close(childOut);
        remove(instance, invocation);
      }
    }
  }

  private static int makeChildEnd(Path path, int uid, int gid) throws ErrnoException {
    FilePath.mkfifo(path.toString(), 0600);
    int fd = Fd.open(path.toString(), OpenFlags.RDWR | OpenFlags.NOFOLLOW, 0);
    try {
      if (uid != -1 || gid != -1) {
        Fd.chown(fd, uid, gid);
      }
      return fd;
    } catch (ErrnoException e) {
      Fd.close(fd);
      throw e;
    }
  }

  private static void close(int fd) throws ErrnoException {
    if (fd >= 0) {
      Fd.close(fd);
    }
  }

  /** Opens our ends of the pipes of a daemon before us; empty if there are none. */
  Optional<OurEnds> find(InstanceName instance, InvocationId invocation) throws ErrnoException {
    try {
      return Optional.of(openOurs(instance, invocation));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private OurEnds openOurs(InstanceName instance, InvocationId invocation) throws ErrnoException {
    int out = open(path(instance, invocation, File.OUT), OpenFlags.RDONLY);
    int in = -1;
    boolean isWhole = false;
    try {
      in = openIn(path(instance, invocation, File.IN));
      MappedLong sent = MappedLong.open(path(instance, invocation, File.SENT).toString());
      isWhole = true;
      return new OurEnds(in < 0 ? Optional.empty() : Optional.of(in), out, sent);
    } finally {
      if (!isWhole) {
        close(out);
        close(in);
      }
    }
  }

  /** Opens the pipe to a worker; negative if nobody has its other end open any more. */
  private static int openIn(Path path) throws ErrnoException {
    try {
      return open(path, OpenFlags.WRONLY);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENXIO) {
        return -1;
      }
      throw e;
    }
  }

  private static int open(Path path, int access) throws ErrnoException {
    int fd = Fd.open(path.toString(), access | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0);
    try {
      // Of something else than a pipe this is refused.
      Fd.pipeSize(fd);
      return fd;
    } catch (ErrnoException e) {
      Fd.close(fd);
      throw e;
    }
  }

  /** Removes the names of an invocation; whoever has a pipe open can go on. */
  void remove(InstanceName instance, InvocationId invocation) throws ErrnoException {
    for (File file : File.values()) {
      remove(path(instance, invocation, file));
    }
  }

  static void remove(Path file) throws ErrnoException {
    try {
      FilePath.unlink(file.toString());
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }

  static boolean exists(Path file) throws ErrnoException {
    try {
      FilePath.linkStatus(file.toString());
      return true;
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Removes what belongs to all other invocations.
   *
   * @return how many files
   */
  int removeAllBut(Set<InvocationId> claimed) throws IOException {
    int removed = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        boolean isOurs = SUFFIXES.contains(name.substring(name.lastIndexOf('.') + 1));
        Optional<InvocationId> owner = InvocationId.ofFile(name);
        if (isOurs && owner.isPresent() && !claimed.contains(owner.get())) {
          remove(file);
          removed++;
        }
      }
    }
    return removed;
  }
}
