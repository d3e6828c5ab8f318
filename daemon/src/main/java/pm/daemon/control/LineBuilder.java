package pm.daemon.control;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import pm.protocol.Id;
import pm.protocol.Json;

/**
 * Puts a response together from text and from JSON that is bytes already. Any thread, one at a
 * time.
 */
final class LineBuilder {
  private static final byte[] HEAD =
      "{\"jsonrpc\":\"2.0\",\"id\":".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] RESULT = ",\"result\":".getBytes(StandardCharsets.US_ASCII);

  /** What {@link #end} adds. */
  private static final int END_BYTES = 2;

  private byte[] bytes;
  private int length;

  private LineBuilder(int expectedBytes) {
    bytes = new byte[expectedBytes];
  }

  /**
   * Begins a response whose result follows.
   *
   * @param expectedBytes of the result; if it has as many, it is never copied
   */
  static LineBuilder result(Id id, int expectedBytes) {
    return switch (id) {
      case Id.Number number -> {
        String digits = Long.toString(number.value());
        yield result(digits.length(), expectedBytes).plain(digits).raw(RESULT);
      }
      case Id.Text text ->
          result(text.value().length() + 2, expectedBytes).quoted(text.value()).raw(RESULT);
    };
  }

  private static LineBuilder result(int idBytes, int expectedBytes) {
    return new LineBuilder(HEAD.length + idBytes + RESULT.length + expectedBytes + END_BYTES)
        .raw(HEAD);
  }

  /** Adds JSON. */
  LineBuilder raw(byte[] json) {
    makeRoom(json.length);
    System.arraycopy(json, 0, bytes, length, json.length);
    length += json.length;
    return this;
  }

  /** Adds JSON that is plain ASCII. */
  LineBuilder plain(String json) {
    int more = json.length();
    makeRoom(more);
    for (int i = 0; i < more; i++) {
      bytes[length + i] = (byte) json.charAt(i);
    }
    length += more;
    return this;
  }

  /** Adds JSON. */
  LineBuilder text(CharSequence json) {
    return raw(json.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a string in quotes. */
  LineBuilder quoted(String text) {
    int start = length;
    int more = text.length();
    makeRoom(more + 2);
    bytes[length++] = '"';
    for (int i = 0; i < more; i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        length = start;
        StringBuilder quoted = new StringBuilder(more + 16);
        Json.quote(text, quoted);
        return text(quoted);
      }
      bytes[length++] = (byte) c;
    }
    bytes[length++] = '"';
    return this;
  }

  /** Adds a number. */
  LineBuilder number(long number) {
    return plain(Long.toString(number));
  }

  private void makeRoom(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
    }
  }

  /** Returns how long the line is by now. */
  int length() {
    return length;
  }

  /** Takes back what was added since it was so long. */
  void truncate(int earlier) {
    length = earlier;
  }

  /** Returns how many bytes the line may still get. */
  int room() {
    return Bounds.LINE_BYTES - length - END_BYTES;
  }

  /** Returns the whole line with its line feed. */
  byte[] end() {
    plain("}\n");
    return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
  }
}
