package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The edges of the grammar: {@link Json}, which builds values, {@link JsonCursor}, which walks over
 * them, and {@link Envelope}, which only looks, take and refuse the same there.
 */
final class JsonEdgesTest {
  private final Envelope envelope = new Envelope();
  private final JsonCursor cursor = new JsonCursor();

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** Whether a value is taken; all three must be of one mind. */
  private boolean isTaken(byte[] value) {
    boolean isBuilt;
    try {
      Json.parse(value);
      isBuilt = true;
    } catch (JsonException refused) {
      isBuilt = false;
    }
    assertThat(isWalked(value)).as(new String(value, StandardCharsets.UTF_8)).isEqualTo(isBuilt);
    assertThat(isLookedAt(value)).as(new String(value, StandardCharsets.UTF_8)).isEqualTo(isBuilt);
    return isBuilt;
  }

  private boolean isTaken(String value) {
    return isTaken(utf8(value));
  }

  private boolean isWalked(byte[] value) {
    try {
      cursor.begin(value);
      cursor.value();
      cursor.end();
      return true;
    } catch (MalformedJsonException refused) {
      return false;
    }
  }

  private boolean isLookedAt(byte[] value) {
    byte[] message =
        joined(utf8("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":"), value, utf8(",\"x\":0}"));
    return envelope.read(message, 0, message.length) == Envelope.Kind.RESULT;
  }

  @Test
  void aNameThatStandsTwiceIsToldInOneLine() {
    assertThatThrownBy(() -> Json.parse(utf8("{\"a\\nb\":1,\"a\\nb\":2}")))
        .isInstanceOfSatisfying(
            JsonException.class,
            e ->
                assertThat(e.sentence())
                    .contains("the name \"a\\nb\" stands twice in one object")
                    .doesNotContain("\n"));
  }

  @Test
  void betweenTokensThereMayBeSpaceOfFourKinds() {
    List<String> tokens =
        List.of("", "{", "\"a\"", ":", "[", "1", ",", "\"b\"", ",", "{", "}", ",", "[", "]", "]");
    String rest = ",\"c\":true,\"d\":null}";
    for (String space : List.of(" ", "\t", "\n", "\r", " \r\n\t ")) {
      assertThat(isTaken(String.join(space, tokens) + space + rest + space)).isTrue();
      assertThat(isTaken(rest.substring(1).replace("\"c\"", "{" + space + "\"c\""))).isTrue();
    }
    for (String other : List.of("\u000b", "\f", "\u0000", "\u001f", "\u00a0", "\u2028", "\ufeff")) {
      for (int at = 1; at < tokens.size(); at++) {
        String text =
            String.join("", tokens.subList(0, at))
                + other
                + String.join("", tokens.subList(at, tokens.size()))
                + rest;
        assertThat(isTaken(text)).as(at + " " + text).isFalse();
      }
    }
  }

  @Test
  void oneMissingOrOtherMarkIsTooMany() {
    String whole = "{\"a\":[1,{\"b\":false},[true]],\"c\":null}";
    assertThat(isTaken(whole)).isTrue();
    for (int at = 0; at < whole.length(); at++) {
      if ("{}[]:,\"".indexOf(whole.charAt(at)) >= 0) {
        assertThat(isTaken(whole.substring(0, at) + whole.substring(at + 1))).as(at + "").isFalse();
        assertThat(isTaken(whole.substring(0, at) + "x" + whole.substring(at + 1)))
            .as(at + "")
            .isFalse();
      }
    }
  }

  @Test
  void aWordIsThereAsAWholeOrNot() {
    for (String word : List.of("true", "false", "null")) {
      assertThat(isTaken(word)).isTrue();
      for (int length = 1; length < word.length(); length++) {
        assertThat(isTaken(word.substring(0, length))).isFalse();
        assertThat(isTaken("[" + word.substring(0, length) + "]")).isFalse();
        assertThat(isTaken(word.substring(0, length) + "x" + word.substring(length + 1))).isFalse();
      }
      assertThat(isTaken(word + "e")).isFalse();
    }
  }

