package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MessageCodecTest {

  private static Message decode(String line) throws MessageException {
    return MessageCodec.decode(line.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void readsEachKindOfMessage() throws MessageException {
    assertThat(decode("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"))
        .isEqualTo(new Message.Request(new Id.Number(1), "ping", Map.of()));
    assertThat(
            decode(
                "{\"params\":{\"a\":1},\"method\":\"m\",\"id\":\"x\",\"jsonrpc\":\"2.0\",\"more\":1}"))
        .isEqualTo(new Message.Request(new Id.Text("x"), "m", Map.of("a", 1L)));
    assertThat(decode("{\"jsonrpc\":\"2.0\",\"method\":\"log\",\"params\":{}}"))
        .isEqualTo(new Message.Notification("log", Map.of()));
    assertThat(decode("{\"jsonrpc\":\"2.0\",\"id\":-7,\"result\":null}"))
        .isEqualTo(new Message.Response(new Id.Number(-7), Json.NULL));
    assertThat(
            decode(
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\"}}"))
        .isEqualTo(Message.ErrorResponse.of(Optional.empty(), ErrorCode.PARSE_ERROR, "no"));
    assertThat(
            decode(
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":5,\"message\":\"m\",\"data\":[1]}}"))
        .isEqualTo(new Message.ErrorResponse(Optional.of(new Id.Number(2)), 5, "m", List.of(1L)));
  }

  @Test
  void writesWhatItReadsAsOneLine() throws MessageException {
    List<Message> messages =
        List.of(
            new Message.Request(
                new Id.Number(Long.MAX_VALUE), "start", Map.of("selectors", List.of("a\nb"))),
            new Message.Request(new Id.Text("\u2028\n"), "ping", Map.of()),
            new Message.Notification("gap", Map.of("from", 1L)),
            new Message.Response(new Id.Number(0), List.of()),
            new Message.ErrorResponse(
                Optional.empty(), -32001, "no", Map.of("similar", List.of())));
    for (Message message : messages) {
      byte[] line = MessageCodec.encode(message);
      assertThat(new String(line, StandardCharsets.UTF_8)).endsWith("\n").containsOnlyOnce("\n");
      assertThat(MessageCodec.decode(Arrays.copyOf(line, line.length - 1))).isEqualTo(message);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "-32700 | none | {",
        "-32700 | none | ``",
        "-32700 | none | {\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}",
        "-32600 | none | []",
        "-32600 | none | [{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
        "-32600 | none | 1",
        "-32600 | none | {}",
        "-32600 | 1 | {\"id\":1,\"method\":\"ping\"}",
        "-32600 | 1 | {\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
        "-32600 | 1 | {\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}",
        "-32600 | none | {\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
        "-32600 | none | {\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}",
        "-32600 | none | {\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}",
        "-32600 | none | {\"jsonrpc\":\"2.0\",\"id\":9223372036854775808,\"method\":\"ping\"}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"result\":1}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
        "-32600 | none | {\"jsonrpc\":\"2.0\",\"result\":1}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":1}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"x\",\"message\":\"\"}}",
        "-32600 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":2}}",
        "-32602 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}",
        "-32602 | 1 | {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":null}",
      })
  void answersWhatIsWrongWithTheRightCodeAndId(long code, String id, String line) {
    MessageException e = catchThrowableOfType(MessageException.class, () -> decode(line));
    assertThat(e).isNotNull();
    assertThat(e.answer().code()).isEqualTo(code);
    assertThat(e.answer().id())
        .isEqualTo(
            id.equals("none") ? Optional.empty() : Optional.of(new Id.Number(Long.parseLong(id))));
    assertThat(e.answer().message()).isNotBlank();
  }

  @Test
  void refusesAnIdThatIsTooLong() throws MessageException {
    String line = "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"ping\"}";
    assertThat(decode(line.formatted("i".repeat(160)))).isInstanceOf(Message.Request.class);
    MessageException e =
        catchThrowableOfType(MessageException.class, () -> decode(line.formatted("i".repeat(161))));
    assertThat(e.answer().code()).isEqualTo(ErrorCode.INVALID_REQUEST.code());
  }

  @Test
  void everyMethodAndCodeIsFoundByItsName() {
    for (Method method : Method.values()) {
      assertThat(Method.of(method.wireName())).contains(method);
    }
    assertThat(Method.of("PING")).isEmpty();
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(ErrorCode.of(code.code())).contains(code);
      assertThat(code.exitCode()).isNotEqualTo(ExitCode.DONE);
    }
    assertThat(ErrorCode.of(1)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"daemon.status", "daemon.shutdown"})
  void theDaemonItselfIsForAdministrators(String name) {
    assertThat(Method.of(name).map(Method::access)).contains(Method.Access.ADMINISTRATOR);
  }

  @Test
  void theWorstExitCodeWinsWhateverTheOrder() {
    assertThat(ExitCode.DONE.worst(ExitCode.TIMED_OUT)).isEqualTo(ExitCode.TIMED_OUT);
    assertThat(ExitCode.TIMED_OUT.worst(ExitCode.FAILED)).isEqualTo(ExitCode.FAILED);
    for (ExitCode one : ExitCode.values()) {
      for (ExitCode two : ExitCode.values()) {
        assertThat(one.worst(two)).isEqualTo(two.worst(one));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | batches are not supported: send one request a line",
        "1 | a message must be an object",
        "{\"id\":[],\"method\":\"m\"} | id must be an integer or a string of at most 160 characters",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}"
            + " | id must not be null: leave it out to get no response",
        "{\"jsonrpc\":\"2.0\"} | a message has exactly one of method, result and error",
        "{\"jsonrpc\":\"2.0\",\"result\":1} | a result must have an id",
      })
  void saysInASentenceWhatIsWrong(String line, String sentence) {
    assertThat(catchThrowableOfType(MessageException.class, () -> decode(line)).answer().message())
        .isEqualTo(sentence);
  }

  @Test
  void leavesOutWhatIsEmptyButNeverTheIdOfAnAnswer() {
    assertThat(written(new Message.Request(new Id.Number(1), "ping", Map.of())))
        .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
    assertThat(written(new Message.Notification("log", Map.of())))
        .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"log\"}\n");
    assertThat(written(Message.ErrorResponse.of(Optional.empty(), ErrorCode.PARSE_ERROR, "no")))
        .isEqualTo(
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no\"}}\n");
    assertThat(written(new Message.ErrorResponse(Optional.of(new Id.Text("a")), 7, "m", 8L)))
        .isEqualTo(
            "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"error\":{\"code\":7,\"message\":\"m\",\"data\":8}}\n");
  }

  private static String written(Message message) {
    return new String(MessageCodec.encode(message), StandardCharsets.UTF_8);
  }

  @Test
  void onlyLogsEventsAndTheWatchedStatusAreStreams() {
    for (Method method : Method.values()) {
      boolean isStream = List.of("logs", "events", "status.watch").contains(method.wireName());
      assertThat(method.kind()).isEqualTo(isStream ? Method.Kind.STREAM : Method.Kind.CALL);
    }
  }

  @Test
  void everyExitCodeSaysWhatItMeans() {
    for (ExitCode code : ExitCode.values()) {
      assertThat(code.meaning()).isNotBlank();
    }
  }

  @Test
  void timesHaveMillisecondsAlways() {
    assertThat(Times.format(java.time.Instant.ofEpochSecond(1_783_069_920, 250_000_000)))
        .isEqualTo("2026-07-03T09:12:00.250Z");
    assertThat(Times.format(java.time.Instant.EPOCH)).isEqualTo("1970-01-01T00:00:00.000Z");
  }
}
