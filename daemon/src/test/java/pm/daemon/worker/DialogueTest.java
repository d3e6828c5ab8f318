package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.NewTask;

/** What a worker says, sentence by sentence, and what is said to it. */
final class DialogueTest {
  private static final long SECOND = 1_000_000_000L;

  private Conversation worker = new Conversation(false);

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /**
   * Returns whether a message of these members is one; what came of it is {@link
   * Conversation#heard}.
   */
  private boolean says(String members) {
    byte[] frame = ("{\"jsonrpc\":\"2.0\"," + members + "}").getBytes(StandardCharsets.UTF_8);
    worker.heard.clear();
    return worker.dialogue.take(frame, 0, frame.length);
  }

  private String answerTo(String members) {
    assertThat(says(members)).as(members).isTrue();
    assertThat(worker.heard).as(members).hasSize(1);
    return worker.heard.getFirst();
  }

  private void nothingComesOf(String members) {
    assertThat(says(members)).as(members).isTrue();
    assertThat(worker.heard).as(members).isEmpty();
  }

  private void isNoMessage(String members) {
    assertThat(says(members)).as(members).isFalse();
    assertThat(worker.heard).as(members).isEmpty();
  }

  @Test
  void aPingHasNothingThatAServerCouldRefuse() {
    String json = "{\"jsonrpc\":\"2.0\",\"id\":\"hb-mark-7\",\"method\":\"ping\"}";
    assertThat(text(new Conversation(false).dialogue.ping(7))).isEqualTo(json + "\n");
    assertThat(text(new Conversation(true).dialogue.ping(7)))
        .isEqualTo("Content-Length: " + json.length() + "\r\n\r\n" + json);
  }

  @Test
  void theFirstAnswerToTheYoungestPingCounts() {
    worker.dialogue.ping(7);
    worker.dialogue.ping(8);
    nothingComesOf("\"id\":\"hb-mark-7\",\"result\":{}");
    nothingComesOf("\"id\":\"hb-other-8\",\"result\":{}");
    assertThat(worker.meters.lateAnswers).hasValue(2);
    assertThat(answerTo("\"id\":\"hb-mark-8\",\"result\":{}")).isEqualTo("passed 8");
    nothingComesOf("\"id\":\"hb-mark-8\",\"result\":{}");
    assertThat(worker.meters.lateAnswers).hasValue(3);
    assertThat(worker.meters.unknownAnswers).hasValue(0);
  }

  @Test
  void anErrorInAnswerToAPingMeansThatItIsAlive() {
    worker.dialogue.ping(7);
    assertThat(answerTo("\"id\":\"hb-mark-7\",\"error\":{\"code\":-32601,\"message\":\"\"}"))
        .isEqualTo("passed 7");
  }

  @Test
  void answersToWhatWasNeverAskedAreCounted() {
    nothingComesOf("\"id\":\"hb-mark-0\",\"result\":{}");
    assertThat(worker.meters.lateAnswers).hasValue(1);
    nothingComesOf("\"id\":5,\"result\":{}");
    nothingComesOf("\"id\":\"xx\",\"error\":1");
    nothingComesOf("\"id\":null,\"error\":1");
    assertThat(worker.meters.unknownAnswers).hasValue(3);
    assertThat(worker.meters.messages).hasValue(4);
  }

  @Test
  void readyIsToldOnce() {
    assertThat(answerTo("\"method\":\"ready\"")).isEqualTo("ready");
    nothingComesOf("\"method\":\"ready\",\"params\":{}");
    assertThat(worker.meters.unknownNotifications).hasValue(0);
  }

  @Test
  void itsLogIsWrittenLineByLine() {
    assertThat(answerTo("\"method\":\"log\",\"params\":{\"message\":\"a\\nb\\n\"}"))
        .isEqualTo("logged [info] a\n[info] b\n");
    assertThat(answerTo("\"method\":\"log\",\"params\":{\"level\":\"warn\",\"message\":\"\"}"))
        .isEqualTo("logged [warn] \n");
    assertThat(
            answerTo(
                "\"method\":\"log\",\"params\":{\"level\":\"abcdefghijklmnop\",\"message\":\"x\"}"))
        .isEqualTo("logged [abcdefghijklmnop] x\n");
  }

