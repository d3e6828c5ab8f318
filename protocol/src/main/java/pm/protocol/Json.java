package pm.protocol;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * JSON (RFC 8259) as plain immutable values, and back to one line of text.
 *
 * <p>A value is a {@code Map<String, Object>} in the order of the text, a {@code List<Object>}, a
 * {@link String}, a {@link Long} (integers that fit), a {@link Double} (other numbers it holds
 * exactly as written), a {@code BigDecimal} (the rest), a {@link Boolean} or {@link #NULL}; never a
 * Java {@code null}.
 *
 * <p>Read strictly: UTF-8 only and well formed, no duplicate keys, no text after the value, no
 * unpaired surrogates, at most {@value #MAX_DEPTH} levels. Any thread.
 */
public final class Json {
  /** Deepest nesting of objects and arrays that is read. */
  public static final int MAX_DEPTH = 64;

  /** The JSON {@code null}. */
  public static final Object NULL = Null.NULL;

  /** Characters of a key; all our own are far shorter. */
  static final int MAX_NAME_LENGTH = 1024;

  /** Digits and signs of one number. */
  static final int MAX_NUMBER_LENGTH = 256;

  private Json() {}

  /**
   * Text that is JSON by its braces and quotes, and no value as described above: a name stands
   * twice in it, or it is too deep. It is written as it is.
   */
  public record Raw(String text) {
    @Override
    public String toString() {
      return text;
    }
  }

  private enum Null {
    NULL;

    @Override
    public String toString() {
      return "null";
    }
  }

  /**
   * Reads one value from UTF-8.
   *
   * @throws JsonException if the bytes are not exactly one JSON value as described above
   */
  public static Object parse(byte[] utf8) throws JsonException {
    return parse(utf8, 0, utf8.length);
  }

  /** As {@link #parse(byte[])}, from {@code length} bytes at {@code offset}. */
  public static Object parse(byte[] utf8, int offset, int length) throws JsonException {
    return parse(utf8, offset, length, Set.of());
  }

  /**
   * Reads a text in which others have written what they liked, so long as it was JSON to somebody.
   *
   * @param foreign the names of members that hold such values: one that is not as described above
   *     becomes {@link Raw}
   */
  public static Object parse(byte[] utf8, Set<String> foreign) throws JsonException {
    return parse(utf8, 0, utf8.length, foreign);
  }

  private static Object parse(byte[] utf8, int offset, int length, Set<String> foreign)
      throws JsonException {
    CharBuffer text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(utf8, offset, length));
    } catch (CharacterCodingException e) {
      throw new JsonException("not valid UTF-8");
    }
    return new JsonReader(text.array(), text.arrayOffset(), text.remaining(), foreign).read();
  }

  /** Reads one value from text; as {@link #parse(byte[])}. */
  public static Object parse(String text) throws JsonException {
    char[] characters = text.toCharArray();
    return new JsonReader(characters, 0, characters.length, Set.of()).read();
  }

  /**
   * Writes a value as one line of text: no spaces, no line break whatever the strings contain.
   *
   * @throws IllegalArgumentException if the value holds anything that is not listed in the class
   *     comment; other integers and floats than {@code Long} and {@code Double} are accepted,
   *     infinities are not
   */
  public static String write(Object value) {
    StringBuilder out = new StringBuilder(256);
    write(value, out);
    return out.toString();
  }

  /** As {@link #write(Object)}, in UTF-8. An unpaired surrogate is written as U+FFFD. */
  public static byte[] writeBytes(Object value) {
    return write(value).getBytes(StandardCharsets.UTF_8);
  }

  /** Appends a value as {@link #write(Object)} does. */
  public static void write(Object value, StringBuilder out) {
    // No switch over types here: its bootstrap alone takes a client 15 milliseconds.
    if (value instanceof String text) {
      quote(text, out);
    } else if (value instanceof Double || value instanceof Float) {
      out.append(number(((Number) value).doubleValue()));
    } else if (value instanceof Number || value instanceof Boolean || value == NULL) {
      out.append(value);
    } else if (value instanceof Raw raw) {
      out.append(raw.text());
    } else if (value instanceof Map<?, ?> object) {
      char separator = '{';
      for (Map.Entry<?, ?> member : object.entrySet()) {
        out.append(separator);
        separator = ',';
        quote((String) member.getKey(), out);
        out.append(':');
        write(member.getValue(), out);
      }
      out.append(object.isEmpty() ? "{}" : "}");
    } else if (value instanceof List<?> array) {
      char separator = '[';
      for (Object element : array) {
        out.append(separator);
        separator = ',';
        write(element, out);
      }
      out.append(array.isEmpty() ? "[]" : "]");
    } else {
      throw new IllegalArgumentException("not a JSON value: " + value.getClass().getName());
    }
  }

  private static String number(double number) {
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException("not a JSON number: " + number);
    }
    // 3.0E7 is JSON too, yet 30000000.0 is what a person writes.
    boolean exponentNotNeeded = Math.abs(number) >= 1e7 && Math.abs(number) < 1e15;
    return exponentNotNeeded && number == Math.rint(number)
        ? (long) number + ".0"
        : Double.toString(number);
  }

  /**
   * Ends of lines, and what changes the direction of text, so that a person who looks at it would
   * see something else than what is there.
   */
  private static boolean turnsText(char c) {
    return c == '\u200e'
        || c == '\u200f'
        || (c >= '\u2028' && c <= '\u202e')
        || (c >= '\u2066' && c <= '\u2069');
  }

  /**
   * Appends a JSON string with its quotes. Nothing in it acts on a terminal that shows it: control
   * characters, and those that turn the direction of text, are written as {@code \\u001b}.
   */
  public static void quote(String text, StringBuilder out) {
    out.append('"');
    int plain = plain(text);
    // Nearly always all of it, and one step where each character would be one.
    out.append(text, 0, plain);
    for (int i = plain; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < ' ' || (c >= '\u007f' && (c < '\u00a0' || turnsText(c)))) {
            out.append("\\u");
            for (int shift = 12; shift >= 0; shift -= 4) {
              out.append(Character.forDigit((c >> shift) & 0xf, 16));
            }
          } else if (!Character.isSurrogate(c)) {
            out.append(c);
          } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
            out.append(c).append(text.charAt(++i));
          } else {
            out.append('\ufffd');
          }
        }
      }
    }
    out.append('"');
  }

  /** Returns how many characters from the beginning are printable ASCII that stands for itself. */
  private static int plain(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c < ' ' || c >= '\u007f' || c == '"' || c == '\\') {
        return i;
      }
    }
    return length;
  }
}
