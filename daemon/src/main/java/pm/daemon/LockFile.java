package pm.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/**
 * The lock that makes a daemon the only one of its runtime folder. The kernel drops it when the
 * process ends, however it ends; the descriptor is not closed before, unless its file has lost its
 * name.
 */
final class LockFile {

  static final String NAME = "pmd.lock";

  private static final int MODE = 0600;

  /** How long a lock without a holder is waited for; a child needs milliseconds. */
  private static final long LEFTOVER_NANOS = 2_000_000_000L;

  private static final long LOOK_EVERY_NANOS = 5_000_000L;

  private LockFile() {}

  /** What became of it. */
  sealed interface Attempt {
    /**
     * It is ours until this process ends.
     *
     * @param fd the descriptor that holds it; never closed
     */
    record Held(int fd) implements Attempt {}

    /** Another daemon has it; its pid as far as it is known. */
    record Taken(Path file, Optional<String> pid) implements Attempt {}
  }

  /**
   * Tries to take the lock of a runtime folder.
   *
   * @throws IOException if the file cannot be opened or written, or is none of ours; nothing is
   *     done to it then
   */
  static Attempt take(Path run) throws IOException {
    return take(run, LEFTOVER_NANOS);
  }

  /** The same, but whoever holds it is not waited for. */
  static Attempt takeAtOnce(Path run) throws IOException {
    return take(run, 0);
  }

  private static Attempt take(Path run, long patienceNanos) throws IOException {
    Path file = run.resolve(NAME);
    int fd = open(file);
    if (!Fd.tryLock(fd) && !waitForLeftover(fd, patienceNanos)) {
      String holder = read(fd);
      Fd.close(fd);
      return new Attempt.Taken(file, holder.isEmpty() ? Optional.empty() : Optional.of(holder));
    }
    byte[] pid = (Host.pid() + "\n").getBytes(StandardCharsets.US_ASCII);
    ByteBuffer text = ByteBuffer.allocateDirect(pid.length);
    text.put(pid).flip();
    Fd.truncate(fd, 0);
    Fd.writeFully(fd, text);
    return new Attempt.Held(fd);
  }

  private static int open(Path file) throws IOException {
    int fd;
    try {
      fd =
          Fd.open(
              file.toString(),
              OpenFlags.RDWR
                  | OpenFlags.CREAT
                  | OpenFlags.NOFOLLOW
                  | OpenFlags.NONBLOCK
                  | OpenFlags.NOCTTY,
              MODE);
    } catch (ErrnoException refused) {
      throw switch (refused.errno()) {
        case Errno.ELOOP -> unusable(file, "is a symbolic link, not a file");
        case Errno.EISDIR -> unusable(file, "is a directory, not a file");
        default -> refused;
      };
    }
    boolean isUsable = false;
    try {
      FileStatus status = Fd.status(fd);
      if (!status.isRegular()) {
        throw unusable(
            file, "is a " + (status.isFifo() ? "named pipe" : "device") + ", not a file");
      }
      if (status.links() > 1) {
        throw unusable(file, "has " + status.links() + " names (hard links)");
      }
      if (status.uid() != Host.euid()) {
        throw unusable(file, "belongs to user " + Integer.toUnsignedString(status.uid()));
      }
      // Whoever may open a file, if only to read it, may lock it, and keep the next daemon out.
      if (status.permissions() != MODE) {
        Fd.chmod(fd, MODE);
      }
      isUsable = true;
      return fd;
    } finally {
      if (!isUsable) {
        Fd.close(fd);
      }
    }
  }

  private static IOException unusable(Path file, String why) {
    return new IOException(file + ": " + why + "; remove it");
  }

  /**
   * A daemon that was killed while it made a child may leave the lock to that child, which drops it
   * as soon as it runs its command. So a lock whose holder is gone is waited for.
   *
   * @return whether the lock is ours now
   */
  private static boolean waitForLeftover(int fd, long patienceNanos) throws ErrnoException {
    long deadline = System.nanoTime() + patienceNanos;
    while (!isAlive(read(fd)) && System.nanoTime() < deadline) {
      // The kernel tells nobody when a lock becomes free but him who waits for ever.
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
      if (Fd.tryLock(fd)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isAlive(String pid) {
    return pid.matches("[1-9][0-9]{0,9}") && ProcessHandle.of(Long.parseLong(pid)).isPresent();
  }

  /**
   * Goes on holding the lock that the daemon before us in this process held.
   *
   * @param fd its descriptor
   * @throws ErrnoException if it is none, or not of this runtime folder
   */
  static Attempt keep(Path run, int fd) throws ErrnoException {
    FileStatus file = FilePath.status(run.resolve(NAME).toString());
    FileStatus held = Fd.status(fd);
    if (!file.isSameFileAs(held) || !Fd.tryLock(fd)) {
      throw new ErrnoException("flock", run.resolve(NAME).toString(), Errno.EAGAIN);
    }
    Fd.closeOnExec(fd, true);
    return new Attempt.Held(fd);
  }

  /** Returns whether {@code fd} is the lock of this folder still, and not of a file that was. */
  static boolean isInPlace(Path run, int fd) {
    try {
      return FilePath.linkStatus(run.resolve(NAME).toString()).isSameFileAs(Fd.status(fd));
    } catch (ErrnoException gone) {
      return false;
    }
  }

  private static String read(int fd) throws ErrnoException {
    ByteBuffer text = ByteBuffer.allocateDirect(32);
    Fd.readAt(fd, text, 0);
    text.flip();
    return StandardCharsets.US_ASCII.decode(text).toString().strip();
  }
}
