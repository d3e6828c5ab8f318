package pm.daemon.posix;

import java.nio.charset.StandardCharsets;

/** The kernel's error numbers that this program tells apart, and the words for all of them. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int E2BIG = 7;
  public static final int ENOEXEC = 8;
  public static final int EBADF = 9;
  public static final int ECHILD = 10;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int EXDEV = 18;
  public static final int ENODEV = 19;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int ETXTBSY = 26;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int ESPIPE = 29;
  public static final int EROFS = 30;
  public static final int EPIPE = 32;
  public static final int ERANGE = 34;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int ENOTEMPTY = 39;
  public static final int ELOOP = 40;
  public static final int EOPNOTSUPP = 95;
  public static final int EADDRINUSE = 98;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int ENOTCONN = 107;
  public static final int ECONNREFUSED = 111;
  public static final int EINPROGRESS = 115;
  public static final int EDQUOT = 122;

  private static final long STRERRORNAME = Libc.function("strerrorname_np");
  private static final long STRERRORDESC = Libc.function("strerrordesc_np");

  private Errno() {}

  /** Returns the symbol, such as {@code ENOENT}; strerrorname_np(3), glibc 2.32. */
  public static String name(int errno) {
    long address = Libc.call(STRERRORNAME, errno);
    return address == 0 ? "errno " + errno : text(address);
  }

  /** Returns the sentence, such as {@code No such file or directory}; strerrordesc_np(3). */
  public static String message(int errno) {
    long address = Libc.call(STRERRORDESC, errno);
    return address == 0 ? "Unknown error " + errno : text(address);
  }

  /**
   * Tells whether the machine, the user or the process has run out of something, so that the same
   * call may well succeed later: descriptors, memory, processes, space.
   */
  public static boolean isShortage(int errno) {
    return switch (errno) {
      case EAGAIN, ENOMEM, EMFILE, ENFILE, ENOBUFS, ENOSPC, EDQUOT -> true;
      default -> false;
    };
  }

  private static String text(long address) {
    return new String(Libc.bytesAt(address), StandardCharsets.US_ASCII);
  }
}
