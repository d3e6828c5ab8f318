package pm.daemon.worker;

import java.nio.ByteBuffer;
import java.util.Optional;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * Our own, non-blocking end of the pipe that leads to a worker's log. What goes in mixes with what
 * the worker itself prints there, whole lines of up to 4096 bytes never inside each other. Without
 * a log everything is taken and dropped. Loop thread only.
 */
final class LogInlet implements AutoCloseable {
  private final Means means;
  private final Optional<Integer> fd;
  private boolean isGone;

  LogInlet(Means means, Optional<Integer> fd) {
    this.means = means;
    this.fd = fd;
    isGone = fd.isEmpty();
  }

  /** Returns the descriptor to wait for room; empty if there is no log. */
  Optional<Integer> fd() {
    return fd;
  }

  /**
   * Moves bytes from a pipe, without their passing through this process.
   *
   * @return how many; {@link Fd#WOULD_BLOCK} if there is no room
   */
  long move(int pipe, long bytes) throws ErrnoException {
    if (!isGone) {
      try {
        return Fd.splice(pipe, fd.orElseThrow(), bytes);
      } catch (ErrnoException e) {
        giveUp(e);
      }
    }
    means.drop(pipe, bytes);
    return bytes;
  }

  /**
   * Moves bytes from where a file is read, which must have them.
   *
   * @return how many; {@link Fd#WOULD_BLOCK} if there is no room
   */
  long moveFile(int file, long bytes) throws ErrnoException {
    if (!isGone) {
      try {
        return Fd.splice(file, fd.orElseThrow(), bytes);
      } catch (ErrnoException e) {
        giveUp(e);
      }
    }
    return bytes;
  }

  /**
   * Writes bytes.
   *
   * @return how many; {@link Fd#WOULD_BLOCK} if there is no room
   */
  int write(ByteBuffer bytes) throws ErrnoException {
    if (!isGone) {
      try {
        return Fd.write(fd.orElseThrow(), bytes);
      } catch (ErrnoException e) {
        giveUp(e);
      }
    }
    int all = bytes.remaining();
    bytes.position(bytes.limit());
    return all;
  }

  /** Nobody reads the log pipe any more, as when the daemon ends. */
  private void giveUp(ErrnoException e) throws ErrnoException {
    if (e.errno() != Errno.EPIPE) {
      throw e;
    }
    isGone = true;
  }

  @Override
  public void close() throws ErrnoException {
    isGone = true;
    if (fd.isPresent()) {
      Fd.close(fd.get());
    }
  }
}
