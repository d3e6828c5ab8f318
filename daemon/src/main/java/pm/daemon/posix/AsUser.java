package pm.daemon.posix;

import java.util.List;

/**
 * Opens files with the rights of another user, so that the kernel says who may. Only root can. The
 * one call happens on a thread that is made for it, because its groups stay changed; setfsuid(2).
 */
public final class AsUser {
  private static final long OPEN = Libc.function("open");

  private AsUser() {}

  /**
   * Opens a file; open(2).
   *
   * @param flags of {@link OpenFlags}; none that would make a file
   * @return the descriptor
   * @throws ErrnoException EACCES if that user may not
   */
  public static int open(Credentials user, String path, int flags) throws ErrnoException {
    if (path.indexOf('\0') >= 0) {
      throw new ErrnoException("open", path, Errno.EINVAL);
    }
    int groupsSize = Integer.BYTES * (user.groups().size() + 1);
    try (NativeBlock block = new NativeBlock(NativeBlock.sizeOf(path) + groupsSize + 16)) {
      Opening opening = new Opening(user, path, flags, block);
      opening.start();
      boolean isInterrupted = false;
      while (opening.isAlive()) {
        try {
          opening.join();
        } catch (InterruptedException asked) {
          // What it opens would be closed by nobody.
          isInterrupted = true;
        }
      }
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
      if (opening.fd < 0) {
        throw new ErrnoException("open", path, opening.errno);
      }
      return opening.fd;
    }
  }

  /** The thread. Nothing is made between the change of its rights and their return. */
  private static final class Opening extends Thread {
    private final int uid;
    private final int gid;
    private final int groupCount;
    private final long groups;
    private final long path;
    private final int flags;
    private final int ownUid = Host.euid();
    private final int ownGid = Host.egid();
    private int fd = -1;
    private int errno;

    Opening(Credentials user, String path, int flags, NativeBlock block) {
      super("open-as-user");
      uid = user.uid();
      gid = user.gid();
      List<Integer> ids = user.groups();
      groupCount = ids.size();
      this.flags = flags | OpenFlags.CLOEXEC;
      this.path = block.text(path);
      groups = block.take(Integer.BYTES * (groupCount + 1));
      for (int i = 0; i < groupCount; i++) {
        block.putInt(groups + (long) Integer.BYTES * i, ids.get(i));
      }
    }

    @Override
    public void run() {
      ForeignRights.begin();
      try {
        if (call(Layout.SYS_SETGROUPS, groupCount, groups) != 0) {
          errno = Libc.errno();
          return;
        }
        // They never fail openly, so it is asked whether they hold.
        call(Layout.SYS_SETFSGID, gid, 0);
        call(Layout.SYS_SETFSUID, uid, 0);
        if (call(Layout.SYS_SETFSUID, -1, 0) == uid && call(Layout.SYS_SETFSGID, -1, 0) == gid) {
          do {
            fd = (int) Libc.call(OPEN, path, flags, 0);
            errno = fd < 0 ? Libc.errno() : 0;
          } while (errno == Errno.EINTR);
        } else {
          errno = Errno.EPERM;
        }
        call(Layout.SYS_SETFSUID, ownUid, 0);
        call(Layout.SYS_SETFSGID, ownGid, 0);
      } finally {
        ForeignRights.end();
      }
    }

    private static int call(int number, long a, long b) {
      return (int) Libc.call(Libc.SYSCALL, number, a, b);
    }
  }
}
