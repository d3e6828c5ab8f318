package pm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks through JSON text in UTF-8 from member to member, without building what its user only
 * passes on. All that it goes over is checked to be JSON, as {@link Envelope} does: a name that
 * stands twice is not looked for. Copies nothing, and makes no objects but those that are asked
 * for. One cursor is used again and again. Not safe for several threads at once.
 *
 * <pre>
 * cursor.begin(text);
 * if (cursor.beginObject()) {
 *   while (cursor.nextName()) {
 *     if (cursor.isName(DATA)) {
 *       cursor.value(); // text[cursor.from()] to text[cursor.to() - 1]
 *     } …
 * </pre>
 */
public final class JsonCursor {
  private static final byte[] NOTHING = {};

  private final JsonChecker checker = new JsonChecker();
  private byte[] text = NOTHING;
  private int at;
  private int nameFrom;
  private int nameTo;
  private int from;
  private int to;
  private boolean isFirst;

  /** Whether the string that was gone over last has neither escapes nor letters beyond ASCII. */
  private boolean isPlain;

  private boolean isNamePlain;

  /** Goes to the beginning of a text. */
  public void begin(byte[] utf8) {
    begin(utf8, 0);
  }

  /** Goes to a value in a text: one that {@link #value} has gone over before. */
  public void begin(byte[] utf8, int start) {
    text = utf8;
    at = start;
    isFirst = false;
    skipSpace();
  }

  /**
   * Goes to the members of the object that comes next.
   *
   * @return false if what comes next is none; it is still to come
   */
  public boolean beginObject() {
    return begin((byte) '{');
  }

  /**
   * Goes to the elements of the array that comes next.
   *
   * @return false if what comes next is none; it is still to come
   */
  public boolean beginArray() {
    return begin((byte) '[');
  }

  private boolean begin(byte bracket) {
    if (at < text.length && text[at] == bracket) {
      at++;
      isFirst = true;
      return true;
    }
    return false;
  }

  /**
   * Goes to the value of the next member of an object.
   *
   * @return false if there is none; the object is behind then
   */
  public boolean nextName() throws MalformedJsonException {
    if (isEnd((byte) '}')) {
      return false;
    }
    string(Json.MAX_NAME_LENGTH);
    nameFrom = from + 1;
    nameTo = to - 1;
    isNamePlain = isPlain;
    skipSpace();
    expect((byte) ':');
    skipSpace();
    return true;
  }

  /**
   * Goes to the next element of an array.
   *
   * @return false if there is none; the array is behind then
   */
  public boolean nextElement() throws MalformedJsonException {
    return !isEnd((byte) ']');
  }

  private boolean isEnd(byte bracket) throws MalformedJsonException {
    skipSpace();
    boolean first = isFirst;
    isFirst = false;
    if (at < text.length && text[at] == bracket) {
      at++;
      return true;
    }
    if (!first) {
      expect((byte) ',');
      skipSpace();
    }
    return false;
  }

  /** Returns whether the member has this name, which must be plain ASCII. */
  public boolean isName(byte[] name) {
    if (!isNamePlain) {
      return name().equals(new String(name, StandardCharsets.US_ASCII));
    }
    return nameTo - nameFrom == name.length
        && Arrays.equals(text, nameFrom, nameTo, name, 0, name.length);
  }

  /** Returns the name of the member. */
  public String name() {
    return string(nameFrom - 1, nameTo + 1);
  }

  /** Goes behind the value that comes next. */
  public void value() throws MalformedJsonException {
    if (at < text.length && text[at] == '"') {
      string(Integer.MAX_VALUE);
      return;
    }
    check(Integer.MAX_VALUE, false);
  }

  /** Goes behind a string; most have neither escapes nor letters beyond ASCII. */
  private void string(int maxLength) throws MalformedJsonException {
    int start = at;
    if (start < text.length && text[start] == '"') {
      int next = start + 1;
      while (next < text.length && text[next] >= ' ' && text[next] != '\\' && text[next] != '"') {
        next++;
      }
      if (next < text.length && text[next] == '"' && next - start <= maxLength) {
        from = start;
        to = next + 1;
        at = to;
        isPlain = true;
        return;
      }
    }
    check(maxLength, true);
  }

  private void check(int maxLength, boolean isString) throws MalformedJsonException {
    from = at;
    isPlain = false;
    checker.begin(text, at, text.length);
    try {
      if (isString) {
        checker.string(maxLength);
      } else {
        checker.value();
      }
    } catch (JsonChecker.NotJsonException notJson) {
      throw new MalformedJsonException();
    }
    at = checker.at();
    to = at;
  }

  /** Lets go of the text, which may be long. */
  public void release() {
    text = NOTHING;
    checker.release();
  }

  /** Checks that nothing follows. */
  public void end() throws MalformedJsonException {
    skipSpace();
    if (at < text.length) {
      throw new MalformedJsonException();
    }
  }

  /** Returns where the value begins that was gone over last. */
  public int from() {
    return from;
  }

  /** Returns where it ends: the position behind it. */
  public int to() {
    return to;
  }

  /** Returns where the value begins that comes next. */
  public int at() {
    return at;
  }

  /** Returns the first byte of the value that was gone over last, which tells its type. */
  public byte first() {
    return text[from];
  }

  /** Returns whether the value that was gone over last is {@code null}. */
  public boolean isNull() {
    return text[from] == 'n';
  }

  /** Returns whether it is a string. */
  public boolean isString() {
    return text[from] == '"';
  }

  /** Returns whether it is a number. */
  public boolean isNumber() {
    return text[from] == '-' || (text[from] >= '0' && text[from] <= '9');
  }

  /** Returns whether it is exactly this text: a word, or a string with its quotes. */
  public boolean is(byte[] plain) {
    return Arrays.equals(text, from, to, plain, 0, plain.length);
  }

  /** Returns its bytes, in an array that is not to be changed. */
  public byte[] copy() {
    return SmallTexts.copy(text, from, to);
  }

  /** Returns it as {@link Json} reads it; for what is small. */
  public Object parsed() throws JsonException {
    return Json.parse(text, from, to - from);
  }

  /** Returns the string that it is. */
  public String string() {
    return string(from, to);
  }

  private String string(int start, int end) {
    for (int i = start + 1; i < end - 1; i++) {
      if (text[i] == '\\' || text[i] < 0) {
        return parsedString(start, end);
      }
    }
    return new String(text, start + 1, end - start - 2, StandardCharsets.ISO_8859_1);
  }

  private String parsedString(int start, int end) {
    try {
      return (String) Json.parse(text, start, end - start);
    } catch (JsonException impossible) {
      throw new IllegalStateException("what was checked is no JSON", impossible);
    }
  }

  private void expect(byte b) throws MalformedJsonException {
    if (at >= text.length || text[at] != b) {
      throw new MalformedJsonException();
    }
    at++;
  }

  private void skipSpace() {
    while (at < text.length
        && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) {
      at++;
    }
  }
}