  @Test
  void whatIsNoLogGoesThereAsItCame() {
    isNoMessage("\"method\":\"log\"");
    isNoMessage("\"method\":\"log\",\"params\":{}");
    isNoMessage("\"method\":\"log\",\"params\":[\"x\"]");
    isNoMessage("\"method\":\"log\",\"params\":{\"message\":7}");
    isNoMessage("\"method\":\"log\",\"params\":{\"message\":\"x\",\"level\":\"a b\"}");
    isNoMessage(
        "\"method\":\"log\",\"params\":{\"message\":\"x\",\"level\":\"abcdefghijklmnopq\"}");
    isNoMessage("\"method\":\"log\",\"params\":{\"message\":\"x\",\"message\":\"y\"}");
    assertThat(worker.meters.messages).hasValue(0);
  }

  @Test
  void aLogOf64KibibytesIsRead() {
    String params = "\"method\":\"log\",\"params\":{\"message\":\"%s\"}";
    int rest = 64 * 1024 - "{\"message\":\"\"}".length();
    assertThat(answerTo(params.formatted("x".repeat(rest)))).hasSizeGreaterThan(rest);
    isNoMessage(params.formatted("x".repeat(rest + 1)));
  }

  @Test
  void aWorkerMayAskWhetherWeAreThere() {
    assertThat(answerTo("\"id\":1,\"method\":\"ping\""))
        .isEqualTo("answered {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n");
    assertThat(answerTo("\"id\":\"a\",\"method\":\"roots/list\""))
        .startsWith("answered {\"jsonrpc\":\"2.0\",\"id\":\"a\",\"error\":{\"code\":-32601,");
    assertThat(worker.meters.requests).hasValue(2);
    worker.isFull = true;
    nothingComesOf("\"id\":1,\"method\":\"ping\"");
    assertThat(worker.meters.requests).hasValue(3);
    assertThat(worker.meters.droppedAnswers).hasValue(1);
    assertThat(worker.meters.messages).hasValue(3);
  }

  @Test
  void unknownNotificationsAreCounted() {
    nothingComesOf("\"method\":\"notifications/message\",\"params\":{}");
    assertThat(worker.meters.unknownNotifications).hasValue(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "k3f9-17/2   | #17/2",
        "k3f9-1/1    | #1/1",
        "k3f9-999999999999999999/999999999 | #999999999999999999/999999999",
        "order:7.a_b-c/12 | order:7.a_b-c/12",
        "A/1         | A/1",
        "z/1         | z/1",
        "0/1         | 0/1",
        "9Z/1        | 9Z/1",
        "k3f8-17/1   | k3f8-17/1",
        "k3f9-/1     | k3f9-/1",
        "k3f9-0/1    | k3f9-0/1",
        "k3f9-01/1   | k3f9-01/1",
        "k3f9-1a/1   | k3f9-1a/1",
        "k3f9-1000000000000000000/1 | k3f9-1000000000000000000/1"
      })
  void theIdOfAnAttemptTellsItsTask(String id, String name) {
    assertThat(answerTo("\"id\":\"" + id + "\",\"result\":[1]")).isEqualTo(name + " -> [1]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "k3f9-17", "k3f9-17/", "/1", "", "/", "a/0", "a/01", "a/1000000000", "a/-1", "a/1x", "a/ 1",
        "-a/1", "_a/1", ".a/1", ":a/1", "a b/1", "a@/1", "a[/1", "a`/1", "a{/1", "a;/1", "a/b/1",
        "a/:", "a//"
      })
  void allOtherIdsAreOfNoTask(String id) {
    nothingComesOf("\"id\":\"" + id + "\",\"result\":[1]");
    nothingComesOf("\"id\":\"" + id + "\",\"error\":[1]");
    assertThat(worker.meters.unknownAnswers).hasValue(2);
  }

