package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonTest {

  @Test
  void whatOthersHaveWrittenIsPassedOnAsItIs() throws JsonException {
    String deep = "[".repeat(70) + "]".repeat(70);
    for (String foreign :
        List.of("{\"a\":1,\"a\":2}", "{\"b\" : [ {\"a\":1,\"a\":\"}\\\\\\\"]\"} ] }", deep)) {
      String text = "{\"id\":1,\"result\":{\"data\":" + foreign + ",\"left_out\":[]}}";
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      assertThatThrownBy(() -> Json.parse(utf8)).isInstanceOf(JsonException.class);
      Object value = Json.parse(utf8, Set.of("result", "data"));
      assertThat(Json.write(value)).isEqualTo(text);
      assertThat(Members.of(value, "it").optionalObject("result").orElseThrow().value("data"))
          .contains(new Json.Raw(foreign));
    }
    for (String broken :
        List.of("{\"data\":[", "{\"data\":tru}", "{\"data\":[\"a]}", "{\"data\":")) {
      assertThatThrownBy(() -> Json.parse(broken.getBytes(StandardCharsets.UTF_8), Set.of("data")))
          .isInstanceOf(JsonException.class);
    }
  }

  @Test
  void readsEveryKindOfValueInOrder() throws JsonException {
    Object value =
        Json.parse(
            "{\"b\":[1,-2.5,true,false,null,\"x\"],\"a\":{\"deep\":{}},\"\":9223372036854775807}");

    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("b", List.of(1L, -2.5, true, false, Json.NULL, "x"));
    expected.put("a", Map.of("deep", Map.of()));
    expected.put("", Long.MAX_VALUE);
    assertThat(value).isEqualTo(expected);
    assertThat(Json.write(value))
        .isEqualTo(
            "{\"b\":[1,-2.5,true,false,null,\"x\"],\"a\":{\"deep\":{}},\"\":9223372036854775807}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "-170141183460469231731687303715884105728",
        "0.1",
        "123456.789",
        "3.141592653589793",
        "3.14159265358979323846264338327950288",
        "1E+400",
        "1E-400",
        "\"\\u0000\\b\\f\\n\\r\\t\\\"\\\\\"",
        "\"h\u00e9 \u65e5\u672c \ud83d\ude00\"",
        "\"\\u007f\\u2028\"",
        "[]",
        "{}",
        "[[],{}]"
      })
  void writesBackWhatItRead(String text) throws JsonException {
    Object value = Json.parse(text.getBytes(StandardCharsets.UTF_8));
    assertThat(Json.write(value)).isEqualTo(text);
    assertThat(Json.parse(Json.writeBytes(value))).isEqualTo(value);
  }

  @Test
  void keepsNumbersExact() throws JsonException {
    assertThat(Json.parse("9223372036854775808")).isEqualTo(new BigDecimal("9223372036854775808"));
    assertThat(Json.parse("0.1000000000000000055511151231257827")).isInstanceOf(BigDecimal.class);
    assertThat(Json.parse("0.3")).isEqualTo(0.3);
    assertThat(Json.parse("1e3")).isEqualTo(1000.0);
    assertThat(Json.write(1000.0)).isEqualTo("1000.0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "nul",
        "tru",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "Infinity",
        "0x10",
        "\"a",
        "\"\n\"",
        "\"\t\"",
        "1 2",
        "{} {}",
        "[1]x",
        "{\"a\":1,\"a\":2}",
        "{\"a\" 1}",
        "// x\n1",
        "\ufeff1",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "{\"\\ud800\":1}",
        "\"\\x41\"",
        "\"\\u12\""
      })
  void refusesWhatIsNotJson(String text) {
    assertThatThrownBy(() -> Json.parse(text.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(JsonException.class)
        .hasMessageNotContaining("com.fasterxml");
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    byte[][] wrong = {
      {'"', (byte) 0xff, '"'},
      {'"', (byte) 0xc0, (byte) 0x80, '"'},
      {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'},
      {'"', (byte) 0xc3},
      "\"x\"".getBytes(StandardCharsets.UTF_16),
      "1".getBytes(StandardCharsets.UTF_16LE),
    };
    for (byte[] bytes : wrong) {
      assertThatThrownBy(() -> Json.parse(bytes)).isInstanceOf(JsonException.class);
    }
  }

  @Test
  void boundsDepthNamesAndNumbers() throws JsonException {
    assertThat(Json.parse("[".repeat(64) + "]".repeat(64))).isInstanceOf(List.class);
    for (String text :
        List.of(
            "[".repeat(65) + "]".repeat(65),
            "[".repeat(500_000),
            "{\"a\":".repeat(65) + "1" + "}".repeat(65),
            "{\"" + "n".repeat(1025) + "\":1}",
            "1".repeat(257),
            "1." + "1".repeat(300))) {
      assertThatThrownBy(() -> Json.parse(text)).isInstanceOf(JsonException.class);
    }
  }

  @Test
  void writesOneLineWhateverTheTextHolds() {
    StringBuilder everything = new StringBuilder();
    for (char c = 0; c < 0x3000; c++) {
      everything.append(c);
    }
    everything.append('\ud800');
    byte[] line = Json.writeBytes(Map.of("text", everything.toString()));
    for (byte b : line) {
      assertThat(b & 0xff).isGreaterThanOrEqualTo(0x20);
    }
    assertThat(Json.write("a\ud800b")).isEqualTo("\"a\ufffdb\"");
  }

  @Test
  void refusesToWriteWhatIsNoValue() {
    assertThatThrownBy(() -> Json.write(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Json.write(List.of(new Object())))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void valuesCannotBeChanged() throws JsonException {
    Object list = ((Map<?, ?>) Json.parse("{\"a\":[1]}")).get("a");
    assertThatThrownBy(() -> ((List<?>) java.util.Objects.requireNonNull(list)).clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void shortDecimalsAreTheNearestDoubles() throws JsonException {
    Random random = new Random(16);
    for (int i = 0; i < 100_000; i++) {
      int whole = 1 + random.nextInt(13);
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "-" : "");
      text.append(random.nextInt(4) == 0 ? "0" : (1 + random.nextLong(pow(whole) - 1)) + "");
      text.append('.');
      do {
        text.append((char) ('0' + random.nextInt(10)));
      } while (text.length() < 16 && random.nextInt(4) != 0);
      assertThat((Double) Json.parse(text.toString())).isEqualTo(Double.valueOf(text.toString()));
    }
    assertThat(Json.parse("-0.0")).isEqualTo(-0.0);
  }

  private static long pow(int exponent) {
    long value = 1;
    for (int i = 0; i < exponent; i++) {
      value *= 10;
    }
    return value;
  }
}
