package pm.daemon.worker;

import pm.daemon.posix.ErrnoException;

/** The pipes of a worker cannot be had. The message names what and why. */
public final class WorkerException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean isShortage;

  WorkerException(ErrnoException cause) {
    super(cause.getMessage(), cause);
    isShortage = cause.isShortage();
  }

  /** Returns whether the host is short of something, so that trying again may help. */
  public boolean isShortage() {
    return isShortage;
  }
}
