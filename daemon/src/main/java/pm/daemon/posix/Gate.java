package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.util.Set;
import pm.daemon.posix.SpawnException.Stage;

/**
 * Holds a child back: the shell that will execute the program says that it is there and waits for a
 * line of ours, both over a pair of sockets. If we die before we have written it, the shell finds
 * the other end closed and gives up, so that nothing runs that is only half prepared.
 *
 * <p>That the shell is there must be known, because posix_spawn(3) comes back in the middle of its
 * execve(2), at whose end the kernel puts back the limit of the stack as it was at the beginning.
 */
final class Gate implements AutoCloseable {
  /** Shells can name descriptors of one digit only. */
  private static final int LAST_NAMEABLE = 9;

  private static final int FIRST = 3;

  private final int childFd;
  private final int own;
  private final int others;
  private boolean isOthersClosed;

  /**
   * @param taken the child's descriptors
   */
  Gate(Set<Integer> taken) throws SpawnException {
    childFd = free(taken);
    try {
      Fd.Pair pair = Fd.socketPair();
      own = pair.one();
      others = pair.other();
    } catch (ErrnoException refused) {
      throw new SpawnException(Stage.SPAWN, refused);
    }
  }

  private static int free(Set<Integer> taken) throws SpawnException {
    for (int fd = LAST_NAMEABLE; fd >= FIRST; fd--) {
      if (!taken.contains(fd)) {
        return fd;
      }
    }
    throw new SpawnException(
        Stage.LIMITS, Errno.EMFILE, "one of the descriptors 3 to 9 must be free to set them");
  }

  /** Returns the child's descriptor that the shell speaks over. */
  int childFd() {
    return childFd;
  }

  /** Returns what is to be placed there. */
  int childEnd() {
    return others;
  }

  /** Returns the shell's part; it leaves neither a descriptor nor a variable behind. */
  String script() {
    return "echo >&%1$d && read -r pm_go <&%1$d || exit 125; exec %1$d<&-; unset pm_go; "
        .formatted(childFd);
  }

  /**
   * Waits until the child's shell is there. From then on its end is the child's alone.
   *
   * @return false if it has ended before
   */
  boolean await() throws SpawnException {
    try {
      closeOthers();
      return Fd.read(own, ByteBuffer.allocateDirect(1)) > 0;
    } catch (ErrnoException refused) {
      if (refused.errno() == Errno.ECONNRESET) {
        return false;
      }
      throw new SpawnException(Stage.SPAWN, refused);
    }
  }

  /** Lets the child go on. One that has ended needs no leave. */
  void open() throws SpawnException {
    try {
      Fd.writeFully(own, ByteBuffer.allocateDirect(1).put((byte) '\n').flip());
    } catch (ErrnoException refused) {
      if (refused.errno() != Errno.EPIPE && refused.errno() != Errno.ECONNRESET) {
        throw new SpawnException(Stage.SPAWN, refused);
      }
    }
  }

  private void closeOthers() throws ErrnoException {
    if (!isOthersClosed) {
      isOthersClosed = true;
      Fd.close(others);
    }
  }

  @Override
  public void close() {
    try {
      closeOthers();
      Fd.close(own);
    } catch (ErrnoException broken) {
      throw new IllegalStateException(broken);
    }
  }
}
