package pm.daemon.output;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * Makes records of the lines at the front of a pipe: each with a time, or as a JSON object, or with
 * the name of its instance. Nothing is taken out of the pipe. Writer thread only.
 *
 * <p>A line that has not ended stays in the pipe, so that who takes over from a dead daemon finds
 * all of it. It comes in parts where it is longer than 16 KiB or the pipe has no room for the rest,
 * and where its end may never come: at the end of the stream, and of the program.
 */
final class Records {
  /** The longest part of a line. */
  static final int MOST_PART_BYTES = 16 * 1024;

  /** Every byte may become an escape of six. */
  private static final int MOST_RECORD_BYTES = 6 * MOST_PART_BYTES + 1024;

  static final int OUT_BYTES = 256 * 1024;

  /**
   * A pipe of four pages and more has room for this share of it and a line. Smaller ones, which an
   * ordinary user's thousandth pipe is, may be full with less, so that nothing is left in them.
   */
  private static final int ROOM_FOR_BEGUN = 4;

  private static final int SMALLEST_WITH_ROOM_BYTES = 16 * 1024;

  /** {@code 2026-11-21T05:29:44.123456Z}. */
  static final int TIME_BYTES = 27;

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] JSON_TIME = ascii("{\"ts\":\"");
  private static final byte[] JSON_END = ascii("\"}\n");
  private static final byte[] JSON_PARTIAL_END = ascii("\",\"partial\":true}\n");
  private static final byte[] REPLACEMENT = {(byte) 0xef, (byte) 0xbf, (byte) 0xbd};

  private final PipeFront front;
  private final InstantSource wall;
  private byte[] out = new byte[0];
  private ByteBuffer direct = ByteBuffer.allocateDirect(0);
  private final byte[] time = new byte[TIME_BYTES];
  private long timeSecond = Long.MIN_VALUE;
  private int length;
  private int consumed;
  private boolean isMore;

  Records(PipeFront front, InstantSource wall) {
    this.front = front;
    this.wall = wall;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The records made last. */
  byte[] bytes() {
    return out;
  }

  /** Bytes of {@link #bytes}. */
  int length() {
    return length;
  }

  /** How much of the pipe they are made of. */
  int consumed() {
    return consumed;
  }

  /** Whether there may be more to make records of at once. */
  boolean isMore() {
    return isMore;
  }

  /**
   * Makes records.
   *
   * @param room no record is begun beyond so many bytes
   * @return what was seen of the pipe: 0 at its end, {@link Fd#WOULD_BLOCK} if it holds no record
   *     yet
   */
  long make(Source source, long room) throws ErrnoException {
    length = 0;
    consumed = 0;
    isMore = false;
    if (out.length == 0) {
      // Who keeps all lines as they are needs none.
      out = new byte[OUT_BYTES];
      direct = ByteBuffer.allocateDirect(OUT_BYTES);
    }
    // Before the look: what comes after it is no sign that the look could not show all.
    int held = Fd.bytesReadable(source.fd());
    long seen = front.look(source.fd(), PipeFront.MOST_BYTES);
    if (seen <= 0) {
      return seen;
    }
    setTime(wall.instant());
    int end = (int) seen;
    while (consumed < end && length < room && length <= OUT_BYTES - MOST_RECORD_BYTES) {
      int most = Math.min(end, consumed + MOST_PART_BYTES + 1);
      int at = front.endOfLine(consumed, most);
      if (at < most) {
        add(source, consumed, at, false);
        consumed = at + 1;
      } else if (end - consumed > MOST_PART_BYTES) {
        part(source, consumed + MOST_PART_BYTES);
      } else if (consumed > 0) {
        // What is begun is at the front of the next look, with all that there is of it by then.
        isMore = Fd.bytesReadable(source.fd()) > seen;
        return seen;
      } else if (isOver(source, end)) {
        add(source, 0, end, false);
        consumed = end;
      } else if (isToBeParted(source, end, held)) {
        part(source, end);
      } else {
        return Fd.WOULD_BLOCK;
      }
    }
    isMore = consumed < end || Fd.bytesReadable(source.fd()) > seen;
    return seen;
  }

  private void part(Source source, int most) {
    int cut = endOfCharacter(consumed, most);
    add(source, consumed, cut, true);
    consumed = cut;
  }

  private static boolean isOver(Source source, int seen) throws ErrnoException {
    // In this order: what is printed last is seen before the end.
    boolean isEnd = (Fd.poll(source.fd(), Fd.POLLIN, 0) & Fd.POLLHUP) != 0;
    return isEnd && Fd.bytesReadable(source.fd()) == seen;
  }

  private static boolean isToBeParted(Source source, int seen, int held) {
    int room =
        source.capacity < SMALLEST_WITH_ROOM_BYTES
            ? 0
            : Math.min(MOST_PART_BYTES, source.capacity / ROOM_FOR_BEGUN);
    // More than could be seen: then the pipe is in many pieces, and so it is full.
    return seen >= room || source.isFlushed() || held > seen;
  }

  /** Returns where a character of UTF-8 ends, no more than three bytes before {@code end}. */
  private int endOfCharacter(int begin, int end) {
    byte[] in = front.bytes();
    for (int back = 1; back <= 3 && end - back > begin; back++) {
      int b = in[end - back] & 0xff;
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

  private void add(Source source, int from, int to, boolean goesOn) {
    byte[] in = front.bytes();
    Source.Frame frame = source.frame();
    switch (frame.form()) {
      case RAW -> {
        put(frame.head());
        if (goesOn) {
          // "web@1 | " becomes "web@1 + ".
          out[length - 2] = '+';
        }
        put(in, from, to);
        out[length++] = '\n';
      }
      case TIME -> {
        put(time);
        out[length++] = (byte) (goesOn ? '+' : ' ');
        put(frame.head());
        put(in, from, to);
        out[length++] = '\n';
      }
      case JSON -> {
        put(JSON_TIME);
        put(time);
        put(frame.head());
        putText(in, from, to);
        put(goesOn ? JSON_PARTIAL_END : JSON_END);
      }
    }
    source.watchLine(in, from, to, !goesOn);
  }

  private void put(byte[] bytes) {
    put(bytes, 0, bytes.length);
  }

  private void put(byte[] bytes, int from, int to) {
    System.arraycopy(bytes, from, out, length, to - from);
    length += to - from;
  }

  private void putText(byte[] in, int from, int to) {
    int begin = from;
    int at = from;
    while (at < to) {
      byte b = in[at];
      if (b >= 0x20 && b != '"' && b != '\\' && b != 0x7f) {
        at++;
        continue;
      }
      int character = b < 0 ? lengthOfCharacter(in, at, to) : -1;
      if (character > 0) {
        at += character;
        continue;
      }
      put(in, begin, at);
      escape(b);
      at -= character;
      begin = at;
    }
    put(in, begin, to);
  }

  private void escape(byte b) {
    if (b < 0) {
      put(REPLACEMENT);
      return;
    }
    out[length++] = '\\';
    switch (b) {
      case '"', '\\' -> out[length++] = b;
      case '\t' -> out[length++] = 't';
      case '\r' -> out[length++] = 'r';
      default -> {
        out[length++] = 'u';
        out[length++] = '0';
        out[length++] = '0';
        out[length++] = HEX[b >> 4];
        out[length++] = HEX[b & 0xf];
      }
    }
  }

  /**
   * Returns the length of a character of UTF-8, or less than 0, as many as belong together, if it
   * is none; RFC 3629, section 4.
   */
  private static int lengthOfCharacter(byte[] in, int at, int to) {
    int first = in[at] & 0xff;
    int needed = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    if (needed == 1) {
      return -1;
    }
    int lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    int highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (int i = 1; i < needed; i++) {
      int next = at + i < to ? in[at + i] & 0xff : 0;
      if (next < lowest || next > highest) {
        return -i;
      }
      lowest = 0x80;
      highest = 0xbf;
    }
    return needed;
  }

  private void setTime(Instant now) {
    if (now.getEpochSecond() != timeSecond) {
      timeSecond = now.getEpochSecond();
      // "2026-11-21T05:29:44" are the first 19 characters of every form of it.
      byte[] text = ascii(Instant.ofEpochSecond(timeSecond).toString());
      System.arraycopy(text, 0, time, 0, 19);
      time[19] = '.';
      time[26] = 'Z';
    }
    int micros = now.getNano() / 1000;
    for (int digit = 25; digit > 19; digit--) {
      time[digit] = (byte) ('0' + micros % 10);
      micros /= 10;
    }
  }

  /**
   * Writes the records made last, all or none.
   *
   * @param position the end of the file, where it is written next
   */
  void write(int fd, long position) throws ErrnoException {
    direct.clear().put(out, 0, length).flip();
    boolean isWhole = false;
    try {
      Fd.writeFully(fd, direct);
      isWhole = true;
    } finally {
      if (!isWhole && direct.position() > 0) {
        Fd.truncate(fd, position);
        Fd.seekTo(fd, position);
      }
    }
  }

  /** Tells whether some bytes may be the beginning of a record of a form that a death has torn. */
  static boolean mayBeTorn(LineForm form, byte[] bytes, int length) {
    return switch (form) {
      case RAW -> false;
      case TIME -> isTime(bytes, 0, Math.min(length, TIME_BYTES));
      case JSON -> {
        int head = Math.min(length, JSON_TIME.length);
        for (int i = 0; i < head; i++) {
          if (bytes[i] != JSON_TIME[i]) {
            yield false;
          }
        }
        yield isTime(bytes, head, Math.min(length, JSON_TIME.length + TIME_BYTES));
      }
    };
  }

  private static boolean isTime(byte[] bytes, int from, int to) {
    String shape = "0000-00-00T00:00:00.000000Z";
    for (int i = from; i < to; i++) {
      char wanted = shape.charAt(i - from);
      boolean is = wanted == '0' ? bytes[i] >= '0' && bytes[i] <= '9' : bytes[i] == wanted;
      if (!is) {
        return false;
      }
    }
    return true;
  }
}
