package pm.daemon.output;

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
import pm.daemon.posix.OpenFlags;

/**
 * The folder of the named pipes, which outlive the daemon: {@code web@1.<invocation>.out} and
 * {@code .err}. Nobody else may enter it. Any thread.
 */
record PipeFolder(Path folder) {

  /** One of the two streams of a process. */
  enum Stream {
    OUT("out"),
    ERR("err");

    private final String suffix;

    Stream(String suffix) {
      this.suffix = suffix;
    }
  }

  /** Both ends of a pipe: the child's, which is read and write so that it outlives us, and ours. */
  record Ends(Path path, int child, int ours) {}

  Path path(InstanceName instance, InvocationId invocation, Stream stream) {
    return folder.resolve(instance + "." + invocation + "." + stream.suffix);
  }

  /**
   * Makes a pipe that the child's user can open by its descriptors too, as {@code /dev/stdout}.
   *
   * @param uid -1: our own
   * @param gid -1: our own
   */
  Ends make(InstanceName instance, InvocationId invocation, Stream stream, int uid, int gid)
      throws ErrnoException {
    Path path = path(instance, invocation, stream);
    FilePath.mkfifo(path.toString(), 0600);
    int child = -1;
    boolean isWhole = false;
    try {
      child = Fd.open(path.toString(), OpenFlags.RDWR | OpenFlags.NOFOLLOW, 0);
      if (uid != -1 || gid != -1) {
        Fd.chown(child, uid, gid);
      }
      int ours = open(path);
      isWhole = true;
      return new Ends(path, child, ours);
    } finally {
      if (!isWhole) {
        if (child >= 0) {
          Fd.close(child);
        }
        FilePath.unlink(path.toString());
      }
    }
  }

  /** Opens our end of a pipe of a daemon before us; empty if that stream is at its end. */
  Optional<Integer> find(InstanceName instance, InvocationId invocation, Stream stream)
      throws ErrnoException {
    Path path = path(instance, invocation, stream);
    int fd;
    try {
      fd = open(path);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
    if (!Fd.status(fd).isFifo()) {
      Fd.close(fd);
      throw new IllegalStateException(path + " is not the named pipe that we left there");
    }
    return Optional.of(fd);
  }

  private static int open(Path path) throws ErrnoException {
    return Fd.open(path.toString(), OpenFlags.RDONLY | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0);
  }

  /** Removes the name of a pipe; whoever has it open can go on. */
  static void remove(Path pipe) throws ErrnoException {
    try {
      FilePath.unlink(pipe.toString());
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
  }

  /**
   * Removes the pipes of all other invocations.
   *
   * @return how many
   */
  int removeAllBut(Set<InvocationId> claimed) throws IOException {
    int removed = 0;
    try (DirectoryStream<Path> pipes = Files.newDirectoryStream(folder, "*.{out,err}")) {
      for (Path pipe : pipes) {
        String[] parts = String.valueOf(pipe.getFileName()).split("\\.", -1);
        String id = parts.length < 3 ? "" : parts[parts.length - 2];
        if (id.length() == 32 && !claimed.contains(new InvocationId(id))) {
          remove(pipe);
          removed++;
        }
      }
    }
    return removed;
  }
}
