package pm.daemon.notify;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.OpenFlags;

/**
 * The named pipes on which programs say by a newline that they are ready, as under s6: {@code
 * web@1.<invocation>.ready} in the folder of the pipes. Loop thread only, but for {@link #make}.
 *
 * <p>The child's end is open for reading as well, so that a daemon that is gone costs it nothing. A
 * pipe that is closed without a newline says nothing.
 */
public final class ReadyPipes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("pmd");
  private static final String SUFFIX = ".ready";
  private static final int READ_BYTES = 4_096;

  private final EventLoop loop;
  private final Path folder;
  private final Consumer<Report> reports;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
  private final Map<InvocationId, Pipe> pipes = new ConcurrentHashMap<>();

  /**
   * @param folder of the pipes; only we may write to it
   * @param reports gets what programs say, on the loop thread
   */
  public ReadyPipes(EventLoop loop, Path folder, Consumer<Report> reports) {
    this.loop = loop;
    this.folder = folder;
    this.reports = reports;
  }

  /**
   * Makes the pipe of an invocation that is about to be spawned. Any thread.
   *
   * @param number its descriptor in the child
   * @param uid user of the process
   * @return the child's end, which the caller closes
   */
  public int make(InstanceName instance, InvocationId invocation, int number, int uid, int gid)
      throws ErrnoException {
    Path path = path(instance, invocation);
    FilePath.mkfifo(path.toString(), 0600);
    int child = -1;
    boolean isWhole = false;
    try {
      child = Fd.open(path.toString(), OpenFlags.RDWR | OpenFlags.NOFOLLOW, 0);
      Fd.chown(child, uid, gid);
      pipes.put(invocation, new Pipe(instance, invocation, path, open(path), number, false));
      isWhole = true;
      return child;
    } finally {
      if (!isWhole) {
        if (child >= 0) {
          Fd.close(child);
        }
        FilePath.unlink(path.toString());
      }
    }
  }

  private Path path(InstanceName instance, InvocationId invocation) {
    return folder.resolve(instance + "." + invocation + SUFFIX);
  }

  private static int open(Path path) throws ErrnoException {
    return Fd.open(path.toString(), OpenFlags.RDONLY | OpenFlags.NONBLOCK | OpenFlags.NOFOLLOW, 0);
  }

  /** Opens our end of the pipe of an invocation of a daemon before us, if it had one. */
  public void reopen(InstanceName instance, InvocationId invocation, int number) {
    Path path = path(instance, invocation);
    try {
      pipes.put(invocation, new Pipe(instance, invocation, path, open(path), number, true));
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.ENOENT) {
        LOG.warn("{} cannot say that it is ready: {}", instance, refused.getMessage());
      }
    }
  }

  /** The invocation has a process: what it says is heard. */
  public void listen(InvocationId invocation) {
    Pipe pipe = pipes.get(invocation);
    if (pipe != null) {
      pipe.listen();
    }
  }

  /** The invocation is over. */
  public void release(InvocationId invocation) {
    Pipe pipe = pipes.remove(invocation);
    if (pipe != null) {
      pipe.close();
      try {
        FilePath.unlink(pipe.path.toString());
      } catch (ErrnoException refused) {
        LOG.debug("{}", refused.getMessage());
      }
    }
  }

  /** Removes the pipes of all invocations but these. Before the loop runs. */
  public void removeStale(Set<InvocationId> claimed) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path file : files) {
        Optional<InvocationId> owner = InvocationId.ofFile(String.valueOf(file.getFileName()));
        if (owner.isPresent() && !claimed.contains(owner.get())) {
          FilePath.unlink(file.toString());
        }
      }
    }
  }

  /** Hears nothing more; the pipes stay for the next daemon. */
  @Override
  public void close() {
    pipes.values().forEach(Pipe::close);
    pipes.clear();
  }

  /** The pipe of one invocation. */
  private final class Pipe {
    private final InstanceName instance;
    private final InvocationId invocation;
    private final Path path;
    private final int fd;
    private final int number;
    private boolean isListening;
    private boolean isClosed;
    private boolean isReady;

    /** Whether it may have said that it is ready to a daemon before us. */
    private final boolean isOld;

    Pipe(
        InstanceName instance,
        InvocationId invocation,
        Path path,
        int fd,
        int number,
        boolean isOld) {
      this.isOld = isOld;
      this.instance = instance;
      this.invocation = invocation;
      this.path = path;
      this.fd = fd;
      this.number = number;
    }

    void listen() {
      if (isListening || isClosed) {
        return;
      }
      try {
        loop.watch(fd, Epoll.IN, (ready, events) -> readable());
        isListening = true;
      } catch (ErrnoException refused) {
        LOG.warn("{} cannot say that it is ready: {}", instance, refused.getMessage());
      }
    }

    /** Once it is ready the rest is read and thrown away, so that it never waits for us. */
    private void readable() {
      try {
        buffer.clear();
        int count = Fd.read(fd, buffer);
        if (count == 0) {
          if (!isReady && !isOld) {
            LOG.warn(
                "{} has closed descriptor {} without a newline: it is not ready", instance, number);
          }
          close();
          return;
        }
        for (int i = 0; i < count && !isReady; i++) {
          if (buffer.get(i) == '\n') {
            isReady = true;
            reports.accept(new Report.BecameReady(invocation, "a newline on descriptor " + number));
          }
        }
      } catch (ErrnoException refused) {
        LOG.warn("{} cannot say that it is ready: {}", instance, refused.getMessage());
        close();
      }
    }

    void close() {
      if (isClosed) {
        return;
      }
      isClosed = true;
      if (isListening) {
        loop.unwatch(fd);
      }
      try {
        Fd.close(fd);
      } catch (ErrnoException refused) {
        LOG.warn("{}", refused.getMessage());
      }
    }
  }
}