  @Test
  void aKeyHasUpTo128Characters() {
    assertThat(answerTo("\"id\":\"" + "a".repeat(128) + "/1\",\"result\":1"))
        .isEqualTo("a".repeat(128) + "/1 -> 1");
    nothingComesOf("\"id\":\"" + "a".repeat(129) + "/1\",\"result\":1");
  }

  @Test
  void aResultIsPassedOnAsItIs() {
    assertThat(answerTo("\"id\":\"a/1\",\"result\":null")).isEqualTo("a/1 -> null");
    assertThat(answerTo("\"id\":\"a/1\",\"result\":{\"b\" : [1, 2]}"))
        .isEqualTo("a/1 -> {\"b\" : [1, 2]}");
  }

  @Test
  void aResultOfSeveralLinesBecomesOne() {
    worker = new Conversation(true);
    assertThat(answerTo("\"id\":\"a/1\",\"result\":\r\n[1,\n2,\r\n3\t]\n"))
        .isEqualTo("a/1 -> [1, 2,  3\t]");
    assertThat(answerTo("\"id\":\"a/1\",\"result\":[\n\n]")).isEqualTo("a/1 -> [  ]");
  }

  @Test
  void aResultHasUpToAMillionBytes() {
    String result = "\"" + "x".repeat(NewTask.MOST_DATA_BYTES - 2) + "\"";
    assertThat(answerTo("\"id\":\"a/1\",\"result\":" + result)).isEqualTo("a/1 -> " + result);
    assertThat(answerTo("\"id\":\"a/1\",\"result\":" + result.replaceFirst("x", "xx")))
        .isEqualTo("a/1 failed for good: its result has 1000001 bytes; 1000000 are the most");
  }

  @Test
  void resultsSpendWhatABatchMayTell() {
    String result = "\"" + "x".repeat(1_000_000 - 2) + "\"";
    for (int i = 0; i < 4; i++) {
      answerTo("\"id\":\"a/1\",\"result\":" + result);
    }
    assertThat(worker.budget.isSpent()).isFalse();
    answerTo("\"id\":\"a/1\",\"result\":" + result);
    assertThat(worker.budget.isSpent()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"code\":-32000,\"message\":\"no\"} | failed: no (code -32000)",
        "{\"message\":\"no\"} | failed: no",
        "{\"code\":1.5,\"message\":\"no\"} | failed: no",
        "{\"code\":7,\"message\":\" \"} | failed: an error without a message (code 7)",
        "{\"message\":7} | failed: an error without a message",
        "{} | failed: an error without a message",
        "\"words\" | failed: words",
        "\"\" | failed: an error without a message",
        "[1,true] | failed: [1,true]",
        "{\"message\":\"m\",\"data\":{\"retry\":false}} | failed for good: m",
        "{\"message\":\"m\",\"data\":{\"retry\":true}} | failed: m",
        "{\"message\":\"m\",\"data\":{\"retry\":\"false\"}} | failed: m",
        "{\"message\":\"m\",\"data\":[]} | failed: m",
        "{\"a\":1,\"a\":2} | failed: its error cannot be read: the name \"a\" stands twice in one"
            + " object, at character 13"
      })
  void anErrorIsToldInItsOwnWords(String error, String told) {
    assertThat(answerTo("\"id\":\"a/1\",\"error\":" + error)).isEqualTo("a/1 " + told);
  }

