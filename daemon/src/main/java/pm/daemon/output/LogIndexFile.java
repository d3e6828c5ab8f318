package pm.daemon.output;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.FileStatus;
import pm.daemon.posix.OpenFlags;

/**
 * The file that says when which part of a log was written. A line of text names format and log;
 * entries of 24 bytes follow, each added by one write: a half one, which only a full disk can
 * leave, is overwritten by the next.
 *
 * @param path of the index
 * @param log the file that it is about
 */
record LogIndexFile(Path path, Path log) {
  /**
   * At this many entries every second of the older ones goes; at one a second, 4 hours and more.
   */
  static final int MOST_ENTRIES = 16 * 1024;

  private static final String SUFFIX = ".idx";
  private static final String FORMAT = "pm-log-index 1 ";

  /** PATH_MAX of Linux, and the words before it. */
  private static final int MOST_HEADER_BYTES = 4096 + FORMAT.length();

  private static final int ENTRY_BYTES = 24;

  /** Most that is written to add an entry. */
  static final int MOST_APPENDED_BYTES = MOST_HEADER_BYTES + ENTRY_BYTES;

  private static final long THINNED = 1L << 62;
  private static final long BEGIN = 1L << 61;

  /**
   * From {@code offset} of the file {@code identity} on, bytes were written at or after {@code
   * wallMillis}.
   *
   * @param isThinned whether entries after it were dropped, so that its bytes may reach up to the
   *     next entry; else they were written within {@link LogIndex#STEP_MILLIS}
   * @param isBegin whether an invocation began there
   */
  record Entry(long wallMillis, long identity, long offset, boolean isThinned, boolean isBegin) {
    Entry(long wallMillis, long identity, long offset, boolean isThinned) {
      this(wallMillis, identity, offset, isThinned, false);
    }

    private Entry thinned() {
      return new Entry(wallMillis, identity, offset, true, isBegin);
    }
  }

