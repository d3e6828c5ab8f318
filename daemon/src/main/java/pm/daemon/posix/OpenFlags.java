package pm.daemon.posix;

/** Flags for {@link Fd#open}; open(2). Close-on-exec is always added. */
public final class OpenFlags {
  public static final int RDONLY = 0;
  public static final int WRONLY = 1;
  public static final int RDWR = 2;
  public static final int CREAT = 0x40;
  public static final int EXCL = 0x80;
  public static final int NOCTTY = 0x100;
  public static final int TRUNC = 0x200;
  public static final int APPEND = 0x400;
  public static final int NONBLOCK = 0x800;
  public static final int DIRECTORY = Layout.O_DIRECTORY;
  public static final int NOFOLLOW = Layout.O_NOFOLLOW;
  public static final int PATH = 0x200000;

  static final int CLOEXEC = 0x80000;

  private OpenFlags() {}
}
