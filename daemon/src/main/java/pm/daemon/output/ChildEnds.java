package pm.daemon.output;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Stdio;

/**
 * The child's ends of its output pipes. Whoever got them closes them, when the child has its own
 * copies or will never have: as long as they are open the end of its output is not seen.
 */
public final class ChildEnds implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ChildEnds.class);

  private final Stdio stdout;
  private final Stdio stderr;
  private final AtomicBoolean isClosed = new AtomicBoolean();

  ChildEnds(Stdio stdout, Stdio stderr) {
    this.stdout = stdout;
    this.stderr = stderr;
  }

  public Stdio stdout() {
    return stdout;
  }

  /** The same as {@link #stdout} where both are one pipe. */
  public Stdio stderr() {
    return stderr;
  }

  @Override
  public void close() {
    if (isClosed.compareAndSet(false, true)) {
      close(stdout);
      if (!stderr.equals(stdout)) {
        close(stderr);
      }
    }
  }

  private static void close(Stdio end) {
    switch (end) {
      case Stdio.Null() -> {}
      case Stdio.Descriptor(int fd) -> {
        try {
          Fd.close(fd);
        } catch (ErrnoException e) {
          LOG.warn("a child's end of a pipe: {}", e.getMessage());
        }
      }
    }
  }
}
