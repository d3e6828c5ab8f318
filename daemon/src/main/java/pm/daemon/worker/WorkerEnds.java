package pm.daemon.worker;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Stdio;

/**
 * A worker's ends of its pipes. Whoever got them closes them, when the worker has its own copies or
 * will never have: as long as they are open its end is not seen.
 */
public final class WorkerEnds implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerEnds.class);

  private final int in;
  private final int out;
  private final AtomicBoolean isClosed = new AtomicBoolean();

  WorkerEnds(int in, int out) {
    this.in = in;
    this.out = out;
  }

  /** Returns what the worker reads messages from. */
  public Stdio in() {
    return new Stdio.Descriptor(in);
  }

  /** Returns what it writes messages to. */
  public Stdio out() {
    return new Stdio.Descriptor(out);
  }

  @Override
  public void close() {
    if (isClosed.compareAndSet(false, true)) {
      close(in);
      close(out);
    }
  }

  private static void close(int fd) {
    try {
      Fd.close(fd);
    } catch (ErrnoException e) {
      LOG.warn("a worker's end of a pipe: {}", e.getMessage());
    }
  }
}
