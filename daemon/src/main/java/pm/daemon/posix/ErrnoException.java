package pm.daemon.posix;

import java.io.IOException;

/** The kernel refused a call. The message reads {@code open /etc/x: Permission denied}. */
public final class ErrnoException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String argument;
  private final int errno;

  /**
   * @param call the name of the manual page, such as {@code open}
   * @param argument what it was about, a path or {@code fd 7}; may be empty
   */
  public ErrnoException(String call, String argument, int errno) {
    super((argument.isEmpty() ? call : call + " " + argument) + ": " + Errno.message(errno));
    this.call = call;
    this.argument = argument;
    this.errno = errno;
  }

  /** The failure of a call about a descriptor or another number. */
  static ErrnoException about(String call, String noun, long number, int errno) {
    return new ErrnoException(call, noun + " " + number, errno);
  }

  public String call() {
    return call;
  }

  public String argument() {
    return argument;
  }

  public int errno() {
    return errno;
  }

  /** See {@link Errno#isShortage}. */
  public boolean isShortage() {
    return Errno.isShortage(errno);
  }
}
