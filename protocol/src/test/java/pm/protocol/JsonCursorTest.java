package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class JsonCursorTest {
  private static final byte[] A = {'a'};

  private final JsonCursor cursor = new JsonCursor();

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void begin(String text) {
    cursor.begin(utf8(text));
  }

  /** Goes through a text of objects, arrays and values, and says what it has seen. */
  private List<String> walk(String text) throws MalformedJsonException {
    List<String> seen = new ArrayList<>();
    begin(text);
    walk(seen);
    cursor.end();
    return seen;
  }

  private void walk(List<String> seen) throws MalformedJsonException {
    if (cursor.beginObject()) {
      seen.add("{");
      while (cursor.nextName()) {
        seen.add(cursor.name() + ":");
        walk(seen);
      }
      seen.add("}");
    } else if (cursor.beginArray()) {
      seen.add("[");
      while (cursor.nextElement()) {
        walk(seen);
      }
      seen.add("]");
    } else {
      cursor.value();
      seen.add(new String(cursor.copy(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void membersAndElementsAreFoundInTheirOrder() throws Exception {
    assertThat(walk(" { \"a\" : [ 1 , \"x\" , [ ] , { } ] , \"b\" : { \"c\" : null } } "))
        .containsExactly(
            "{", "a:", "[", "1", "\"x\"", "[", "]", "{", "}", "]", "b:", "{", "c:", "null", "}",
            "}");
    assertThat(walk("[]")).containsExactly("[", "]");
    assertThat(walk("-1.5e+3")).containsExactly("-1.5e+3");
  }

  @Test
  void whatIsNotWantedIsGoneOverAsAWhole() throws Exception {
    begin("{\"a\":{\"x\":[1,{\"y\":\"}\"}]},\"b\":true}");
    assertThat(cursor.beginObject()).isTrue();
    assertThat(cursor.nextName()).isTrue();
    int at = cursor.at();
    cursor.value();
    assertThat(new String(cursor.copy(), StandardCharsets.UTF_8))
        .isEqualTo("{\"x\":[1,{\"y\":\"}\"}]}");
    assertThat(cursor.from()).isEqualTo(at);
    assertThat(cursor.nextName()).isTrue();
    assertThat(cursor.isName(utf8("b"))).isTrue();
    assertThat(cursor.isName(A)).isFalse();
    cursor.value();
    assertThat(cursor.is(utf8("true"))).isTrue();
    assertThat(cursor.nextName()).isFalse();
    cursor.end();
  }

  @Test
  void aTextCanBeEnteredWhereAValueBegins() throws Exception {
    byte[] text = utf8("{\"a\":[7,8]}");
    cursor.begin(text);
    cursor.beginObject();
    cursor.nextName();
    int at = cursor.at();
    cursor.value();
    cursor.begin(text, at);
    assertThat(cursor.beginArray()).isTrue();
    assertThat(cursor.nextElement()).isTrue();
    cursor.value();
    assertThat(cursor.parsed()).isEqualTo(7L);
  }

  @Test
  void valuesTellTheirType() throws Exception {
    begin("[null,\"t\\u00e4\\n\",\"pl\u00e4in\",-7,0,true]");
    cursor.beginArray();
    cursor.nextElement();
    cursor.value();
    assertThat(cursor.isNull()).isTrue();
    cursor.nextElement();
    cursor.value();
    assertThat(cursor.isString()).isTrue();
    assertThat(cursor.string()).isEqualTo("t\u00e4\n");
    cursor.nextElement();
    cursor.value();
    assertThat(cursor.string()).isEqualTo("pl\u00e4in");
    for (int i = 0; i < 2; i++) {
      cursor.nextElement();
      cursor.value();
      assertThat(cursor.isNumber()).isTrue();
    }
    cursor.nextElement();
    cursor.value();
    assertThat(cursor.isNumber() || cursor.isString() || cursor.isNull()).isFalse();
    assertThat(cursor.first()).isEqualTo((byte) 't');
    assertThat(cursor.nextElement()).isFalse();
  }

  @Test
  void escapedNamesAreNames() throws Exception {
    begin("{\"\\u0061\":1}");
    cursor.beginObject();
    cursor.nextName();
    assertThat(cursor.isName(A)).isTrue();
    assertThat(cursor.name()).isEqualTo("a");
  }

  @Test
  void whatIsNoJsonIsRefused() {
    for (String text :
        List.of(
            "",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{,}",
            "{1:2}",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[1 2]",
            "[,1]",
            "1 2",
            "\"a",
            "\"\u0001\"",
            "\"\\x\"",
            "tru",
            "01",
            "1.",
            "{\"" + "n".repeat(1_025) + "\":1}")) {
      assertThatThrownBy(() -> walk(text)).as(text).isInstanceOf(MalformedJsonException.class);
    }
    byte[] broken = {'"', (byte) 0xc3, '"'};
    cursor.begin(broken);
    assertThatThrownBy(cursor::value).isInstanceOf(MalformedJsonException.class);
  }

  @Test
  void onceReleasedItHasNothing() {
    begin("1");
    cursor.release();
    assertThatThrownBy(cursor::value).isInstanceOf(MalformedJsonException.class);
  }

  @Test
  void eachTypeIsThatTypeOnly() throws Exception {
    for (String number : List.of("0", "9", "-1", "5")) {
      begin(number);
      cursor.value();
      assertThat(cursor.isNumber()).isTrue();
      assertThat(cursor.isString() || cursor.isNull()).isFalse();
      assertThat(cursor.to()).isEqualTo(number.length());
    }
    for (String other : List.of("\"1\"", "null", "true", "false", "[1]", "{}")) {
      begin(other);
      cursor.value();
      assertThat(cursor.isNumber()).as(other).isFalse();
      assertThat(cursor.is(utf8(other))).isTrue();
      assertThat(cursor.is(utf8("nul"))).isFalse();
      assertThat(cursor.is(utf8("\"2\""))).isFalse();
    }
  }

  @Test
  void aStringIsReadWhereverItsEscapeStands() throws Exception {
    for (String text : List.of("\"\\nab\"", "\"a\\nb\"", "\"ab\\n\"", "\"\u00e9\"", "\"\"")) {
      begin("[" + text + "]");
      cursor.beginArray();
      cursor.nextElement();
      cursor.value();
      assertThat(cursor.string()).isEqualTo(Json.parse(text));
    }
  }

  @Test
  void namesAreComparedAsAWhole() throws Exception {
    for (String name : List.of("abc", "ab", "abcd", "abx", "\\u0061bc", "\\u0061bx")) {
      begin("{\"" + name + "\":1}");
      cursor.beginObject();
      cursor.nextName();
      assertThat(cursor.isName(utf8("abc"))).as(name).isEqualTo(name.endsWith("bc"));
    }
  }

  @Test
  void whatIsNotThereIsNoObjectAndNoArray() {
    for (String text : List.of("", "1", "\"a\"", "]", "}")) {
      begin(text);
      assertThat(cursor.beginObject()).isFalse();
      assertThat(cursor.beginArray()).isFalse();
      assertThat(cursor.at()).isZero();
    }
  }

  @Test
  void aMarkIsTheRightOneOrNone() {
    for (String text : List.of("{\"a\"x1}", "{\"a\":1x\"b\":2}", "[1x2]", "[1:2]", "{\"a\",1}")) {
      assertThatThrownBy(() -> walk(text)).as(text).isInstanceOf(MalformedJsonException.class);
    }
  }

  @Test
  void thereMayBeSpaceOfFourKindsAtEachPlace() throws Exception {
    for (String space : List.of("\t", "\n", "\r", " ")) {
      assertThat(walk("{ 'a' : [ 1 , 2 ] , 'b' : { } }".replace('\'', '"').replace(" ", space)))
          .containsExactly("{", "a:", "[", "1", "2", "]", "b:", "{", "}", "}");
    }
    assertThatThrownBy(() -> walk("[1,\f2]")).isInstanceOf(MalformedJsonException.class);
  }
}
