package pm.daemon.output;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.daemon.posix.ErrnoException;

/**
 * Reads logs over their rotated files, in pieces of bounded size. Any thread, and never the loop:
 * it reads files. It keeps nothing between calls; a place in a log is named by file and offset, so
 * that a rotation between two calls does not matter.
 */
public final class LogReader {
  /** Most bytes of one {@link LogChunk} and of one line; a longer line comes in parts. */
  public static final int MOST_BYTES = 64 * 1024;

  /** Most lines of one {@link LogChunk}. */
  public static final int MOST_LINES = 1000;

  /** As far as {@link #lastLines} looks back at most. */
  private static final long LONGEST_LOOK_BACK_BYTES = 256L << 20;

  private static final ThreadLocal<ByteBuffer> BUFFER =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(MOST_BYTES));

  private final Path indexFolder;

  /**
   * @param indexFolder the one that {@link OutputPump} has
   */
  public LogReader(Path indexFolder) {
    this.indexFolder = indexFolder;
  }

  /** Returns the end of what has been written so far. */
  public LogPosition end(Path log) throws ErrnoException {
    List<LogParts.Part> parts = new LogParts(log).all();
    return parts.isEmpty() ? LogPosition.START : endOf(parts.getLast());
  }

  private static LogPosition endOf(LogParts.Part part) {
    return new LogPosition(part.identity(), part.sizeBytes());
  }

  /**
   * Returns where the last lines begin. One that is not ended yet counts.
   *
   * @param lines how many; the start of the log if it has fewer, or a place 256 MiB before its end
   *     if they are longer than that
   */
  public LogPosition lastLines(Path log, int lines) throws ErrnoException {
    return lastLines(log, lines, end(log));
  }

  /**
   * The same of those before a place.
   *
   * @param end what {@link #end} or {@link #printedBy} said
   */
  public LogPosition lastLines(Path log, int lines, LogPosition end) throws ErrnoException {
    LogParts files = new LogParts(log);
    List<LogParts.Part> parts = files.all();
    int last = parts.size() - 1;
    while (last >= 0 && parts.get(last).identity() != end.identity()) {
      last--;
    }
    if (last < 0) {
      return LogPosition.START;
    }
    LookBack back = new LookBack(lines, end);
    for (int i = last; i >= 0 && !back.isDone(); i--) {
      Optional<LogParts.Opened> opened = files.open(parts.get(i).identity());
      if (opened.isPresent()) {
        try (LogParts.Opened part = opened.get()) {
          back.over(part);
        }
      }
    }
    return back.found;
  }

  /** Counts ends of lines from the end of a log to its start. */
  private static final class LookBack {
    private int linesLeft;
    private long bytesLeft = LONGEST_LOOK_BACK_BYTES;
    private boolean isLastByte = true;
    private final LogPosition last;
    private LogPosition found;

    private LookBack(int lines, LogPosition end) {
      linesLeft = lines;
      last = end;
      found = end;
    }

    private boolean isDone() {
      return linesLeft <= 0 || bytesLeft <= 0;
    }

    private void over(LogParts.Opened opened) throws ErrnoException {
      LogParts.Part part = opened.part();
      boolean isLast = part.identity() == last.identity();
      long begins = isLast ? Math.min(last.offset(), part.sizeBytes()) : part.sizeBytes();
      for (long end = begins; end > 0 && !isDone(); ) {
        long begin = Math.max(0, end - MOST_BYTES);
        ByteBuffer bytes = read(opened, begin, (int) (end - begin));
        found = new LogPosition(part.identity(), begin);
        for (int at = bytes.limit() - 1; at >= 0 && linesLeft > 0; at--) {
          // The end of the very last line has no line after it.
          if (bytes.get(at) == '\n' && !isLastByte) {
            linesLeft--;
            found = new LogPosition(part.identity(), linesLeft == 0 ? begin + at + 1 : begin);
          }
          isLastByte = false;
        }
        bytesLeft -= end - begin;
        end = begin;
      }
    }
  }

  private static ByteBuffer read(LogParts.Opened file, long offset, int length)
      throws ErrnoException {
    ByteBuffer bytes = BUFFER.get().clear().limit(length);
    file.read(bytes, offset);
    return bytes.flip();
  }

  /**
   * Returns where the lines begin that were written since a time: never after the first of them,
   * and no more than about a second before it where the times are known.
   */
  public LogPosition since(Path log, Instant time) throws ErrnoException {
    long wanted = time.toEpochMilli();
    List<LogParts.Part> parts = new LogParts(log).all();
    Map<Long, List<LogIndexFile.Entry>> entries = entriesOfFiles(log);
    for (LogParts.Part part : parts) {
      List<LogIndexFile.Entry> known = entries.getOrDefault(part.identity(), List.of());
      // What was written before times were noted: no later than the first of them.
      long noted = known.isEmpty() ? part.sizeBytes() : known.getFirst().offset();
      long latest = known.isEmpty() ? part.modifiedMillis() : known.getFirst().wallMillis();
      if (noted > 0 && latest >= wanted) {
        return new LogPosition(part.identity(), 0);
      }
      for (int i = 0; i < known.size(); i++) {
        LogIndexFile.Entry entry = known.get(i);
        if (!entry.isThinned()) {
          latest = entry.wallMillis() + LogIndex.STEP_MILLIS;
        } else if (i + 1 < known.size()) {
          latest = known.get(i + 1).wallMillis();
        } else {
          latest = part.modifiedMillis();
        }
        if (latest >= wanted && entry.offset() < part.sizeBytes()) {
          return new LogPosition(part.identity(), entry.offset());
        }
      }
    }
    return parts.isEmpty() ? LogPosition.START : endOf(parts.getLast());
  }

  /**
   * What one invocation printed.
   *
   * @param begin the start of the log if that is not known or what it printed first has been
   *     removed
   * @param end where the next one began; empty while there is none
   */
  public record Span(LogPosition begin, Optional<LogPosition> end) {}

  /** Returns where the youngest invocation began to print, as {@link Span#begin}. */
  public LogPosition beginOfYoungest(Path log) throws ErrnoException {
    return printedBy(log, Instant.MAX).begin();
  }

  /**
   * Returns where the invocation printed that had ended by a time, while its successor began then
   * or later.
   *
   * @param ended on the wall clock; {@link Instant#MAX} for the youngest
   */
  public Span printedBy(Path log, Instant ended) throws ErrnoException {
    List<LogIndexFile.Entry> entries = LogIndexFile.of(indexFolder, log).read();
    List<LogParts.Part> parts = new LogParts(log).all();
    Optional<LogPosition> next = Optional.empty();
    for (LogIndexFile.Entry entry : entries.reversed()) {
      if (!entry.isBegin()) {
        continue;
      }
      LogPosition place = new LogPosition(entry.identity(), entry.offset());
      boolean isThere =
          parts.stream()
              .anyMatch(
                  part ->
                      part.identity() == entry.identity() && part.sizeBytes() >= entry.offset());
      if (Instant.ofEpochMilli(entry.wallMillis() + 1).isAfter(ended)) {
        next = isThere ? Optional.of(place) : Optional.empty();
      } else {
        return new Span(isThere ? place : LogPosition.START, next);
      }
    }
    return new Span(LogPosition.START, next);
  }

  /** A file may have been cut, or its identity given anew: only the last row of each counts. */
  private Map<Long, List<LogIndexFile.Entry>> entriesOfFiles(Path log) throws ErrnoException {
    List<LogIndexFile.Entry> all = LogIndexFile.of(indexFolder, log).read();
    Map<Long, List<LogIndexFile.Entry>> byFile = new HashMap<>();
    for (int i = 0; i < all.size(); i++) {
      LogIndexFile.Entry entry = all.get(i);
      if (LogIndexFile.beginsFile(all, i)) {
        byFile.put(entry.identity(), new ArrayList<>());
      }
      byFile.computeIfAbsent(entry.identity(), identity -> new ArrayList<>()).add(entry);
    }
    return byFile;
  }

  /** Returns the later of two places of one log. */
  public LogPosition later(Path log, LogPosition one, LogPosition other) throws ErrnoException {
    if (one.identity() == other.identity()) {
      return one.offset() >= other.offset() ? one : other;
    }
    List<Long> order = new LogParts(log).all().stream().map(LogParts.Part::identity).toList();
    // One that has been removed since is the oldest.
    return order.indexOf(one.identity()) >= order.indexOf(other.identity()) ? one : other;
  }

  /**
   * Reads on from a place.
   *
   * @param from what {@link LogChunk#next} or another method said
   * @param withUnfinished whether what stands after the last end of a line, and may yet grow, is
   *     read too
   */
  public LogChunk read(Path log, LogPosition from, boolean withUnfinished) throws ErrnoException {
    return read(log, from, Optional.empty(), withUnfinished);
  }

  /**
   * The same of what stands before a place.
   *
   * @param end nothing behind it is read; empty where there is no such place
   */
  public LogChunk read(
      Path log, LogPosition from, Optional<LogPosition> end, boolean withUnfinished)
      throws ErrnoException {
    LogParts files = new LogParts(log);
    if (from.identity() == 0) {
      List<LogParts.Part> parts = files.all();
      return parts.isEmpty()
          ? new LogChunk(List.of(), LogPosition.START, false, false)
          : read(log, new LogPosition(parts.getFirst().identity(), 0), end, withUnfinished);
    }
    Optional<LogParts.Opened> opened = files.open(from.identity());
    if (opened.isEmpty()) {
      LogPosition next = afterRemoved(files, from.identity());
      return new LogChunk(List.of(), next, next.identity() != 0, true);
    }
    try (LogParts.Opened file = opened.get()) {
      LogParts.Part part = file.part();
      if (from.offset() > part.sizeBytes()) {
        // It was cut.
        return new LogChunk(List.of(), new LogPosition(part.identity(), 0), true, true);
      }
      if (from.offset() == part.sizeBytes()) {
        return part.isCurrent()
            ? new LogChunk(List.of(), from, false, false)
            : afterEndOf(files, part, from);
      }
      boolean isLast = end.isPresent() && end.get().identity() == part.identity();
      long size = isLast ? Math.min(end.get().offset(), part.sizeBytes()) : part.sizeBytes();
      int length = Math.clamp(size - from.offset(), 0, MOST_BYTES);
      ByteBuffer bytes = read(file, from.offset(), length);
      boolean isEnd = from.offset() + bytes.limit() >= size;
      Lines lines = new Lines(bytes, isEnd && (withUnfinished || !part.isCurrent()));
      LogPosition next = new LogPosition(part.identity(), from.offset() + lines.consumed);
      boolean isMore =
          lines.consumed > 0 && (next.offset() < size || !(isLast || part.isCurrent()));
      return new LogChunk(lines.lines, next, isMore, false);
    }
  }

  private static LogChunk afterEndOf(LogParts files, LogParts.Part part, LogPosition from)
      throws ErrnoException {
    List<LogParts.Part> parts = files.all();
    for (int i = 0; i < parts.size() - 1; i++) {
      if (parts.get(i).identity() == part.identity()) {
        LogPosition next = new LogPosition(parts.get(i + 1).identity(), 0);
        return new LogChunk(List.of(), next, true, false);
      }
    }
    // The next file is not there yet.
    return new LogChunk(List.of(), from, false, false);
  }

  /**
   * Returns the place after a file that has been removed: the index knows in which order they came.
   */
  private LogPosition afterRemoved(LogParts files, long removed) throws ErrnoException {
    Set<Long> there = new HashSet<>();
    List<LogParts.Part> parts = files.all();
    parts.forEach(part -> there.add(part.identity()));
    LogPosition next =
        parts.isEmpty() ? LogPosition.START : new LogPosition(parts.getLast().identity(), 0);
    boolean isAfter = false;
    for (LogIndexFile.Entry entry : LogIndexFile.of(indexFolder, files.log()).read()) {
      if (entry.identity() == removed) {
        isAfter = true;
      } else if (isAfter && there.contains(entry.identity())) {
        next = new LogPosition(entry.identity(), entry.offset());
        isAfter = false;
      }
    }
    return next;
  }

  /** The lines at the front of some bytes. */
  private static final class Lines {
    private final List<LogLine> lines = new ArrayList<>();
    private final ByteBuffer bytes;
    private int consumed;

    private Lines(ByteBuffer bytes, boolean withUnfinished) {
      this.bytes = bytes;
      int length = bytes.limit();
      for (int at = 0; at < length && lines.size() < MOST_LINES; at++) {
        if (bytes.get(at) == '\n') {
          add(at, true);
          consumed = at + 1;
        }
      }
      if (lines.size() < MOST_LINES && consumed < length) {
        if (withUnfinished) {
          add(length, false);
          consumed = length;
        } else if (consumed == 0 && length == MOST_BYTES) {
          int end = endOfCharacter(length);
          add(end, false);
          consumed = end;
        }
      }
    }

    private void add(int end, boolean isWhole) {
      byte[] line = new byte[end - consumed];
      bytes.get(consumed, line);
      lines.add(new LogLine(new String(line, StandardCharsets.UTF_8), isWhole));
    }

    /** Returns where a character of UTF-8 ends, no more than three bytes before {@code end}. */
    private int endOfCharacter(int end) {
      for (int back = 1; back <= 3; back++) {
        int b = bytes.get(end - back) & 0xff;
        if (b >= 0xc0) {
          int needed = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
          return needed > back ? end - back : end;
        }
        if (b < 0x80) {
          return end;
        }
      }
      return end;
    }
  }
}
