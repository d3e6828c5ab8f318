package pm.daemon.output;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import pm.daemon.posix.ErrnoException;

/** What the youngest invocation has printed into a log, as it was printed. Blocks. */
final class Retrospect {
  private static final byte[] LINE = "\"line\":\"".getBytes(StandardCharsets.US_ASCII);

  private final LogReader reader;
  private final Path log;
  private final LineForm form;

  Retrospect(Path indexFolder, Path log, LineForm form) {
    reader = new LogReader(indexFolder);
    this.log = log;
    this.form = form;
  }

  /** Feeds all of it to a watch. */
  void feed(LineWatch watch) throws ErrnoException {
    LogPosition at = reader.beginOfYoungest(log);
    LogPosition end = reader.end(log);
    while (!watch.isOver() && !reader.later(log, at, end).equals(at)) {
      LogChunk chunk = reader.read(log, at, true);
      for (LogLine line : chunk.lines()) {
        feed(watch, line);
      }
      if (chunk.next().equals(at)) {
        return;
      }
      at = chunk.next();
    }
  }

  private void feed(LineWatch watch, LogLine line) {
    byte[] bytes = line.text().getBytes(StandardCharsets.UTF_8);
    switch (form) {
      case RAW -> {
        watch.feed(bytes, 0, bytes.length);
        if (line.isWhole()) {
          watch.end();
        }
      }
      case TIME -> {
        int begin = Math.min(bytes.length, Records.TIME_BYTES + 1);
        watch.feed(bytes, begin, bytes.length);
        if (begin == 0 || bytes[begin - 1] != '+') {
          watch.end();
        }
      }
      case JSON -> json(watch, bytes);
    }
  }

  private static void json(LineWatch watch, byte[] record) {
    int begin = indexOf(record, LINE) + LINE.length;
    ByteBuffer text = ByteBuffer.allocate(record.length);
    int at = begin;
    while (at < record.length && record[at] != '"') {
      if (record[at] != '\\' || at + 1 >= record.length) {
        text.put(record[at++]);
        continue;
      }
      byte escaped = record[at + 1];
      at += 2;
      switch (escaped) {
        case 't' -> text.put((byte) '\t');
        case 'r' -> text.put((byte) '\r');
        case 'u' -> {
          int end = Math.min(at + 4, record.length);
          text.put(control(new String(record, at, end - at, StandardCharsets.US_ASCII)));
          at = end;
        }
        default -> text.put(escaped);
      }
    }
    watch.feed(text.array(), 0, text.position());
    boolean goesOn = at + 1 < record.length && record[at + 1] == ',';
    if (!goesOn) {
      watch.end();
    }
  }

  private static byte control(String hex) {
    try {
      return (byte) Integer.parseInt(hex, 16);
    } catch (NumberFormatException e) {
      // Not of our making: then it is no control character that somebody waits for.
      return '?';
    }
  }

  private static int indexOf(byte[] bytes, byte[] wanted) {
    for (int at = 0; at + wanted.length <= bytes.length; at++) {
      int same = 0;
      while (same < wanted.length && bytes[at + same] == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        return at;
      }
    }
    return bytes.length;
  }
}
