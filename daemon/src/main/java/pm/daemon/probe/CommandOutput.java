package pm.daemon.probe;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/**
 * Reads what a command writes from its pipe, hands on the lines, and keeps the last of them.
 * Control characters are shown as dots, bytes that are no UTF-8 as question marks. Loop thread
 * only.
 */
final class CommandOutput {
  /** A longer line is handed on in pieces. */
  static final int MOST_LINE_BYTES = 2 * 1024;

  /** What is handed on of one command; the rest is only read. */
  static final int MOST_LINES = 1_000;

  /** What is kept. */
  static final int MOST_KEPT = 4 * 1024;

  private static final int READ_BYTES = 16 * 1024;
  private static final int READS_A_TURN = 4;
  private static final int READS_AT_END = 256;

  private final int fd;
  private final Consumer<String> lines;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
  private final byte[] line = new byte[MOST_LINE_BYTES];
  private final ArrayDeque<String> kept = new ArrayDeque<>();
  private int lineLength;
  private int keptCharacters;
  private int handedOn;
  private boolean isAtEnd;

  CommandOutput(int fd, Consumer<String> lines) {
    this.fd = fd;
    this.lines = lines;
  }

  /** Whether nobody holds the other end any more. */
  boolean isAtEnd() {
    return isAtEnd;
  }

  /** Reads what is there, in a bounded turn. */
  void read() throws ErrnoException {
    read(READS_A_TURN);
  }

  /** Reads what is left, as far as that has an end, and hands on what is no whole line too. */
  void finish() throws ErrnoException {
    read(READS_AT_END);
    if (lineLength > 0) {
      endLine();
    }
  }

  private void read(int most) throws ErrnoException {
    for (int i = 0; i < most && !isAtEnd; i++) {
      buffer.clear();
      int count = Fd.read(fd, buffer);
      if (count == Fd.WOULD_BLOCK) {
        return;
      }
      isAtEnd = count == 0;
      for (int at = 0; at < count; at++) {
        byte b = buffer.get(at);
        if (b == '\n') {
          endLine();
        } else {
          line[lineLength] = b;
          lineLength++;
          if (lineLength == MOST_LINE_BYTES) {
            endLine();
          }
        }
      }
    }
  }

  private void endLine() {
    String text = readable(new String(line, 0, lineLength, StandardCharsets.UTF_8));
    lineLength = 0;
    kept.add(text);
    keptCharacters += text.length() + 1;
    while (keptCharacters > MOST_KEPT && kept.size() > 1) {
      keptCharacters -= kept.remove().length() + 1;
    }
    handedOn++;
    if (handedOn <= MOST_LINES) {
      lines.accept(text);
    } else if (handedOn == MOST_LINES + 1) {
      lines.accept("… more than " + MOST_LINES + " lines; the rest is not shown");
    }
  }

  private static String readable(String text) {
    StringBuilder readable = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean isControl = c < ' ' || (c >= 0x7f && c < 0xa0);
      if (c == '\t') {
        readable.append(' ');
      } else if (c == '\ufffd') {
        readable.append('?');
      } else if (!(c == '\r' && i == text.length() - 1)) {
        readable.append(isControl ? '.' : c);
      }
    }
    return readable.toString();
  }

  /** Returns the last lines. */
  String tail() {
    return String.join("\n", kept);
  }
}
