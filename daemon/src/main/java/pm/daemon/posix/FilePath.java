package pm.daemon.posix;

/** Calls about files by path. Paths are written in UTF-8. Any thread may call. */
public final class FilePath {
  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;

  private static final long MKDIR = Libc.function("mkdir");
  private static final long RMDIR = Libc.function("rmdir");
  private static final long MKFIFO = Libc.function("mkfifo");
  private static final long FSTATAT = Libc.function("fstatat");
  private static final long CHMOD = Libc.function("chmod");
  private static final long CHOWN = Libc.function("chown");
  private static final long LCHOWN = Libc.function("lchown");
  private static final long UNLINK = Libc.function("unlink");
  private static final long RENAME = Libc.function("rename");
  private static final long LINK = Libc.function("link");

  private FilePath() {}

  /** Makes a named pipe; the umask is taken off its permissions; mkfifo(3). */
  public static void mkfifo(String path, int mode) throws ErrnoException {
    check("mkfifo", path, Libc.call(MKFIFO, Scratch.mine().path("mkfifo", path), mode));
  }

  /** Returns what the kernel knows of a file, behind a symbolic link of its target; stat(2). */
  public static FileStatus status(String path) throws ErrnoException {
    return status("stat", path, 0);
  }

  /** Returns what the kernel knows of a file, of a symbolic link itself; lstat(2). */
  public static FileStatus linkStatus(String path) throws ErrnoException {
    return status("lstat", path, AT_SYMLINK_NOFOLLOW);
  }

  private static FileStatus status(String call, String path, int flags) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    long name = scratch.path(call, path);
    check(call, path, Libc.call(FSTATAT, AT_FDCWD, name, scratch.address(), flags));
    return FileStatus.from(scratch.buffer());
  }

  /** Changes permissions, untouched by the umask; follows symbolic links; chmod(2). */
  public static void chmod(String path, int mode) throws ErrnoException {
    check("chmod", path, Libc.call(CHMOD, Scratch.mine().path("chmod", path), mode));
  }

  /** Changes the owner; -1 leaves one as it is; follows symbolic links; chown(2). */
  public static void chown(String path, int uid, int gid) throws ErrnoException {
    check("chown", path, Libc.call(CHOWN, Scratch.mine().path("chown", path), uid, gid));
  }

  /** Changes the owner, of a symbolic link itself; -1 leaves one as it is; lchown(2). */
  public static void changeLinkOwner(String path, int uid, int gid) throws ErrnoException {
    check("lchown", path, Libc.call(LCHOWN, Scratch.mine().path("lchown", path), uid, gid));
  }

  /** Makes a directory with these permissions, less the umask; mkdir(2). */
  public static void mkdir(String path, int mode) throws ErrnoException {
    check("mkdir", path, Libc.call(MKDIR, Scratch.mine().path("mkdir", path), mode));
  }

  /** Removes an empty directory; rmdir(2). */
  public static void rmdir(String path) throws ErrnoException {
    check("rmdir", path, Libc.call(RMDIR, Scratch.mine().path("rmdir", path)));
  }

  /** Removes a name that is no directory; unlink(2). */
  public static void unlink(String path) throws ErrnoException {
    check("unlink", path, Libc.call(UNLINK, Scratch.mine().path("unlink", path)));
  }

  /** Renames and replaces atomically within one file system; rename(2). */
  public static void rename(String from, String to) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    long source = scratch.path("rename", from);
    long target = scratch.secondPath("rename", to);
    checkBoth("rename", from, to, Libc.call(RENAME, source, target));
  }

  /** Gives a file another name, EEXIST if that is taken; link(2). */
  public static void link(String existing, String added) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    long source = scratch.path("link", existing);
    long target = scratch.secondPath("link", added);
    checkBoth("link", existing, added, Libc.call(LINK, source, target));
  }

  /**
   * Waits until a directory's names are on the disk, which a renamed or new file in it needs;
   * fsync(2). Blocks: never on the loop.
   */
  public static void syncDirectory(String path) throws ErrnoException {
    int fd = Fd.open(path, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0);
    try {
      Fd.sync(fd);
    } finally {
      Fd.close(fd);
    }
  }

  private static void check(String call, String path, long result) throws ErrnoException {
    if ((int) result < 0) {
      throw new ErrnoException(call, path, Libc.errno());
    }
  }

  private static void checkBoth(String call, String from, String to, long result)
      throws ErrnoException {
    if ((int) result < 0) {
      throw new ErrnoException(call, from + " to " + to, Libc.errno());
    }
  }
}
