package pm.protocol;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads one JSON text (RFC 8259) into the values that {@link Json} describes: recursive descent
 * over the grammar, one method a rule. Written by hand because a general parser takes 25 of the 70
 * milliseconds that {@code pmctl status} may need; a test compares it with Jackson.
 */
final class JsonReader {
  /** A number with a point and so few characters has at most 15 digits, which a double keeps. */
  private static final int EXACT_DOUBLE_LENGTH = 16;

  private static final double[] POWERS_OF_TEN = {
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
  };

  private final char[] text;
  private final int end;
  private final Set<String> foreign;
  private int at;
  private int depth;

  /**
   * @param foreign names of members whose values others have written
   */
  JsonReader(char[] text, int start, int length, Set<String> foreign) {
    this.foreign = foreign;
    this.text = text;
    this.at = start;
    this.end = start + length;
  }

  /** Reads the value that the whole text must be. */
  Object read() throws JsonException {
    skipSpace();
    Object value = value();
    skipSpace();
    if (at < end) {
      throw wrong("text after the JSON value");
    }
    return value;
  }

  private Object value() throws JsonException {
    return switch (peek()) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string(Integer.MAX_VALUE);
      case 't' -> word("true", Boolean.TRUE);
      case 'f' -> word("false", Boolean.FALSE);
      case 'n' -> word("null", Json.NULL);
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
      default -> throw wrong("no JSON value");
    };
  }

  private Map<String, Object> object() throws JsonException {
    open();
    Map<String, Object> members = new LinkedHashMap<>();
    skipSpace();
    if (!skip('}')) {
      do {
        skipSpace();
        if (peek() != '"') {
          throw wrong("a name in double quotes is missing");
        }
        String name = string(Json.MAX_NAME_LENGTH);
        skipSpace();
        expect(':');
        skipSpace();
        Object value = foreign.contains(name) ? foreign() : value();
        if (members.putIfAbsent(name, value) != null) {
          throw wrong("the name " + Json.write(name) + " stands twice in one object");
        }
        skipSpace();
      } while (skip(','));
      expect('}');
    }
    depth--;
    return Collections.unmodifiableMap(members);
  }

  /** A value that others have written, as text if it is not as ours are. */
  private Object foreign() throws JsonException {
    int start = at;
    int level = depth;
    try {
      return value();
    } catch (JsonException notOurs) {
      at = start;
      depth = level;
      if (peek() != '{' && peek() != '[') {
        throw notOurs;
      }
      skipNested();
      return new Json.Raw(new String(text, start, at - start));
    }
  }

  /** Goes behind an object or array by its braces, brackets and quotes. */
  private void skipNested() throws JsonException {
    int open = 0;
    do {
      char c = peek();
      at++;
      switch (c) {
        case '{', '[' -> open++;
        case '}', ']' -> open--;
        case '"' -> skipString();
        default -> {}
      }
    } while (open > 0);
  }

  private void skipString() throws JsonException {
    while (peek() != '"') {
      at += text[at] == '\\' ? 2 : 1;
    }
    at++;
  }

  private List<Object> array() throws JsonException {
    open();
    List<Object> elements = new ArrayList<>();
    skipSpace();
    if (!skip(']')) {
      do {
        skipSpace();
        elements.add(value());
        skipSpace();
      } while (skip(','));
      expect(']');
    }
    depth--;
    return Collections.unmodifiableList(elements);
  }

  private void open() throws JsonException {
    at++;
    if (++depth > Json.MAX_DEPTH) {
      throw wrong("nested deeper than " + Json.MAX_DEPTH + " levels");
    }
  }

  private Object word(String word, Object value) throws JsonException {
    for (int i = 0; i < word.length(); i++) {
      if (at + i >= end || text[at + i] != word.charAt(i)) {
        throw wrong("no JSON value");
      }
    }
    at += word.length();
    return value;
  }

  private String string(int maxLength) throws JsonException {
    int start = ++at;
    // Most of a client's time goes by here, interpreted: with nothing that is called, and no field.
    char[] characters = text;
    int limit = end;
    int position = start;
    while (position < limit) {
      char c = characters[position];
      if (c == '"'
          || c == '\\'
          || c < ' '
          || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
        break;
      }
      position++;
    }
    at = position;
    String plain = new String(characters, start, position - start);
    String string = at < end && text[at] == '"' ? plain : rest(new StringBuilder(plain));
    at++;
    if (string.length() > maxLength) {
      throw wrong("a name of more than " + maxLength + " characters");
    }
    return string;
  }

  /** The rest of a string that is not all plain characters; ends at its closing quote. */
  private String rest(StringBuilder string) throws JsonException {
    while (peek() != '"') {
      char c = text[at];
      if (c < ' ') {
        throw wrong("a control character in a string must be escaped");
      }
      char unit = c == '\\' ? escaped() : text[at++];
      if (Character.isSurrogate(unit)) {
        char low = peek() == '\\' ? escaped() : text[at++];
        if (!Character.isSurrogatePair(unit, low)) {
          throw wrong("an unpaired surrogate in a string");
        }
        string.append(unit).append(low);
      } else {
        string.append(unit);
      }
    }
    return string.toString();
  }

  private char escaped() throws JsonException {
    at++;
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> hexadecimal();
      default -> throw wrong("an unknown escape in a string");
    };
  }

  private char hexadecimal() throws JsonException {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
      char c = peek();
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw wrong("\\u needs four hexadecimal digits");
      }
      unit = unit * 16 + digit;
      at++;
    }
    return (char) unit;
  }

  private Object number() throws JsonException {
    int start = at;
    skip('-');
    if (!skip('0')) {
      digits();
    }
    boolean integer = true;
    if (skip('.')) {
      integer = false;
      digits();
    }
    boolean exponent = skip('e') || skip('E');
    if (exponent) {
      integer = false;
      if (!skip('+')) {
        skip('-');
      }
      digits();
    }
    if (at - start > Json.MAX_NUMBER_LENGTH) {
      throw wrong("a number of more than " + Json.MAX_NUMBER_LENGTH + " characters");
    }
    if (!integer && !exponent && at - start <= EXACT_DOUBLE_LENGTH) {
      return shortDecimal(start);
    }
    String number = new String(text, start, at - start);
    if (integer) {
      return integer(number);
    }
    double approximate = Double.parseDouble(number);
    return isExact(approximate, number) ? (Object) approximate : decimal(number);
  }

  /**
   * The number with a point that ends here. Its digits and the power of ten are doubles, so one
   * division is rounded as it should be; Double.parseDouble would take eight classes more.
   */
  private double shortDecimal(int start) {
    long digits = 0;
    int fraction = 0;
    boolean isFraction = false;
    for (int i = start; i < at; i++) {
      char c = text[i];
      if (c == '.') {
        isFraction = true;
      } else if (c != '-') {
        digits = digits * 10 + (c - '0');
        if (isFraction) {
          fraction++;
        }
      }
    }
    double value = digits / POWERS_OF_TEN[fraction];
    return text[start] == '-' ? -value : value;
  }

  private void digits() throws JsonException {
    int start = at;
    while (at < end && text[at] >= '0' && text[at] <= '9') {
      at++;
    }
    if (at == start) {
      throw wrong("a digit is missing");
    }
  }

  private Object integer(String number) throws JsonException {
    try {
      return Long.parseLong(number);
    } catch (NumberFormatException e) {
      return decimal(number); // It is a number, so it is only too large for a long.
    }
  }

  private boolean isExact(double approximate, String number) throws JsonException {
    return Double.isFinite(approximate)
        && new BigDecimal(Double.toString(approximate)).compareTo(decimal(number)) == 0;
  }

  private BigDecimal decimal(String number) throws JsonException {
    try {
      return new BigDecimal(number);
    } catch (NumberFormatException e) {
      throw wrong("a number with an exponent beyond all bounds");
    }
  }

  private char peek() throws JsonException {
    if (at >= end) {
      throw wrong("the text ends too early");
    }
    return text[at];
  }

  private boolean skip(char c) {
    if (at < end && text[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(char c) throws JsonException {
    if (!skip(c)) {
      throw wrong(at < end ? "'" + c + "' is missing" : "the text ends too early");
    }
  }

  private void skipSpace() {
    while (at < end
        && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) {
      at++;
    }
  }

  private JsonException wrong(String what) {
    return new JsonException(what + ", at character " + (Math.min(at, end) + 1));
  }
}
