package pm.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON (RFC 8259) as plain immutable values, and back to one line of text.
 *
 * <p>A value is a {@code Map<String, Object>} in the order of the text, a {@code List<Object>}, a
 * {@link String}, a {@link Long} (integers that fit), a {@link Double} (other numbers it holds
 * exactly as written), a {@link BigDecimal} (the rest), a {@link Boolean} or {@link #NULL}; never a
 * Java {@code null}.
 *
 * <p>Stricter than Jackson's defaults: UTF-8 only and well formed, no duplicate keys, no text after
 * the value, no unpaired surrogates, at most {@value #MAX_DEPTH} levels. Any thread.
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

  /** A number of so many characters cannot have more digits than a double holds. */
  private static final int EXACT_DOUBLE_LENGTH = 15;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNameLength(MAX_NAME_LENGTH)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .maxStringLength(64 * 1024 * 1024)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private Json() {}

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
    return parse(text.array(), text.arrayOffset(), text.remaining());
  }

  /** Reads one value from text; as {@link #parse(byte[])}. */
  public static Object parse(String text) throws JsonException {
    char[] characters = text.toCharArray();
    return parse(characters, 0, characters.length);
  }

  private static Object parse(char[] text, int offset, int length) throws JsonException {
    try (JsonParser parser = FACTORY.createParser(text, offset, length)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw new JsonException("no JSON value");
      }
      Object value = value(parser, first);
      if (parser.nextToken() != null) {
        throw new JsonException("text after the JSON value, at character " + position(parser));
      }
      return value;
    } catch (StreamConstraintsException e) {
      throw new JsonException(
          "nested deeper than %d levels, or a name or number that is too long"
              .formatted(MAX_DEPTH));
    } catch (JsonProcessingException e) {
      JsonLocation where = e.getLocation();
      throw new JsonException(
          e.getOriginalMessage() + (where == null ? "" : ", at character " + where.getColumnNr()));
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  private static Object value(JsonParser parser, JsonToken token)
      throws IOException, JsonException {
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> text(parser, parser.getText());
      case VALUE_NUMBER_INT -> integer(parser);
      case VALUE_NUMBER_FLOAT -> decimal(parser.getText());
      case VALUE_TRUE -> Boolean.TRUE;
      case VALUE_FALSE -> Boolean.FALSE;
      case VALUE_NULL -> NULL;
      case END_OBJECT, END_ARRAY, FIELD_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new IllegalStateException("token " + token + " where a value starts");
    };
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException, JsonException {
    Map<String, Object> members = new LinkedHashMap<>();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_OBJECT;
        token = parser.nextToken()) {
      String name = text(parser, parser.currentName());
      members.put(name, value(parser, parser.nextToken()));
    }
    return Collections.unmodifiableMap(members);
  }

  private static List<Object> array(JsonParser parser) throws IOException, JsonException {
    List<Object> elements = new ArrayList<>();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      elements.add(value(parser, token));
    }
    return Collections.unmodifiableList(elements);
  }

  private static String text(JsonParser parser, String text) throws JsonException {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
          i++;
        } else {
          throw new JsonException(
              "unpaired surrogate in a string, before character " + position(parser));
        }
      }
    }
    return text;
  }

  private static Object integer(JsonParser parser) throws IOException {
    return switch (parser.getNumberType()) {
      case INT, LONG -> parser.getLongValue();
      case BIG_INTEGER, FLOAT, DOUBLE, BIG_DECIMAL -> new BigDecimal(parser.getText());
    };
  }

  private static Object decimal(String text) {
    double number = Double.parseDouble(text);
    if (text.length() <= EXACT_DOUBLE_LENGTH && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
      return number;
    }
    BigDecimal exact = new BigDecimal(text);
    boolean same =
        Double.isFinite(number) && new BigDecimal(Double.toString(number)).compareTo(exact) == 0;
    return same ? (Object) number : exact;
  }

  private static int position(JsonParser parser) {
    return parser.currentLocation().getColumnNr();
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
    switch (value) {
      case String text -> quote(text, out);
      case Boolean truth -> out.append(truth.booleanValue());
      case Double number -> out.append(number(number));
      case Float number -> out.append(number(number.doubleValue()));
      case Number number -> out.append(number);
      case Null _ -> out.append("null");
      case Map<?, ?> object -> {
        out.append('{');
        boolean first = true;
        for (Map.Entry<?, ?> member : object.entrySet()) {
          if (!first) {
            out.append(',');
          }
          first = false;
          quote((String) member.getKey(), out);
          out.append(':');
          write(member.getValue(), out);
        }
        out.append('}');
      }
      case Iterable<?> array -> {
        out.append('[');
        boolean first = true;
        for (Object element : array) {
          if (!first) {
            out.append(',');
          }
          first = false;
          write(element, out);
        }
        out.append(']');
      }
      default ->
          throw new IllegalArgumentException("not a JSON value: " + value.getClass().getName());
    }
  }

  private static String number(double number) {
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException("not a JSON number: " + number);
    }
    // 3.0E7 is JSON too, yet 30000000 is what a person writes.
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number) + ".0"
        : Double.toString(number);
  }

  /** Appends a JSON string with its quotes. */
  public static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
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
          if (c < ' ' || c == '\u007f' || c == '\u2028' || c == '\u2029') {
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
}