  @Test
  void theWordsOfAnErrorAreCutWhereTheyAreTooLong() {
    String message = "\"id\":\"a/1\",\"error\":{\"message\":\"%s\"}";
    assertThat(answerTo(message.formatted("x".repeat(4_000))))
        .isEqualTo("a/1 failed: " + "x".repeat(4_000));
    assertThat(answerTo(message.formatted("x".repeat(4_001))))
        .isEqualTo("a/1 failed: " + "x".repeat(3_999) + "…");
    assertThat(answerTo(message.formatted("x".repeat(3_998) + "\ud83d\ude00yy")))
        .isEqualTo("a/1 failed: " + "x".repeat(3_998) + "…");
    assertThat(answerTo(message.formatted("x".repeat(3_997) + "\ud83d\ude00yy")))
        .isEqualTo("a/1 failed: " + "x".repeat(3_997) + "\ud83d\ude00…");
    assertThat(answerTo("\"id\":\"a/1\",\"error\":\"" + "x".repeat(4_001) + "\""))
        .isEqualTo("a/1 failed: " + "x".repeat(3_999) + "…");
  }

  @Test
  void anErrorOf64KibibytesIsRead() {
    String most = "\"" + "x".repeat(64 * 1024 - 2) + "\"";
    assertThat(answerTo("\"id\":\"a/1\",\"error\":" + most)).endsWith("xxx…");
    assertThat(answerTo("\"id\":\"a/1\",\"error\":" + most.replaceFirst("x", "xx")))
        .isEqualTo("a/1 failed: its error has 65537 bytes, too many to be read");
  }

  private void beginsTooLong(String members) {
    byte[] frame = ("{\"jsonrpc\":\"2.0\"," + members).getBytes(StandardCharsets.UTF_8);
    worker.heard.clear();
    worker.dialogue.tooLong(frame, 0, frame.length, 400);
  }

  @Test
  void anAnswerThatIsTooLongEndsItsAttempt() {
    beginsTooLong("\"id\":\"a/1\",\"result\":[1,");
    assertThat(worker.heard)
        .containsExactly(
            "a/1 failed for good: its result is in a message of more than 400 bytes (max_frame)");
    beginsTooLong("\"id\":\"a/1\",\"error\":[1,");
    assertThat(worker.heard)
        .containsExactly(
            "a/1 failed: its error is in a message of more than 400 bytes (max_frame)");
    for (String other :
        List.of(
            "\"id\":\"hb-mark-1\",\"result\":[",
            "\"id\":7,\"result\":[",
            "\"id\":\"a/1\",\"method\":\"m\",\"params\":[",
            "\"method\":\"log\",\"params\":[")) {
      beginsTooLong(other);
      assertThat(worker.heard).as(other).isEmpty();
    }
  }

  private static String progress(String members) {
    return "\"method\":\"progress\",\"params\":{" + members + "}";
  }

  @Test
  void progressIsANumberAWordOrBoth() {
    assertThat(answerTo(progress("\"id\":\"k3f9-17\",\"value\":0.5,\"message\":\"half\"")))
        .isEqualTo("#17/0 at 0.5 half");
    assertThat(answerTo(progress("\"id\":\"a/2\",\"value\":1"))).isEqualTo("a/2 at 1.0 ");
    assertThat(answerTo(progress("\"id\":\"a\",\"message\":\"m\""))).isEqualTo("a/0 at NaN m");
    assertThat(answerTo(progress("\"id\":\"a\",\"value\":1e999,\"message\":7")))
        .isEqualTo("a/0 at NaN ");
    assertThat(answerTo(progress("\"id\":\"a\",\"message\":\"" + "x".repeat(513) + "\"")))
        .isEqualTo("a/0 at NaN " + "x".repeat(511) + "…");
    assertThat(worker.meters.unknownNotifications).hasValue(0);
  }

  @Test
  void progressOfNothingIsUnknown() {
    nothingComesOf("\"method\":\"progress\"");
    nothingComesOf("\"method\":\"progress\",\"params\":[]");
    for (String members :
        List.of("", "\"id\":7", "\"id\":\"\"", "\"id\":\"a b\"", "\"id\":\"a\",\"id\":\"a\"")) {
      worker.now += SECOND;
      nothingComesOf(progress(members));
    }
    assertThat(worker.meters.unknownNotifications).hasValue(7);
  }

