package pm.daemon.output;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
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
    OUT("out", "stdout"),
    ERR("err", "stderr");

    private final String suffix;
    private final String word;

    Stream(String suffix, String word) {
      this.suffix = suffix;
      this.word = word;
    }

    /** Returns its name in records. */
    String word() {
      return word;
    }
  }

  /** Our end of a pipe, and how many bytes it holds at most. */
  record OurEnd(Path path, int fd, int capacity) {}

  private static final Logger LOG = LoggerFactory.getLogger(PipeFolder.class);
  private static final Set<String> SUFFIXES = Set.of(Stream.OUT.suffix, Stream.ERR.suffix);

  /** Both ends of a pipe; the child's is read and write, so that it outlives ours. */
  record Ends(int child, OurEnd ours) {}

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
      OurEnd ours = open(path);
      isWhole = true;
      return new Ends(child, ours);
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
  Optional<OurEnd> find(InstanceName instance, InvocationId invocation, Stream stream)
      throws ErrnoException {
    try {
      return Optional.of(open(path(instance, invocation, stream)));
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Opens the pipes of a daemon before us, and no more; the returned closes them. */
  Runnable hold(InstanceName instance, InvocationId invocation) {
    List<Integer> held = new ArrayList<>(SUFFIXES.size());
    for (Stream stream : Stream.values()) {
      try {
        held.add(
            Fd.open(
                path(instance, invocation, stream).toString(),
                OpenFlags.RDONLY | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW,
                0));
      } catch (ErrnoException none) {
        LOG.debug("nothing to hold: {}", none.getMessage());
      }
    }
    return () -> held.forEach(PipeFolder::letGo);
  }

  private static void letGo(int fd) {
    try {
      Fd.close(fd);
    } catch (ErrnoException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  /**
   * Opens our end of a pipe whose name was deleted while a process has it open. The kernel tells by
   * which name it was made, and nobody else's name has the invocation in it; empty if the process
   * has no such pipe, or has ended, or is not ours to look at.
   */
  Optional<OurEnd> findNameless(
      InstanceName instance, InvocationId invocation, Stream stream, int pid)
      throws ErrnoException {
    Path path = path(instance, invocation, stream);
    String deleted = path.getFileName() + " (deleted)";
    try (DirectoryStream<Path> descriptors =
        Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (Path descriptor : descriptors) {
        if (target(descriptor).endsWith(deleted)) {
          return Optional.of(open(path, descriptor.toString(), 0));
        }
      }
    } catch (ErrnoException e) {
      throw e;
    } catch (IOException | DirectoryIteratorException gone) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException closed) {
      return "";
    }
  }

  private static OurEnd open(Path path) throws ErrnoException {
    return open(path, path.toString(), OpenFlags.NOFOLLOW);
  }

  /** Opens what is made as {@code path} and is to be had at {@code at}. */
  private static OurEnd open(Path path, String at, int flags) throws ErrnoException {
    int fd = Fd.open(at, OpenFlags.RDONLY | OpenFlags.NONBLOCK | flags, 0);
    try {
      // Of something else than a pipe this is refused.
      return new OurEnd(path, fd, Fd.pipeSize(fd));
    } catch (ErrnoException e) {
      Fd.close(fd);
      throw e;
    }
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
    try (DirectoryStream<Path> pipes = Files.newDirectoryStream(folder)) {
      for (Path pipe : pipes) {
        String name = String.valueOf(pipe.getFileName());
        boolean isOurs = SUFFIXES.contains(name.substring(name.lastIndexOf('.') + 1));
        Optional<InvocationId> owner = InvocationId.ofFile(name);
        if (isOurs && owner.isPresent() && !claimed.contains(owner.get())) {
          remove(pipe);
          removed++;
        }
      }
    }
    return removed;
  }
}
