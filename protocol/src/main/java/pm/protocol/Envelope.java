package pm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads what a JSON-RPC 2.0 message is and where its parts are, without building them: the whole
 * text is checked to be JSON in UTF-8, nothing of it is copied and nothing is allocated. One reader
 * is used again and again. Not safe for several threads at once.
 *
 * <p>Differs from {@link MessageCodec} where a program that is not ours may differ: params may be
 * an array, a response may have both {@code result} and {@code error} if one of them is null, an
 * error may be any value. A name that stands twice is refused in the message itself, and not looked
 * for inside its parts.
 */
public final class Envelope {
  /** A character may be written as an escape of its code unit. */
  private static final int MOST_BYTES_OF_A_CHARACTER = 6;

  /** What kind of message a text is. */
  public enum Kind {
    /** Has a method and an id. */
    REQUEST,
    /** Has a method and no id. */
    NOTIFICATION,
    /** Answers a request well. */
    RESULT,
    /** Answers a request with an error. */
    ERROR,
    /** No message. */
    NONE
  }

  /** A part of a message that may be any value. */
  public enum Part {
    PARAMS,
    RESULT,
    ERROR
  }

  /** A member that has a meaning, and where it is in the present message. */
  private static final class Member {
    private final byte[] name;
    private boolean isThere;
    private boolean isNull;

    /** Whether it is a string with neither escapes nor letters beyond ASCII. */
    private boolean isPlain;

    private int from;
    private int to;

    private Member(String name) {
      this.name = name.getBytes(StandardCharsets.US_ASCII);
    }

    private boolean hasValue() {
      return isThere && !isNull;
    }
  }

  private static final byte[] NOTHING = {};
  private static final byte[] VERSION = "2.0".getBytes(StandardCharsets.US_ASCII);

  private final Member version = new Member("jsonrpc");
  private final Member id = new Member("id");
  private final Member method = new Member("method");
  private final Member params = new Member("params");
  private final Member result = new Member("result");
  private final Member error = new Member("error");
  private final Member foreign = new Member("");

  /** The member whose value was gone into last. */
  private Member last = foreign;

  private final JsonChecker json = new JsonChecker();
  private byte[] bytes = NOTHING;

  /**
   * Reads the text between two positions of an array, which the accessors go on using until the
   * next text is read.
   *
   * @return NONE if it is no JSON-RPC 2.0 message
   */
  public Kind read(byte[] text, int start, int end) {
    begin(text);
    try {
      return find(start, end) ? kind() : Kind.NONE;
    } catch (JsonChecker.NotJsonException notJson) {
      return Kind.NONE;
    }
  }

  /**
   * Reads the beginning of a text that is cut off. The accessors tell of what is whole.
   *
   * @return RESULT or ERROR if it can only be the beginning of such an answer, with its id; else
   *     NONE
   */
  public Kind readBeginning(byte[] text, int start, int end) {
    begin(text);
    try {
      find(start, end);
      return Kind.NONE;
    } catch (JsonChecker.NotJsonException cutOff) {
      if (!isVersionTwo() || method.hasValue() || !isGoodId()) {
        return Kind.NONE;
      }
      if (last == error || error.hasValue()) {
        return Kind.ERROR;
      }
      return last == result || result.hasValue() ? Kind.RESULT : Kind.NONE;
    }
  }

  private void begin(byte[] text) {
    bytes = text;
    last = foreign;
    version.isThere = false;
    id.isThere = false;
    method.isThere = false;
    params.isThere = false;
    result.isThere = false;
    error.isThere = false;
  }

  /** Lets go of the text, so that a large one is not kept. */
  public void release() {
    bytes = NOTHING;
    json.release();
  }

  /** Finds the members; false if one stands twice. */
  private boolean find(int start, int end) throws JsonChecker.NotJsonException {
    json.begin(bytes, start, end);
    json.skipSpace();
    json.expect('{');
    json.skipSpace();
    if (!json.skip('}')) {
      do {
        json.skipSpace();
        int nameFrom = json.at();
        json.string(Json.MAX_NAME_LENGTH);
        Member member = member(nameFrom + 1, json.at() - 1);
        json.skipSpace();
        json.expect(':');
        json.skipSpace();
        if (member.isThere) {
          return false;
        }
        last = member;
        member.from = json.at();
        json.value();
        member.to = json.at();
        member.isThere = member != foreign;
        byte first = bytes[member.from];
        member.isNull = first == 'n';
        member.isPlain = first == '"' && json.isPlain();
        json.skipSpace();
      } while (json.skip(','));
      json.expect('}');
    }
    json.skipSpace();
    json.expectEnd();
    return true;
  }

  /** Returns the member of the name that was gone over last. */
  private Member member(int nameFrom, int nameTo) {
    if (!json.isPlain()) {
      byte[] name = ((String) parsed(nameFrom - 1, nameTo + 1)).getBytes(StandardCharsets.UTF_8);
      Member likely = likely(name, 0, name.length);
      return Arrays.equals(name, likely.name) ? likely : foreign;
    }
    Member likely = likely(bytes, nameFrom, nameTo);
    return isText(nameFrom, nameTo, likely.name) ? likely : foreign;
  }