  @Test
  void progressOf16KibibytesIsRead() {
    int rest = 16 * 1024 - "{\"id\":\"a\",\"x\":\"\"}".length();
    assertThat(answerTo(progress("\"id\":\"a\",\"x\":\"" + "x".repeat(rest) + "\"")))
        .isEqualTo("a/0 at NaN ");
    nothingComesOf(progress("\"id\":\"a\",\"x\":\"" + "x".repeat(rest + 1) + "\""));
    assertThat(worker.meters.unknownNotifications).hasValue(1);
  }

  @Test
  void progressIsToldFiftyTimesASecond() {
    for (int second = 1; second <= 3; second++) {
      for (int i = 0; i < TaskReplies.MOST_PROGRESS; i++) {
        assertThat(answerTo(progress("\"id\":\"a\",\"value\":" + i))).startsWith("a/0 at " + i);
      }
      worker.now += SECOND - 1;
      nothingComesOf(progress("\"id\":\"a\""));
      assertThat(worker.meters.droppedProgress).hasValue(second);
      worker.now += 1;
    }
  }

  private static TaskEffect.Send send(String key, String type, int attempt) {
    return new TaskEffect.Send(
        Conversation.INVOCATION, 1, 17, key, attempt, type, new byte[0], 1_000);
  }

  @Test
  void aTaskIsOneLineOrBehindItsLength() {
    byte[] data = {'7'};
    for (boolean hasHeaders : new boolean[] {false, true}) {
      TaskFrames frames = new TaskFrames(hasHeaders, worker.ids);
      for (Map.Entry<String, String> name :
          Map.of("", "k3f9-17", "order:7", "order:7").entrySet()) {
        TaskEffect.Send send = send(name.getKey(), "th\\u\"mb", 3);
        byte[] into = new byte[frames.bytes(send, 1)];
        assertThat(frames.put(send, data, into, 0)).isEqualTo(into.length);
        String id = name.getValue();
        String body =
            ("{\"jsonrpc\":\"2.0\",\"id\":\""
                    + id
                    + "/3\",\"method\":\"task\",\"params\":{\"id\":\""
                    + id)
                + "\",\"type\":\"th\\\\u\\\"mb\",\"data\":7,\"attempt\":3,"
                + "\"deadline\":\"1970-01-01T00:00:01.000Z\"}}";
        assertThat(text(into))
            .isEqualTo(
                hasHeaders ? "Content-Length: " + body.length() + "\r\n\r\n" + body : body + "\n");
      }
    }
  }

  @Test
  void eachOfManyTypesIsWrittenAsItIs() {
    TaskFrames frames = new TaskFrames(false, worker.ids);
    for (int i = 0; i < 600; i++) {
      TaskEffect.Send send = send("a", "type" + i % 300, 1);
      byte[] into = new byte[frames.bytes(send, 0)];
      frames.put(send, new byte[0], into, 0);
      assertThat(text(into)).contains("\"type\":\"type" + i % 300 + "\"");
    }
  }

  @Test
  void whatElseIsSaidToAWorker() {
    TaskEffect.Cancel cancel = new TaskEffect.Cancel(Conversation.INVOCATION, "k3f9-17");
    String json = "{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":\"k3f9-17\"}}";
    assertThat(text(new TaskFrames(false, worker.ids).of(cancel))).isEqualTo(json + "\n");
    assertThat(text(new TaskFrames(true, worker.ids).of(cancel)))
        .isEqualTo("Content-Length: " + json.length() + "\r\n\r\n" + json);
    assertThat(
            text(
                new TaskFrames(false, worker.ids)
                    .of(new TaskEffect.Finish(Conversation.INVOCATION))))
        .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"shutdown\",\"params\":{}}\n");
    assertThatThrownBy(() -> new TaskFrames(false, worker.ids).of(new TaskEffect.ReadLoad()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
