package pm.daemon.worker;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.OpenFlags;

/**
 * The beginning of a frame whose end has not come, moved from the pipe to a file: a pipe tells of
 * new bytes reliably only if it was empty, and one that is larger than the pipe would fill it.
 * Bytes get here by splice(2), so the death of the daemon neither loses nor doubles one; the next
 * daemon goes on with what it finds. Loop thread only.
 */
final class PartFile implements AutoCloseable {
  private final Path path;
  private Optional<Integer> fd = Optional.empty();
  private Optional<Integer> reader = Optional.empty();
  private long bytes;

  /**
   * @param bytes what a daemon before us left in it
   */
  PartFile(Path path, long bytes) {
    this.path = path;
    this.bytes = bytes;
  }

  /** Returns how much is in it. */
  long bytes() {
    return bytes;
  }

  /**
   * Moves bytes from a pipe, which must hold them, behind what is here. If this throws, those that
   * are not here are in the pipe.
   */
  void take(int pipe, long count) throws ErrnoException {
    int file = open();
    long left = count;
    while (left > 0) {
      long moved = Fd.splice(pipe, file, left);
      if (moved <= 0) {
        throw new IllegalStateException("a worker has read what it had written");
      }
      bytes += moved;
      left -= moved;
    }
  }

  private int open() throws ErrnoException {
    if (fd.isEmpty()) {
      int opened =
          Fd.open(path.toString(), OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.NOFOLLOW, 0600);
      fd = Optional.of(opened);
      Fd.seekToEnd(opened);
    }
    return fd.get();
  }

  /**
   * Reads the first bytes of it.
   *
   * @param through memory that they pass through
   */
  void read(byte[] into, int at, int count, ByteBuffer through) throws ErrnoException {
    int done = 0;
    while (done < count) {
      through.clear().limit(Math.min(through.capacity(), count - done));
      int got = Fd.readAt(open(), through, done);
      if (got == 0) {
        throw new IllegalStateException(path + " has shrunk");
      }
      through.flip().get(into, at + done, got);
      done += got;
    }
  }

  /** Returns all of it. */
  byte[] read(ByteBuffer through) throws ErrnoException {
    byte[] all = new byte[Math.toIntExact(bytes)];
    read(all, 0, all.length, through);
    return all;
  }

  /**
   * Moves its first bytes that have not been moved yet to the log.
   *
   * @return how many; {@link Fd#WOULD_BLOCK} if there is no room
   */
  long moveTo(LogInlet log, long count) throws ErrnoException {
    if (reader.isEmpty()) {
      reader = Optional.of(Fd.open(path.toString(), OpenFlags.RDONLY | OpenFlags.NOFOLLOW, 0));
    }
    return log.moveFile(reader.get(), count);
  }

  /** Forgets what is in it. */
  void clear() throws ErrnoException {
    bytes = 0;
    int file = open();
    Fd.truncate(file, 0);
    Fd.seekTo(file, 0);
    if (reader.isPresent()) {
      int closing = reader.get();
      reader = Optional.empty();
      Fd.close(closing);
    }
  }

  @Override
  public void close() throws ErrnoException {
    Optional<Integer> first = fd;
    Optional<Integer> second = reader;
    fd = Optional.empty();
    reader = Optional.empty();
    if (first.isPresent()) {
      Fd.close(first.get());
    }
    if (second.isPresent()) {
      Fd.close(second.get());
    }
  }
}
