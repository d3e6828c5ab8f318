package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class EnvelopeTest {
  private final Envelope envelope = new Envelope();

  private Envelope.Kind read(String text) {
    return read(text.getBytes(StandardCharsets.UTF_8));
  }

  private Envelope.Kind read(byte[] utf8) {
    // Not at the start of the buffer, nor up to its end: neither may be looked beyond.
    byte[] bytes = new byte[utf8.length + 10];
    System.arraycopy(utf8, 0, bytes, 3, utf8.length);
    return envelope.read(bytes, 3, 3 + utf8.length);
  }

  private String text(Envelope.Part part) {
    return new String(envelope.copy(part), StandardCharsets.UTF_8);
  }

  @Test
  void givenEachKind_whenRead_thenItsPartsAreFound() {
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"method\":\"m\",\"params\":{\"x\":[1]}}"))
        .isEqualTo(Envelope.Kind.REQUEST);
    assertThat(envelope.id()).contains(new Id.Text("a/1"));
    assertThat(envelope.method()).isEqualTo("m");
    assertThat(envelope.isMethod("m")).isTrue();
    assertThat(envelope.isMethod("n")).isFalse();
    assertThat(text(Envelope.Part.PARAMS)).isEqualTo("{\"x\":[1]}");
    assertThat(envelope.bytes(Envelope.Part.RESULT)).isZero();

    assertThat(read("{\"method\":\"ready\",\"jsonrpc\":\"2.0\"}"))
        .isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(envelope.id()).isEmpty();
    assertThat(envelope.bytes(Envelope.Part.PARAMS)).isZero();

    assertThat(read(" {\"result\":{},\"jsonrpc\":\"2.0\",\"id\":1} \r"))
        .isEqualTo(Envelope.Kind.RESULT);
    assertThat(envelope.id()).contains(new Id.Number(1));
    assertThat(text(Envelope.Part.RESULT)).isEqualTo("{}");

    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32601,\"message\":\"\"}}"))
        .isEqualTo(Envelope.Kind.ERROR);
    assertThat(text(Envelope.Part.ERROR)).isEqualTo("{\"code\":-32601,\"message\":\"\"}");
  }

  @Test
  void givenWhatOthersSend_whenRead_thenItIsTaken() {
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}"))
        .isEqualTo(Envelope.Kind.RESULT);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":null}"))
        .isEqualTo(Envelope.Kind.RESULT);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null,\"error\":{}}"))
        .isEqualTo(Envelope.Kind.ERROR);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}"))
        .isEqualTo(Envelope.Kind.ERROR);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[1]}"))
        .isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null}"))
        .isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"\\u0069d\":\"hb-\\u00e9\",\"result\":1}"))
        .isEqualTo(Envelope.Kind.RESULT);
    assertThat(envelope.id()).isEqualTo(Optional.of(new Id.Text("hb-\u00e9")));
  }

  @Test
  void givenWhatIsNoMessage_whenRead_thenItIsNone() {
    for (String text :
        List.of(
            "",
            "{}",
            "[]",
            "null",
            "{\"level\":\"info\",\"msg\":\"started\"}",
            "[{\"jsonrpc\":\"2.0\",\"method\":\"m\"}]",
            "{\"jsonrpc\":\"1.0\",\"method\":\"m\"}",
            "{\"jsonrpc\":2.0,\"method\":\"m\"}",
            "{\"jsonrpc\":\"2.0\"}",
            "{\"jsonrpc\":\"2.0\",\"method\":1}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":1}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":null}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1.5}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":{\"a\":1,\"a\":2}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"result\":1}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":2}",
            "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"error\":2}",
            "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"result\":2}",
            "{\"jsonrpc\":\"2.0\",\"id\":1}",
            "{\"jsonrpc\":\"2.01\",\"id\":1,\"result\":2}",
            "{\"jsonrpc\":null,\"id\":1,\"result\":2}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"error\":1}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"method\":\"m\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"result\":1}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":[{\"a\":1,\"a\":2}]}",
            "{\"jsonrpc\":\"2.0\",\"result\":1}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":1,\"result\":1}",
            "{\"jsonrpc\":\"2.0\",\"id\":\"" + "x".repeat(161) + "\",\"result\":1}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\"}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{\"a\":\"\\ud800\"}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{\"a\":1e999999999}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":" + "[".repeat(10_000))) {
      assertThat(read(text)).as(text).isEqualTo(Envelope.Kind.NONE);
    }
  }

  @Test
  void givenInvalidUtf8_whenRead_thenItIsNone() {
    for (int[] bad :
        new int[][] {
          {0xff},
          {0x80},
          {0xc0, 0xaf},
          {0xc3},
          {0xe0, 0x80, 0x80},
          {0xed, 0xa0, 0x80},
          {0xf4, 0x90, 0x80, 0x80},
          {0xf0, 0x9f, 0x98},
          {0xf8, 0x88, 0x80, 0x80, 0x80}
        }) {
      byte[] text =
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"......\"}"
              .getBytes(StandardCharsets.US_ASCII);
      int hole = new String(text, StandardCharsets.US_ASCII).indexOf("......");
      for (int i = 0; i < bad.length; i++) {
        text[hole + i] = (byte) bad[i];
      }
      assertThat(read(text)).isEqualTo(Envelope.Kind.NONE);
    }
  }

  @Test
  void givenTheDeepestNesting_whenRead_thenItIsTakenAsTheOtherReaderTakesIt() throws JsonException {
    String deepest =
        "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":"
            + "[".repeat(Json.MAX_DEPTH - 1)
            + "]".repeat(Json.MAX_DEPTH - 1)
            + "}";
    assertThat(Json.parse(deepest)).isNotNull();
    assertThat(read(deepest)).isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(read(deepest.replace("[]", "[[]]"))).isEqualTo(Envelope.Kind.NONE);
  }

  private Envelope.Kind readBeginning(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return envelope.readBeginning(utf8, 0, utf8.length);
  }

  @Test
  void givenATextThatIsCutOff_whenRead_thenAnAnswerWithItsIdIsKnown() {
    byte[] id = new byte[20];
    assertThat(readBeginning("{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"result\":[1,\"xx"))
        .isEqualTo(Envelope.Kind.RESULT);
    assertThat(new String(id, 0, envelope.textId(id), StandardCharsets.US_ASCII)).isEqualTo("a/1");
    assertThat(readBeginning("{ \"error\" : {} , \"id\":\"a/1\", \"jsonrpc\":\"2.0\", \"x\": ["))
        .isEqualTo(Envelope.Kind.ERROR);
    assertThat(readBeginning("{\"id\":\"a/1\",\"jsonrpc\":\"2.0\",\"result\":null,\"error\":"))
        .isEqualTo(Envelope.Kind.ERROR);
    assertThat(readBeginning("{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"result\":1,\"x\":["))
        .isEqualTo(Envelope.Kind.RESULT);
    for (String text :
        List.of(
            "{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"result\":null,\"x\":[",
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"xx",
            "{\"jsonrpc\":\"2.0\",\"result\":\"xx",
            "{\"result\":\"xx",
            "{\"id\":\"a/1\",\"result\":\"xx",
            "{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"resul",
            "{\"jsonrpc\":\"2.0\",\"id\":\"a/1",
            "{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"method\":\"m\",\"params\":[",
            "{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"id\":\"b/1\",\"result\":[",
            "{\"jsonrpc\":\"2.0\",\"id\":[1],\"result\":[",
            "{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"result\":{}}",
            "")) {
      assertThat(readBeginning(text)).as(text).isEqualTo(Envelope.Kind.NONE);
    }
  }

  @Test
  void givenIdsOfAllKinds_whenCopied_thenOnlyThoseOfAsciiThatFit() {
    byte[] id = new byte[8];
    String[][] ids = {
      {"\"12345678\"", "12345678"},
      {"\"a\\/1\"", "a/1"},
      {"\"\\u0041\\u0042\"", "AB"},
      {"\"123456789\"", ""},
      {"\"\\u00311111111\"", "11111111"},
      {"\"\\u003111111111\"", ""},
      {"\"\u00e9\"", ""},
      {"\"\\u00e9\"", ""},
      {"7", ""},
    };
    for (String[] each : ids) {
      assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":" + each[0] + ",\"result\":1}"))
          .isEqualTo(Envelope.Kind.RESULT);
      int length = envelope.textId(id);
      if (each[1].isEmpty()) {
        assertThat(length).as(each[0]).isNegative();
        continue;
      }
      assertThat(new String(id, 0, length, StandardCharsets.US_ASCII))
          .as(each[0])
          .isEqualTo(each[1]);
    }
  }

  @Test
  void givenAMessageBefore_whenAnotherIsRead_thenNothingOfItIsLeft() {
    byte[] id = new byte[8];
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"method\":\"ready\",\"params\":{}}"))
        .isEqualTo(Envelope.Kind.REQUEST);
    assertThat(read("{\"jsonrpx\":\"2.0\",\"id\":\"a/1\",\"method\":\"ready\",\"params\":{}}"))
        .isEqualTo(Envelope.Kind.NONE);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"ix\":\"a/1\",\"method\":\"ready\",\"parans\":{}}"))
        .isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(envelope.id()).isEmpty();
    assertThat(envelope.textId(id)).isNegative();
    assertThat(envelope.bytes(Envelope.Part.PARAMS)).isZero();
    assertThat(envelope.copy(Envelope.Part.PARAMS)).isEmpty();
    assertThat(read("{\"jsonrpc\":\"2.0\",\"id\":\"a/1\",\"nethod\":\"ready\",\"result\":{}}"))
        .isEqualTo(Envelope.Kind.RESULT);
    assertThat(envelope.isMethod("ready")).isFalse();
    assertThat(envelope.bytes(Envelope.Part.RESULT)).isEqualTo(2);
  }

  @Test
  void givenAMethod_whenComparedWithOthers_thenEachLetterCounts() {
    assertThat(read("{\"jsonrpc\":\"2.0\",\"method\":\"ready\"}"))
        .isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(envelope.isMethod("ready")).isTrue();
    for (String other : List.of("", "read", "ready2", "reads", "beady", "reedy", "READY")) {
      assertThat(envelope.isMethod(other)).as(other).isFalse();
    }
    assertThat(read("{\"jsonrpc\":\"2.0\",\"method\":\"re\u00e9dy\"}"))
        .isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(envelope.isMethod("ready")).isFalse();
  }

  @Test
  void givenNamesWithEscapes_whenRead_thenTheyAreTheNamesThatTheyStandFor() {
    assertThat(read("{\"\\u006asonrpc\":\"2.0\",\"m\\u0065thod\":\"m\",\"i\\u0078\":[]}"))
        .isEqualTo(Envelope.Kind.NOTIFICATION);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"m\\u0045thod\":\"m\"}")).isEqualTo(Envelope.Kind.NONE);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"m\u00e9thod\":\"m\"}")).isEqualTo(Envelope.Kind.NONE);
    assertThat(read("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"\\u0069d\":1,\"id\":1}"))
        .isEqualTo(Envelope.Kind.NONE);
  }

  @Test
  void givenTheLongestId_whenRead_thenItIsOneHoweverItIsWritten() {
    for (String one : List.of("x", "\\u0078", "\u00e9", "\\n")) {
      String message = "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":1}";
      assertThat(read(message.formatted(one.repeat(160)))).isEqualTo(Envelope.Kind.RESULT);
      assertThat(envelope.id()).isPresent();
      assertThat(read(message.formatted(one.repeat(161)))).isEqualTo(Envelope.Kind.NONE);
    }
  }
}