  static LogIndexFile of(Path folder, Path log) {
    String full = log.toString();
    // FNV-1a: the same in every run, and the full path stands in the file.
    long hash = 0xcbf29ce484222325L;
    for (byte b : full.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    String name = String.valueOf(log.getFileName());
    String readable = name.length() > 60 ? name.substring(0, 60) : name;
    String unique = HexFormat.of().toHexDigits(hash);
    return new LogIndexFile(folder.resolve(readable + "-" + unique + SUFFIX), log);
  }

  private byte[] header() {
    return (FORMAT + log + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Removes indexes of logs that are not there any more and were last written before a time.
   *
   * @return how many
   */
  static int removeForgotten(Path folder, Instant before) throws IOException {
    int removed = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path index : all) {
        if (index.toString().endsWith(SUFFIX)
            && Files.isRegularFile(index, LinkOption.NOFOLLOW_LINKS)
            && Files.getLastModifiedTime(index).toInstant().isBefore(before)
            && !logOf(index).map(Files::exists).orElse(false)) {
          Files.delete(index);
          removed++;
        }
      }
    }
    return removed;
  }

  private static Optional<Path> logOf(Path index) throws IOException {
    try (InputStream in = Files.newInputStream(index)) {
      String text = new String(in.readNBytes(MOST_HEADER_BYTES), StandardCharsets.UTF_8);
      int end = text.indexOf('\n');
      return text.startsWith(FORMAT) && end > 0
          ? Optional.of(Path.of(text.substring(FORMAT.length(), end)))
          : Optional.empty();
    }
  }

  /**
   * Adds an entry.
   *
   * @param scratch at least {@link #MOST_APPENDED_BYTES}, direct
   * @return how many there are now
   */
  int append(Entry entry, ByteBuffer scratch) throws ErrnoException {
    byte[] header = header();
    int fd =
        Fd.open(
            path.toString(),
            OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.NOFOLLOW | OpenFlags.NONBLOCK,
            0600);
    try {
      FileStatus status = Fd.status(fd);
      if (!status.isRegular() || status.links() > 1) {
        throw new ErrnoException("open", path.toString(), Errno.EINVAL);
      }
      long size = status.sizeBytes();
      ByteBuffer bytes = scratch.clear();
      long entries = 0;
      if (size < header.length) {
        bytes.put(header);
        Fd.seekTo(fd, 0);
      } else {
        entries = (size - header.length) / ENTRY_BYTES;
        Fd.seekTo(fd, header.length + entries * ENTRY_BYTES);
      }
      put(bytes, entry);
      Fd.writeFully(fd, bytes.flip());
      return (int) Math.min(entries + 1, Integer.MAX_VALUE);
    } finally {
      Fd.close(fd);
    }
  }

  private static void put(ByteBuffer bytes, Entry entry) {
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    long flags = (entry.isThinned() ? THINNED : 0) | (entry.isBegin() ? BEGIN : 0);
    bytes.putLong(entry.wallMillis() | flags);
    bytes.putLong(entry.identity());
    bytes.putLong(entry.offset());
  }

  /** Reads all entries, in the order in which they were added; none if there is no index. */
  List<Entry> read() throws ErrnoException {
    int fd;
    try {
      fd = Fd.open(path.toString(), OpenFlags.RDONLY | OpenFlags.NOFOLLOW | OpenFlags.NONBLOCK, 0);
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENOENT) {
        return List.of();
      }
      throw e;
    }
    try {
      FileStatus status = Fd.status(fd);
      byte[] header = header();
      // Should it have outgrown its bound, the newest entries are the ones that matter.
      long most = header.length + 2L * MOST_ENTRIES * ENTRY_BYTES;
      if (!status.isRegular() || status.sizeBytes() < header.length) {
        return List.of();
      }
      ByteBuffer bytes = ByteBuffer.allocateDirect((int) Math.min(status.sizeBytes(), most));
      long from = 0;
      while (bytes.hasRemaining()) {
        int count = Fd.readAt(fd, bytes, from);
        if (count == 0) {
          break;
        }
        from += count;
      }
      bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
      byte[] found = new byte[Math.min(header.length, bytes.remaining())];
      bytes.get(found);
      if (!Arrays.equals(found, header)) {
        return List.of();
      }
      List<Entry> entries = new ArrayList<>(bytes.remaining() / ENTRY_BYTES);
      while (bytes.remaining() >= ENTRY_BYTES) {
        long time = bytes.getLong();
        entries.add(
            new Entry(
                time & ~(THINNED | BEGIN),
                bytes.getLong(),
                bytes.getLong(),
                (time & THINNED) != 0,
                (time & BEGIN) != 0));
      }
      return entries;
    } finally {
      Fd.close(fd);
    }
  }

  /** Replaces all entries, or none if it fails. */
  void replace(List<Entry> entries) throws ErrnoException {
    byte[] header = header();
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(header.length + entries.size() * ENTRY_BYTES).put(header);
    entries.forEach(entry -> put(bytes, entry));
    bytes.flip();
    String written = path + ".new";
    try {
      FilePath.unlink(written);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    }
    int fd =
        Fd.open(
            written,
            OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.EXCL | OpenFlags.NOFOLLOW,
            0600);
    try {
      Fd.writeFully(fd, bytes);
    } finally {
      Fd.close(fd);
    }
    FilePath.rename(written, path.toString());
  }

  /** Returns fewer: every second of the older three quarters, and all of the newest. */
  static List<Entry> thinned(List<Entry> entries) {
    int newest = entries.size() - entries.size() / 4;
    List<Entry> kept = new ArrayList<>(entries.size());
    for (int i = 0; i < entries.size(); i++) {
      if (i >= newest || i % 2 == 0 || beginsFile(entries, i) || entries.get(i).isBegin()) {
        kept.add(entries.get(i));
      } else {
        kept.add(kept.removeLast().thinned());
      }
    }
    // Many small files: then the oldest are the ones that have been removed.
    return kept.size() <= MOST_ENTRIES * 3 / 4
        ? kept
        : kept.subList(kept.size() - MOST_ENTRIES / 2, kept.size());
  }

  /** Tells whether the entry before it is of another file, or of the same before it was cut. */
  static boolean beginsFile(List<Entry> entries, int i) {
    if (i == 0) {
      return true;
    }
    Entry before = entries.get(i - 1);
    Entry entry = entries.get(i);
    // Where an invocation begins nothing has been written yet.
    long least = before.isBegin() || entry.isBegin() ? before.offset() : before.offset() + 1;
    return before.identity() != entry.identity() || entry.offset() < least;
  }
}
