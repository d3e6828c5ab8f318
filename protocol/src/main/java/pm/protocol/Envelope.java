package pm.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Reads what a JSON-RPC 2.0 message is and where its parts are, without building them: the whole
 * text is checked to be JSON in UTF-8, and nothing of it is copied. One reader is used again and
 * again. Not safe for several threads at once.
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

  /** A part of the message: its bytes in the buffer that was read, none if it is absent. */
  public record Part(int from, int to) {
    static final Part ABSENT = new Part(0, 0);

    /** Returns whether the message has it, and it is not null. */
    public boolean isPresent() {
      return to > from;
    }
  }

  /** A member that has a meaning, and where it is in the present message. */
  private static final class Member {
    private final String name;
    private final byte[] bytes;
    private boolean isThere;
    private boolean isNull;
    private int from;
    private int to;

    private Member(String name) {
      this.name = name;
      bytes = name.getBytes(StandardCharsets.US_ASCII);
    }

    private boolean hasValue() {
      return isThere && !isNull;
    }

    private Part part() {
      return hasValue() ? new Part(from, to) : Part.ABSENT;
    }
  }

  private final Member version = new Member("jsonrpc");
  private final Member id = new Member("id");
  private final Member method = new Member("method");
  private final Member params = new Member("params");
  private final Member result = new Member("result");
  private final Member error = new Member("error");
  private final List<Member> members = List.of(version, id, method, params, result, error);
  private final Member foreign = new Member("");

  private final JsonChecker json = new JsonChecker();
  private ByteBuffer bytes = ByteBuffer.allocate(0);

  /**
   * Reads the text between two positions of a buffer, which the accessors go on using until the
   * next text is read.
   *
   * @return NONE if it is no JSON-RPC 2.0 message
   */
  public Kind read(ByteBuffer text, int start, int end) {
    bytes = text;
    for (int i = 0; i < members.size(); i++) {
      members.get(i).isThere = false;
    }
    try {
      return find(start, end) ? kind() : Kind.NONE;
    } catch (JsonChecker.NotJsonException notJson) {
      return Kind.NONE;
    }
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
        member.isThere = member != foreign;
        member.from = json.at();
        json.value();
        member.to = json.at();
        member.isNull = bytes.get(member.from) == 'n';
        json.skipSpace();
      } while (json.skip(','));
      json.expect('}');
    }
    json.skipSpace();
    json.expectEnd();
    return true;
  }

  private Member member(int nameFrom, int nameTo) {
    for (int at = nameFrom; at < nameTo; at++) {
      if (bytes.get(at) == '\\') {
        Object name = parsed(nameFrom - 1, nameTo + 1);
        return members.stream().filter(m -> m.name.equals(name)).findAny().orElse(foreign);
      }
    }
    for (int i = 0; i < members.size(); i++) {
      if (isText(nameFrom, nameTo, members.get(i).bytes)) {
        return members.get(i);
      }
    }
    return foreign;
  }

  private Kind kind() {
    if (!isString(version, "2.0")) {
      return Kind.NONE;
    }
    if (method.hasValue()) {
      return result.hasValue() || error.hasValue() ? Kind.NONE : call();
    }
    if (error.hasValue()) {
      boolean hasGoodId = !id.hasValue() || id().isPresent();
      return result.hasValue() || !hasGoodId ? Kind.NONE : Kind.ERROR;
    }
    // A result of null is a result.
    return result.isThere && id().isPresent() ? Kind.RESULT : Kind.NONE;
  }

  private Kind call() {
    boolean hasGoodParams =
        !params.hasValue() || bytes.get(params.from) == '{' || bytes.get(params.from) == '[';
    if (bytes.get(method.from) != '"' || !hasGoodParams) {
      return Kind.NONE;
    }
    if (!id.isThere) {
      return Kind.NOTIFICATION;
    }
    return id().isPresent() ? Kind.REQUEST : Kind.NONE;
  }

  /** Returns its id; empty if it has none, or one that is neither a short text nor an integer. */
  public Optional<Id> id() {
    if (!id.hasValue()) {
      return Optional.empty();
    }
    byte first = bytes.get(id.from);
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
    if (!id.hasValue() || bytes.get(id.from) != '"') {
      return -1;
    }
    int length = id.to - id.from - 2;
    for (int i = 0; i < length; i++) {
      byte b = bytes.get(id.from + 1 + i);
      if (b == '\\') {
        return escapedId(into);
      }
      if (b < 0 || i == into.length) {
        return -1;
      }
      into[i] = b;
    }
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
    return isString(method, name);
  }

  /** Returns its method. */
  public String method() {
    return (String) parsed(method.from, method.to);
  }

  /** Returns where its params are. */
  public Part params() {
    return params.part();
  }

  /** Returns where its result is. */
  public Part result() {
    return result.part();
  }

  /** Returns where its error is. */
  public Part error() {
    return error.part();
  }

  /** Returns a copy of the bytes of a part. */
  public byte[] copy(Part part) {
    return copy(part.from(), part.to());
  }

  private byte[] copy(int start, int end) {
    byte[] copy = new byte[end - start];
    bytes.get(start, copy);
    return copy;
  }

  /** Builds a value that has been checked and holds no object. */
  private Object parsed(int start, int end) {
    try {
      return Json.parse(copy(start, end));
    } catch (JsonException impossible) {
      throw new IllegalStateException("what was checked is no JSON", impossible);
    }
  }

  private boolean isString(Member member, String text) {
    return member.hasValue()
        && bytes.get(member.from) == '"'
        && isText(member.from + 1, member.to - 1, text.getBytes(StandardCharsets.US_ASCII));
  }

  private boolean isText(int start, int end, byte[] text) {
    if (end - start != text.length) {
      return false;
    }
    for (int i = 0; i < text.length; i++) {
      if (bytes.get(start + i) != text[i]) {
        return false;
      }
    }
    return true;
  }
}
