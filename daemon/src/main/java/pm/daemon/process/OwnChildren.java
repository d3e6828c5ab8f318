package pm.daemon.process;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/**
 * The children of this process's first thread: all that were left to us by their parents, and those
 * of our own threads that have ended. (The kernel gives orphans to the first living thread of the
 * process that takes them, and that of a JVM waits until the end.) Loop thread only.
 *
 * <p>The file is kept open, so that a look needs no descriptor when there are none left.
 */
final class OwnChildren implements AutoCloseable {
  private static final int NO_FILE = -1;

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(16 * 1024);
  private final ProcFs proc;
  private final int self;
  private final int fd;

  private OwnChildren(ProcFs proc, int self, int fd) {
    this.proc = proc;
    this.self = self;
    this.fd = fd;
  }

  /** Opens {@code /proc/self/task/PID/children}; proc_pid_task_children(5). */
  static OwnChildren open(ProcFs proc) throws ErrnoException {
    int self = Host.pid();
    OptionalInt fd = openList("/proc/" + self + "/task/" + self + "/children");
    return new OwnChildren(proc, self, fd.orElse(NO_FILE));
  }

  private static OptionalInt openList(String path) throws ErrnoException {
    try {
      return OptionalInt.of(Fd.open(path, OpenFlags.RDONLY, 0));
    } catch (ErrnoException refused) {
      // A kernel built without CONFIG_PROC_CHILDREN: then all processes are looked at.
      if (refused.errno() == Errno.ENOENT) {
        return OptionalInt.empty();
      }
      throw refused;
    }
  }

  /** Returns their pids, zombies too. */
  List<Integer> list() throws ErrnoException {
    return fd == NO_FILE ? listSlowly() : listFromFile();
  }

  private List<Integer> listFromFile() throws ErrnoException {
    List<Integer> pids = new ArrayList<>();
    long offset = 0;
    int pid = 0;
    while (true) {
      buffer.clear();
      int count = Fd.readAt(fd, buffer, offset);
      if (count <= 0) {
        return pids;
      }
      offset += count;
      for (int i = 0; i < count; i++) {
        int digit = buffer.get(i) - '0';
        if (digit >= 0 && digit <= 9) {
          pid = pid * 10 + digit;
        } else if (pid != 0) {
          pids.add(pid);
          pid = 0;
        }
      }
    }
  }

  private List<Integer> listSlowly() throws ErrnoException {
    List<Integer> ours = new ArrayList<>();
    for (int pid : proc.pids()) {
      Optional<ProcessStat> stat = proc.stat(pid);
      if (stat.isPresent() && stat.get().parent() == self) {
        ours.add(pid);
      }
    }
    return ours;
  }

  @Override
  public void close() throws ErrnoException {
    if (fd != NO_FILE) {
      Fd.close(fd);
    }
  }
}
