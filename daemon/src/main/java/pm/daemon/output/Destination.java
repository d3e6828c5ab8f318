package pm.daemon.output;

import java.nio.file.Path;
import java.util.List;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/** Where the bytes of pipes go. Writer thread only. */
sealed interface Destination permits LogFile, Console, Discard {

  /** Its file, or a name for people. */
  Path path();

  /** The pipes that lead here, the oldest first. */
  List<Source> sources();

  /**
   * Moves some of a pipe's bytes.
   *
   * @throws ErrnoException if they cannot be written; nothing is lost
   * @throws OutputException if the file cannot be opened again; nothing is lost
   */
  Taken take(Source source, long nowNanos, long wallMillis) throws ErrnoException, OutputException;

  /** What comes next is printed by an invocation that has just begun. */
  void begins(long nowNanos, long wallMillis);

  /** Whether something is being written elsewhere, which tells its end itself. */
  boolean isBusy();

  /** Has the next write open a file anew by its name. */
  void reopen();

  /** Nothing more is written. */
  void close();

  /**
   * What came of {@link #take}.
   *
   * @param bytes taken out of the pipe; 0 at its end; {@link Fd#WOULD_BLOCK} if it is empty or
   *     holds the beginning of a line that is yet to grow; {@link #UNDER_WAY}
   * @param isLimited whether something else than what the pipe holds said how many
   */
  record Taken(long bytes, boolean isLimited, boolean isRotated) {
    /** The destination is busy, and has {@link Turns#goOn} called when it no longer is. */
    static final long UNDER_WAY = -2;

    static Taken nothing(long why) {
      return new Taken(why, false, false);
    }
  }
}
