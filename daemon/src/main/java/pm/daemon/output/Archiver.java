package pm.daemon.output;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.Background;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.OpenFlags;

/**
 * Compresses rotated files, one at a time, on a thread that gets what others leave of processor and
 * disk, and that there is only while it has something to do.
 *
 * <p>A file is compressed under a name that nobody else uses, and flushed. Then the writer thread,
 * which is the only one to rename files of logs, gives it the number that the other has by then,
 * and removes that. So a death leaves an unfinished file, or both, and never neither.
 */
final class Archiver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Archiver.class);

  private static final long IDLE_SECONDS = 2;
  private static final long LONGEST_CLOSE_SECONDS = 2;

  private final LogFileOpening opening;
  private final Consumer<Runnable> writer;
  private final ThreadPoolExecutor thread;

  /** Logs that are waiting or in hand, and whether one has been rotated again since. */
  private final Map<Path, Boolean> underWay = new ConcurrentHashMap<>();

  /** Why the last attempt failed, of logs where it did. Of our thread. */
  private final Map<Path, String> warned = new ConcurrentHashMap<>();

  /**
   * @param writer has work done on the writer thread
   */
  Archiver(LogFileOpening opening, Consumer<Runnable> writer) {
    this.opening = opening;
    this.writer = writer;
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            // Holds each log once at most.
            new LinkedBlockingQueue<>(),
            work -> Thread.ofPlatform().name("log-archiver").daemon(true).unstarted(work),
            // What is asked for once we are closed is left to the next daemon.
            new ThreadPoolExecutor.DiscardPolicy());
    thread.allowCoreThreadTimeOut(true);
  }

  /** Has the rotated files of a log compressed. Writer thread only. */
  void compress(Path log) {
    if (underWay.put(log, true) == null) {
      thread.execute(() -> work(log));
    }
  }

  /**
   * Removes what a death in the midst of the work has left. Writer thread only: nothing is renamed
   * meanwhile.
   */
  void tidy(Path log, LogFolder folder) throws ErrnoException {
    String name = String.valueOf(log.getFileName());
    if (underWay.containsKey(log)) {
      return;
    }
    removeIfThere(folder, Rotation.unfinished(name));
    LogParts parts = LogParts.in(folder, log);
    for (int number = 1; Rotation.isUsed(folder, name, number); number++) {
      if (folder.has(Rotation.compressed(name, number))
          && isSame(look(parts, number, false), look(parts, number, true))) {
        FilePath.unlink(folder.entry(Rotation.numbered(name, number)));
      }
    }
  }

  private static boolean isSame(Optional<LogParts.Part> plain, Optional<LogParts.Part> packed) {
    return plain.isPresent()
        && packed.isPresent()
        && plain.get().identity() == packed.get().identity()
        && plain.get().sizeBytes() == packed.get().sizeBytes();
  }

  private static Optional<LogParts.Part> look(LogParts parts, int number, boolean isCompressed)
      throws ErrnoException {
    Optional<LogParts.Opened> opened = parts.open(number, isCompressed);
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    try (LogParts.Opened file = opened.get()) {
      return Optional.of(file.part());
    }
  }

  private void work(Path log) {
    if (!Background.enter()) {
      LOG.debug("{} is compressed with our own priority", log);
    }
    do {
      underWay.put(log, false);
      try {
        compressAll(log);
        warned.remove(log);
      } catch (ErrnoException e) {
        warn(log, Errno.message(e.errno()));
      } catch (OutputException e) {
        warn(log, e.reason());
      } catch (InterruptedException e) {
        // The daemon ends; what was begun has been removed.
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        LOG.error("compressing files of {} failed", log, e);
      }
    } while (!underWay.remove(log, false));
  }

  private void warn(Path log, String reason) {
    if (!reason.equals(warned.put(log, reason))) {
      LOG.warn("{}: rotated files stay as they are, they cannot be compressed: {}", log, reason);
    }
  }

  private void compressAll(Path log) throws ErrnoException, OutputException, InterruptedException {
    try (LogFolder folder = opening.folderOf(log)) {
      LogParts parts = LogParts.in(folder, log);
      Set<Long> tried = new HashSet<>();
      while (true) {
        // The oldest first; looked up anew, for rotation moves them meanwhile.
        List<LogParts.Part> plain =
            parts.all().stream()
                .filter(part -> !part.isCurrent() && !part.isCompressed() && part.sizeBytes() > 0)
                .filter(part -> !tried.contains(part.identity()))
                .toList();
        if (plain.isEmpty()) {
          return;
        }
        LogParts.Part next = plain.getFirst();
        tried.add(next.identity());
        Optional<LogParts.Opened> opened = parts.open(next.identity());
        if (opened.isPresent()) {
          try (LogParts.Opened file = opened.get()) {
            compress(log, folder, file);
          }
        }
      }
    }
  }

  private void compress(Path log, LogFolder folder, LogParts.Opened file)
      throws ErrnoException, InterruptedException {
    FileStatus status = Fd.status(file.fd());
    if (file.part().isCompressed() || status.links() != 1) {
      return;
    }
    String unfinished = Rotation.unfinished(String.valueOf(log.getFileName()));
    removeIfThere(folder, unfinished);
    int to =
        Fd.open(
            folder.entry(unfinished),
            OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.EXCL | OpenFlags.NOFOLLOW,
            0600);
    boolean isPlaced = false;
    try {
      try {
        pack(file, to);
        likeOriginal(to, status);
        Fd.sync(to);
      } finally {
        Fd.close(to);
      }
      isPlaced = place(log, file.part());
    } finally {
      if (!isPlaced) {
        removeIfThere(folder, unfinished);
      }
    }
  }

  private static void removeIfThere(LogFolder folder, String name) throws ErrnoException {
    if (folder.has(name)) {
      FilePath.unlink(folder.entry(name));
    }
  }

  private static void pack(LogParts.Opened file, int to)
      throws ErrnoException, InterruptedException {
    ByteBuffer plain = ByteBuffer.allocateDirect(LogArchive.MEMBER_BYTES);
    ByteBuffer packed = ByteBuffer.allocateDirect(LogArchive.MOST_MEMBER_BYTES);
    long size = file.part().sizeBytes();
    for (long offset = 0; offset < size; offset += plain.limit()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      file.read(plain.clear().limit((int) Math.min(plain.capacity(), size - offset)), offset);
      if (plain.flip().limit() == 0) {
        // It is being cut; then it is not taken for what it was.
        return;
      }
      LogArchive.pack(file.part(), offset, plain, packed);
      Fd.writeFully(to, packed);
    }
  }

  /** Who may read the one may read the other; and it is as old, for {@code max_age}. */
  private static void likeOriginal(int fd, FileStatus original) throws ErrnoException {
    FileStatus made = Fd.status(fd);
    if (made.uid() != original.uid() || made.gid() != original.gid()) {
      Fd.chown(fd, original.uid(), original.gid());
    }
    Fd.chmod(fd, original.permissions());
    Fd.setModified(fd, original.modifiedNanos());
  }

  /** Returns false if the file is gone, or not what it was. */
  private boolean place(Path log, LogParts.Part part) throws ErrnoException, InterruptedException {
    FutureTask<Boolean> placing = new FutureTask<>(() -> placed(log, part));
    writer.accept(placing);
    try {
      return placing.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ErrnoException refused) {
        throw refused;
      }
      throw new IllegalStateException("a compressed log cannot be put in its place", e.getCause());
    }
  }

  private boolean placed(Path log, LogParts.Part part) throws ErrnoException, OutputException {
    String name = String.valueOf(log.getFileName());
    try (LogFolder folder = opening.folderOf(log)) {
      LogParts parts = LogParts.in(folder, log);
      for (int number = 1; Rotation.isUsed(folder, name, number); number++) {
        Optional<LogParts.Part> found = look(parts, number, false);
        if (found.isPresent() && found.get().identity() == part.identity()) {
          if (found.get().sizeBytes() != part.sizeBytes()) {
            return false;
          }
          FilePath.rename(
              folder.entry(Rotation.unfinished(name)),
              folder.entry(Rotation.compressed(name, number)));
          FilePath.unlink(folder.entry(Rotation.numbered(name, number)));
          return true;
        }
      }
      return false;
    }
  }

  /** Ends what is in hand: what it had begun goes, the file stays as it is. */
  @Override
  public void close() {
    thread.shutdownNow();
    try {
      if (!thread.awaitTermination(LONGEST_CLOSE_SECONDS, TimeUnit.SECONDS)) {
        LOG.debug("what is being compressed is left to the next daemon");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