  /** What the JDK's decoder takes, which refuses all that Unicode calls ill-formed. */
  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException illFormed) {
      return false;
    }
  }

  @Test
  void aCharacterHasTheBytesOfUtf8OrIsNone() {
    int[] seconds = {0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0};
    int[] others = {0x7f, 0x80, 0xbf, 0xc0};
    List<byte[]> all = new ArrayList<>();
    for (int first = 0x7f; first <= 0xff; first++) {
      all.add(new byte[] {(byte) first});
    }
    List<byte[]> longest = all;
    for (int[] next : List.of(seconds, others, others)) {
      List<byte[]> longer = new ArrayList<>();
      for (byte[] bytes : longest) {
        for (int b : next) {
          longer.add(joined(bytes, new byte[] {(byte) b}));
        }
      }
      longest = longer;
      all = Stream.of(all, longer).flatMap(List::stream).toList();
    }
    int taken = 0;
    for (byte[] bytes : all) {
      boolean isCharacters = isUtf8(bytes);
      assertThat(isTaken(joined(utf8("\""), bytes, utf8("\"")))).isEqualTo(isCharacters);
      taken += isCharacters ? 1 : 0;
    }
    assertThat(taken).isEqualTo(1_000);
  }

  @Test
  void whatIsCutOffIsNeverTakenNorLookedBeyond() {
    byte[] text =
        utf8("{\"jsonrpc\":\"2.0\",\"method\":\"\u00e9\u20ac\ud83d\ude00\",\"params\":[-1.5e+3]}");
    assertThat(envelope.read(text, 0, text.length)).isEqualTo(Envelope.Kind.NOTIFICATION);
    for (int length = 0; length < text.length; length++) {
      byte[] start = Arrays.copyOf(text, length);
      assertThat(envelope.read(start, 0, length)).isEqualTo(Envelope.Kind.NONE);
      assertThat(envelope.readBeginning(start, 0, length)).isEqualTo(Envelope.Kind.NONE);
      assertThat(isWalked(start)).isFalse();
      assertThatThrownBy(() -> Json.parse(start)).isInstanceOf(JsonException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"n", "\u00e9", "\u20ac", "\\n", "\\/", "\\u0041", "\\u00e9"})
  void aNameHasUpTo1024Characters(String one) {
    for (String before : List.of("", "\\t", "\u00e9", "x")) {
      int rest = 1024 - (before.isEmpty() ? 0 : 1);
      assertThat(isTaken("{\"" + before + one.repeat(rest) + "\":1}")).isTrue();
      assertThat(isTaken("{\"" + before + one.repeat(rest + 1) + "\":1}")).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\ud83d\ude00", "\\ud83d\\ude00"})
  void aCharacterBeyondTheFirst65536CountsTwice(String one) {
    assertThat(isTaken("{\"" + one.repeat(512) + "\":1}")).isTrue();
    assertThat(isTaken("{\"" + one.repeat(512) + "x\":1}")).isFalse();
    assertThat(isTaken("{\"x" + one.repeat(511) + "x\":1}")).isTrue();
  }

  @Test
  void onlyWhatIsOpenIsDeep() {
    String flat = "[[],{},[[]],{\"a\":{}}" + ",[],{}".repeat(200) + "]";
    assertThat(isTaken(flat)).isTrue();
    String object = "{\"a\":{},\"b\":[],\"c\":{\"d\":[]}}";
    assertThat(isTaken("[" + object + ("," + object).repeat(100) + "]")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0", "-0", "9", "10", "-90", "0.0", "1.09", "0e0", "1E9", "1e+5", "1e-5", "1.5E+10", "-2e-0"
      })
  void numbers(String text) {
    assertThat(isTaken(text)).isTrue();
    assertThat(isTaken(text + "x")).isFalse();
    assertThat(isTaken(text + "+")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-", "--1", "-x", "00", "-01", "1.", "1.e5", ".1", "1e", "1e+", "1e-", "1e+-5", "1e-+5",
        "1e++5", "1e5.5", "1.2.3", "1:", "1/", "0x1", "1 e5"
      })
  void noNumbers(String text) {
    assertThat(isTaken(text)).isFalse();
    assertThat(isTaken("[" + text + "]")).isFalse();
  }

  @Test
  void aNumberHasUpTo256Characters() {
    assertThat(isTaken("1".repeat(256))).isTrue();
    assertThat(isTaken("1".repeat(257))).isFalse();
    assertThat(isTaken("[-" + "1".repeat(255) + "," + "2".repeat(256) + "]")).isTrue();
  }

  @Test
  void anExponentIsLookedAtUpToEightDigits() throws Exception {
    assertThat(isTaken("1e12345678")).isTrue();
    assertThat(Json.parse("1e123456789").toString()).isEqualTo("1E+123456789");
    assertThat(isWalked(utf8("1e123456789"))).isFalse();
    assertThat(isLookedAt(utf8("1e123456789"))).isFalse();
  }

  @Test
  void whatFollowsABackslashIsOneOfNine() throws Exception {
    for (char c = ' '; c < 0x7f; c++) {
      boolean isOne = "\"\\/bfnrt".indexOf(c) >= 0;
      assertThat(isTaken("\"\\" + c + "\"")).as(c + "").isEqualTo(isOne);
    }
    assertThat(Json.parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC\""))
        .isEqualTo("\"\\/\b\f\n\r\t\u20ac");
    for (String digits : List.of("09aF", "FFFD", "dead", "abcd")) {
      boolean isSurrogate = digits.equals("dead");
      assertThat(isTaken("\"\\u" + digits + "\"")).isEqualTo(!isSurrogate);
    }
    for (String digits :
        List.of("00g0", "000:", "00/0", "000@", "`000", "000", "\uff10000", "000 ")) {
      assertThat(isTaken("\"\\u" + digits + "\"")).as(digits).isFalse();
    }
  }

  @Test
  void halvesOfACharacterComeAsAPairOrNotAtAll() {
    assertThat(isTaken("\"\\ud800\\udc00\"")).isTrue();
    assertThat(isTaken("\"\\udbff\\udfff\"")).isTrue();
    for (String half :
        List.of(
            "\\ud800",
            "\\udc00",
            "\\udc00\\ud800",
            "\\ud800\\ud800",
            "\\ud800x",
            "\\ud800\\n",
            "\\ud800\\u0041",
            "\\ud800udc00",
            "\\ud800\\xdc00")) {
      assertThat(isTaken("\"" + half + "\"")).as(half).isFalse();
    }
  }

  @Test
  void aControlCharacterInAStringIsRefused() {
    for (char c = 0; c < 0x20; c++) {
      assertThat(isTaken("\"" + c + "\"")).isFalse();
      assertThat(isTaken("\"\u00e9" + c + "\"")).isFalse();
    }
    assertThat(isTaken("\"\u00e9 \u007f\"")).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\" 1} | ':' is missing, at character 6",
        "{\"a\" | the text ends too early, at character 5",
        "{\"a\":1 | the text ends too early, at character 7",
        "[1 2] | ']' is missing, at character 4",
        "[1,] | no JSON value, at character 4",
        "{,} | a name in double quotes is missing, at character 2",
        "1 2 | text after the JSON value, at character 3",
        "[1. | a digit is missing, at character 4"
      })
  void aPersonIsToldWhereItIsWrong(String text, String sentence) {
    assertThatThrownBy(() -> Json.parse(text)).hasMessage(sentence);
  }

  @Test
  void whatOthersWroteIsRefusedIfItIsNotEvenNested() {
    for (String value : List.of("\"\\ud800\"", "01", "nul", "\"\\x\"")) {
      assertThatThrownBy(() -> Json.parse(utf8("{\"data\":" + value + "}"), Set.of("data")))
          .as(value)
          .isInstanceOf(JsonException.class);
    }
  }

  @Test
  void aNumberIsWrittenAsAPersonWouldWriteIt() {
    assertThat(Json.write(List.of(9_999_999.0, 1e7, -3e7, 12_345_678.5, 999_999_999_999_999.0)))
        .isEqualTo("[9999999.0,10000000.0,-30000000.0,1.23456785E7,999999999999999.0]");
    assertThat(Json.write(List.of(1e15, -1e15, 1e300, 1.5f, 0.001)))
        .isEqualTo("[1.0E15,-1.0E15,1.0E300,1.5,0.001]");
  }

  @Test
  void whatActsOnATerminalOrTurnsTextIsWrittenAsAnEscape() {
    for (int c = 0; c <= 0xffff; c++) {
      String one = String.valueOf((char) c);
      boolean isEscaped =
          c < 0x20
              || (c >= 0x7f && c <= 0x9f)
              || c == 0x200e
              || c == 0x200f
              || (c >= 0x2028 && c <= 0x202e)
              || (c >= 0x2066 && c <= 0x2069)
              || c == '"'
              || c == '\\';
      boolean isHalf = Character.isSurrogate((char) c);
      String written = Json.write(one);
      if (!isEscaped) {
        assertThat(written).isEqualTo("\"" + (isHalf ? "\ufffd" : one) + "\"");
      } else {
        assertThat(written).matches("\"\\\\(u[0-9a-f]{4}|[bfnrt\"\\\\])\"");
      }
    }
    assertThat(Json.write("\u009f\u202e")).isEqualTo("\"\\u009f\\u202e\"");
  }
}