  /** Returns the only member that can have this name. */
  private Member likely(byte[] name, int from, int to) {
    return switch (to - from) {
      case 2 -> id;
      case 5 -> error;
      case 7 -> version;
      case 6 ->
          switch (name[from]) {
            case 'm' -> method;
            case 'p' -> params;
            case 'r' -> result;
            default -> foreign;
          };
      default -> foreign;
    };
  }

  private Kind kind() {
    if (!isVersionTwo()) {
      return Kind.NONE;
    }
    if (method.hasValue()) {
      return result.hasValue() || error.hasValue() ? Kind.NONE : call();
    }
    if (error.hasValue()) {
      boolean hasGoodId = !id.hasValue() || isGoodId();
      return result.hasValue() || !hasGoodId ? Kind.NONE : Kind.ERROR;
    }
    // A result of null is a result.
    return result.isThere && isGoodId() ? Kind.RESULT : Kind.NONE;
  }

  private boolean isVersionTwo() {
    return version.hasValue()
        && bytes[version.from] == '"'
        && isText(version.from + 1, version.to - 1, VERSION);
  }

  private Kind call() {
    boolean hasGoodParams =
        !params.hasValue() || bytes[params.from] == '{' || bytes[params.from] == '[';
    if (bytes[method.from] != '"' || !hasGoodParams) {
      return Kind.NONE;
    }
    if (!id.isThere) {
      return Kind.NOTIFICATION;
    }
    return isGoodId() ? Kind.REQUEST : Kind.NONE;
  }

  private boolean isGoodId() {
    if (id.hasValue() && id.isPlain) {
      return id.to - id.from - 2 <= Id.MAX_LENGTH;
    }
    return id().isPresent();
  }

  /** Returns its id; empty if it has none, or one that is neither a short text nor an integer. */
  public Optional<Id> id() {
    if (!id.hasValue() || id.to - id.from > Id.MAX_LENGTH * MOST_BYTES_OF_A_CHARACTER + 2) {
      return Optional.empty();
    }
    byte first = bytes[id.from];
    if (first == '{' || first == '[') {
      return Optional.empty();
    }
    Object value = parsed(id.from, id.to);
    if (value instanceof Long number) {
      return Optional.of(new Id.Number(number));
    }
    if (value instanceof String text && text.length() <= Id.MAX_LENGTH) {
      return Optional.of(new Id.Text(text));
    }
    return Optional.empty();
  }

  /**
   * Copies the id, if it is a text of ASCII characters that fits.
   *
   * @return its length; negative for any other id, and for none
   */
  public int textId(byte[] into) {
    if (!id.hasValue() || bytes[id.from] != '"') {
      return -1;
    }
    if (!id.isPlain) {
      return escapedId(into);
    }
    int length = id.to - id.from - 2;
    if (length > into.length) {
      return -1;
    }
    System.arraycopy(bytes, id.from + 1, into, 0, length);
    return length;
  }

  /** As some write a slash. */
  private int escapedId(byte[] into) {
    if (id.to - id.from > into.length * MOST_BYTES_OF_A_CHARACTER) {
      return -1;
    }
    String text = (String) parsed(id.from, id.to);
    if (text.length() > into.length || !text.chars().allMatch(c -> c < 0x80)) {
      return -1;
    }
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, into, 0, ascii.length);
    return ascii.length;
  }

  /** Returns whether the method is this one, which must be plain ASCII. */
  public boolean isMethod(String name) {
    int length = name.length();
    if (!method.hasValue() || !method.isPlain || method.to - method.from - 2 != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (bytes[method.from + 1 + i] != name.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Returns its method. */
  public String method() {
    return (String) parsed(method.from, method.to);
  }

  private Member member(Part part) {
    return switch (part) {
      case PARAMS -> params;
      case RESULT -> result;
      case ERROR -> error;
    };
  }

  /** Returns how many bytes a part has; 0 if it is not there, or null. */
  public int bytes(Part part) {
    Member member = member(part);
    return member.hasValue() ? member.to - member.from : 0;
  }

  /** Returns the bytes of a part; in an array that is not to be changed if it is a small one. */
  public byte[] copy(Part part) {
    Member member = member(part);
    return member.hasValue() ? SmallTexts.copy(bytes, member.from, member.to) : NOTHING;
  }

  /** Builds a value that has been checked and holds no object. */
  private Object parsed(int start, int end) {
    try {
      return Json.parse(bytes, start, end - start);
    } catch (JsonException impossible) {
      throw new IllegalStateException("what was checked is no JSON", impossible);
    }
  }

  private boolean isText(int start, int end, byte[] text) {
    if (end - start != text.length) {
      return false;
    }
    for (int i = 0; i < text.length; i++) {
      if (bytes[start + i] != text[i]) {
        return false;
      }
    }
    return true;
  }
}
