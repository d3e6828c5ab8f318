package pm.protocol;

/**
 * Checks that bytes are JSON (RFC 8259) in UTF-8 and finds where its values end, without building
 * them. Accepts what {@link Json} accepts, but for names that stand twice, which it does not
 * notice, and for exponents of more than {@value #MAX_EXPONENT_DIGITS} digits, which it refuses.
 */
final class JsonChecker {
  private static final int MAX_EXPONENT_DIGITS = 8;

  /** The bytes are not JSON. Why is not told, so that a flood of them costs little. */
  static final class NotJsonException extends Exception {
    private static final long serialVersionUID = 1L;

    private NotJsonException() {
      super("not JSON", null, false, false);
    }
  }

  private static final byte[] NOTHING = {};

  private byte[] text = NOTHING;
  private int at;
  private int end;
  private int depth;
  private boolean isPlain;

  /** Goes to the beginning of a text. */
  void begin(byte[] bytes, int from, int to) {
    text = bytes;
    at = from;
    end = to;
    depth = 0;
  }

  /** Returns where it has come to. */
  int at() {
    return at;
  }

  /** Lets go of the text. */
  void release() {
    text = NOTHING;
  }

  /** Goes behind one value. */
  void value() throws NotJsonException {
    switch (peek()) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string(Integer.MAX_VALUE);
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> word("null");
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
      default -> throw new NotJsonException();
    }
  }

  private void object() throws NotJsonException {
    open();
    skipSpace();
    if (!skip('}')) {
      do {
        skipSpace();
        string(Json.MAX_NAME_LENGTH);
        skipSpace();
        expect(':');
        skipSpace();
        value();
        skipSpace();
      } while (skip(','));
      expect('}');
    }
    depth--;
  }

  private void array() throws NotJsonException {
    open();
    skipSpace();
    if (!skip(']')) {
      do {
        skipSpace();
        value();
        skipSpace();
      } while (skip(','));
      expect(']');
    }
    depth--;
  }

  private void open() throws NotJsonException {
    at++;
    // The message itself is the first level.
    if (++depth >= Json.MAX_DEPTH) {
      throw new NotJsonException();
    }
  }

  private void word(String word) throws NotJsonException {
    for (int i = 0; i < word.length(); i++) {
      expect(word.charAt(i));
    }
  }

  /** Goes behind a string of at most so many characters. */
  void string(int maxLength) throws NotJsonException {
    expect('"');
    byte[] bytes = text;
    int limit = end;
    int start = at;
    int next = start;
    while (next < limit && bytes[next] >= ' ' && bytes[next] != '"' && bytes[next] != '\\') {
      next++;
    }
    at = next;
    int units = next - start;
    isPlain = next < limit && bytes[next] == '"';
    if (isPlain) {
      at++;
    } else {
      units += rest();
    }
    if (units > maxLength) {
      throw new NotJsonException();
    }
  }

  /** Goes behind the rest of a string, which is not plain; returns its UTF-16 units. */
  private int rest() throws NotJsonException {
    int units = 0;
    while (true) {
      byte b = peek();
      if (b >= ' ') {
        at++;
        if (b == '"') {
          return units;
        }
        if (b == '\\') {
          units += escape();
        } else {
          units++;
        }
      } else if (b >= 0) {
        throw new NotJsonException();
      } else {
        units += sequence();
      }
    }
  }

  /** Returns whether the last string had neither escapes nor letters beyond ASCII. */
  boolean isPlain() {
    return isPlain;
  }

  /** Goes behind what follows a backslash; returns its UTF-16 units. */
  private int escape() throws NotJsonException {
    byte b = peek();
    at++;
    switch (b) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {
        return 1;
      }
      case 'u' -> {
        char unit = hexadecimal();
        if (!Character.isSurrogate(unit)) {
          return 1;
        }
        expect('\\');
        expect('u');
        if (!Character.isSurrogatePair(unit, hexadecimal())) {
          throw new NotJsonException();
        }
        return 2;
      }
      default -> throw new NotJsonException();
    }
  }

  private char hexadecimal() throws NotJsonException {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
      byte b = peek();
      int digit = b >= 0 ? Character.digit(b, 16) : -1;
      if (digit < 0) {
        throw new NotJsonException();
      }
      unit = unit * 16 + digit;
      at++;
    }
    return (char) unit;
  }

  /** Goes behind one character of more than one byte (RFC 3629); returns its UTF-16 units. */
  private int sequence() throws NotJsonException {
    int first = text[at] & 0xff;
    int second = at + 1 < end ? text[at + 1] & 0xff : 0;
    int more;
    int low = 0x80;
    int high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
      more = 1;
    } else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      low = first == 0xe0 ? 0xa0 : low;
      high = first == 0xed ? 0x9f : high;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      low = first == 0xf0 ? 0x90 : low;
      high = first == 0xf4 ? 0x8f : high;
    } else {
      throw new NotJsonException();
    }
    if (at + more >= end || second < low || second > high) {
      throw new NotJsonException();
    }
    for (int i = 2; i <= more; i++) {
      int next = text[at + i] & 0xff;
      if (next < 0x80 || next > 0xbf) {
        throw new NotJsonException();
      }
    }
    at += more + 1;
    return more == 3 ? 2 : 1;
  }

  private void number() throws NotJsonException {
    int start = at;
    skip('-');
    if (!skip('0')) {
      digits();
    }
    if (skip('.')) {
      digits();
    }
    if (skip('e') || skip('E')) {
      if (!skip('+')) {
        skip('-');
      }
      if (digits() > MAX_EXPONENT_DIGITS) {
        throw new NotJsonException();
      }
    }
    if (at - start > Json.MAX_NUMBER_LENGTH) {
      throw new NotJsonException();
    }
  }

  private int digits() throws NotJsonException {
    int start = at;
    while (at < end && text[at] >= '0' && text[at] <= '9') {
      at++;
    }
    if (at == start) {
      throw new NotJsonException();
    }
    return at - start;
  }

  private byte peek() throws NotJsonException {
    if (at >= end) {
      throw new NotJsonException();
    }
    return text[at];
  }

  boolean skip(char c) {
    if (at < end && text[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  void expect(char c) throws NotJsonException {
    if (!skip(c)) {
      throw new NotJsonException();
    }
  }

  void expectEnd() throws NotJsonException {
    if (at < end) {
      throw new NotJsonException();
    }
  }

  void skipSpace() {
    while (at < end && text[at] <= ' ' && isSpace(text[at])) {
      at++;
    }
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == '\n' || b == '\r';
  }
}
