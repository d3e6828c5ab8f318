package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.protocol.Id;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.MalformedJsonException;
import pm.protocol.Members;

/** Lines of submits, and what is none. */
final class SubmitReaderTest {
  private static final String HEAD =
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"submit\",\"params\":";

  private final SubmitReader reader = new SubmitReader();

  private Optional<Submission> read(String line) throws Exception {
    return reader.read(line.getBytes(StandardCharsets.UTF_8));
  }

  private Submission params(String params) throws Exception {
    return read(HEAD + params + "}").orElseThrow();
  }

  private NewTask task(String task) throws Exception {
    return params("{\"pool\":\"thumbs\",\"tasks\":[" + task + "]}").tasks().getFirst();
  }

  private static String text(NewTask task) {
    return new String(task.data(), StandardCharsets.UTF_8);
  }

  @Test
  void aWholeOne() throws Exception {
    Submission read =
        params(
            """
            {"pool":"thumbs","tasks":[{"data":{"file":"ä.jpg"},"type":"thumb","priority":"high",\
            "timeout_seconds":1.5,"retries":0,"delay_seconds":2,"id":"a.jpg:1"},{}],\
            "wait":true,"wait_seconds":10,"space_seconds":0.25}\
            """);
    assertThat(read.id()).contains(new Id.Number(1));
    assertThat(read.pool()).isEqualTo("thumbs");
    assertThat(read.untilEnded()).isTrue();
    assertThat(read.waitNanos()).isEqualTo(10_000_000_000L);
    assertThat(read.spaceNanos()).isEqualTo(250_000_000L);
    assertThat(read.tasks()).hasSize(2);
    NewTask task = read.tasks().getFirst();
    assertThat(text(task)).isEqualTo("{\"file\":\"ä.jpg\"}");
    assertThat(task.type()).isEqualTo("thumb");
    assertThat(task.priority()).isEqualTo(Priority.HIGH);
    assertThat(task.timeoutNanos()).isEqualTo(1_500_000_000L);
    assertThat(task.retries()).isZero();
    assertThat(task.delayNanos()).isEqualTo(2_000_000_000L);
    assertThat(task.key()).isEqualTo("a.jpg:1");
  }

  @Test
  void whatIsLeftOutIsThePoolsOrNothing() throws Exception {
    for (String task :
        List.of(
            "{}",
            "{\"data\":null,\"type\":null,\"priority\":null,\"timeout_seconds\":null,"
                + "\"retries\":null,\"delay_seconds\":null,\"id\":null}")) {
      NewTask read = task(task);
      assertThat(text(read)).isEqualTo("null");
      assertThat(read.type()).isEqualTo(NewTask.DEFAULT_TYPE);
      assertThat(read.priority()).isEqualTo(Priority.NORMAL);
      assertThat(read.timeoutNanos()).isEqualTo(NewTask.POOLS);
      assertThat(read.retries()).isEqualTo(NewTask.POOLS);
      assertThat(read.delayNanos()).isZero();
      assertThat(read.key()).isEmpty();
    }
    Submission read = params("{\"pool\":\"p\",\"tasks\":[{}]}");
    assertThat(read.untilEnded()).isFalse();
    assertThat(read.waitNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(read.spaceNanos()).isZero();
  }

  @Test
  void dataIsPassedOnAsItIs() throws Exception {
    for (String data :
        List.of(
            "0",
            "-1.50e+3",
            "\"\"",
            "\"\\u00e4\\n\"",
            "[ 1 ,2,{\"a\": [ ]} ]",
            "true",
            "{\"a\":1,\"a\":2}",
            "12345678901234567890")) {
      assertThat(text(task("{ \"data\" :" + data + " }"))).isEqualTo(data);
    }
  }

  @Test
  void membersMayComeInAnyOrder() throws Exception {
    Submission read =
        read("{\"params\":{\"tasks\":[{\"data\":1}],\"pool\":\"p\"},\"method\":\"submit\","
                + " \"id\":\"x\", \"jsonrpc\":\"2.0\"}")
            .orElseThrow();
    assertThat(read.id()).contains(new Id.Text("x"));
    assertThat(read.pool()).isEqualTo("p");
    assertThat(text(read.tasks().getFirst())).isEqualTo("1");
  }

  @Test
  void namesMayBeEscaped() throws Exception {
    Submission read =
        read("{\"jsonrpc\":\"2.0\",\"meth\\u006fd\":\"subm\\u0069t\","
                + "\"params\":{\"p\\u006fol\":\"p\",\"tasks\":[{\"d\\u0061ta\":7}]}}")
            .orElseThrow();
    assertThat(read.id()).isEmpty();
    assertThat(text(read.tasks().getFirst())).isEqualTo("7");
  }

  @Test
  void otherMethodsAreNotItsBusiness() throws Exception {
    for (String line :
        List.of(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":{\"sel",
            "{\"params\":{},\"method\":\"submits\"}",
            "{\"method\":7}",
            "[]",
            "7",
            "",
            "{}")) {
      assertThat(read(line)).as(line).isEmpty();
    }
  }

  @Test
  void whatIsNoJsonIsRefused() {
    String whole = HEAD + "{\"pool\":\"p\",\"tasks\":[{\"data\":{\"a\":[1,\"ü\"]}},{}]}}";
    byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
    for (int length = HEAD.length(); length < bytes.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(bytes, length);
      // Where it breaks off in place of a value, that is said of this value; both are answered
      // by what reads the line as a message.
      assertThatThrownBy(() -> reader.read(cut))
          .isInstanceOfAny(MalformedJsonException.class, JsonException.class);
    }
    for (String wrong :
        List.of(
            "{\"pool\":\"p\",\"tasks\":[{\"data\":01}]}",
            "{\"pool\":\"p\",\"tasks\":[{\"data\":tru}]}",
            "{\"pool\":\"p\",\"tasks\":[{\"data\":1,}]}",
            "{\"pool\":\"p\",\"tasks\":[{\"data\":1} {}]}",
            "{\"pool\":\"p\",}",
            "{\"pool\":\"p\u0001\"}",
            "{\"pool\":\"\\ud800\"}",
            "{\"pool\" \"p\"}")) {
      assertThatThrownBy(() -> params(wrong)).as(wrong).isInstanceOf(MalformedJsonException.class);
    }
    assertThatThrownBy(() -> read(whole + "x")).isInstanceOf(MalformedJsonException.class);
  }

  @Test
  void whatIsWrongIsSaid() {
    String deep = "[".repeat(70) + "]".repeat(70);
    assertThatThrownBy(() -> task("{\"data\":" + deep + "}"))
        .isInstanceOf(MalformedJsonException.class);
    wrong("[]", "params must be an object");
    wrong("{\"tasks\":[{}]}", "pool is missing");
    wrong("{\"pool\":7,\"tasks\":[{}]}", "pool must be a string");
    wrong("{\"pool\":\"p\"}", "tasks is missing");
    wrong("{\"pool\":\"p\",\"tasks\":{}}", "tasks must be an array of objects");
    wrong("{\"pool\":\"p\",\"tasks\":[]}", "tasks is empty");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"tasks\":[{}]}", "tasks stands twice");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"pool\":\"q\"}", "pool stands twice");
    wrong("{\"pool\":\"p\",\"tasks\":[{}]},\"id\":2", "id stands twice");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"wait\":1}", "wait must be true or false");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"wait_seconds\":1}", "wait_seconds needs wait");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"wait_seconds\":0}", "wait_seconds needs wait");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"space_seconds\":-1}", "space_seconds must be from 0");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"space_seconds\":\"1\"}", "must be a number");
    wrong("{\"pool\":\"p\",\"tasks\":[{}],\"waits\":1}", "unknown parameter waits; known are");
    wrongTask("7", "tasks[0] must be an object");
    wrongTask("{},{\"kind\":1}", "tasks[1] has an unknown member kind; known are");
    wrongTask("{\"data\":1,\"data\":2}", "tasks[0] has data twice");
    wrongTask("{\"priority\":\"urgent\"}", "priority must be critical, high, normal or low");
    wrongTask("{\"retries\":1001}", "retries must be an integer from 0 to 1000");
    wrongTask("{\"retries\":18446744073709551617}", "retries must be");
    wrongTask("{\"retries\":-1}", "retries must be");
    wrongTask("{\"retries\":1.5}", "retries must be");
    wrongTask("{\"timeout_seconds\":0}", "timeout_seconds must be more than 0");
    wrongTask("{\"timeout_seconds\":1e99}", "timeout_seconds must be from 0");
    wrongTask("{\"delay_seconds\":true}", "tasks[0] delay_seconds must be a number");
    wrongTask("{\"type\":\"\"}", "type must be a string of 1 to 128");
    wrongTask("{\"type\":\"a\\nb\"}", "without control characters");
    wrongTask("{\"type\":7}", "type must be a string");
    for (String key : List.of("", "-a", "a b", "ä", "a".repeat(129))) {
      wrongTask("{\"id\":\"" + key + "\"}", "tasks[0] id must be 1 to 128 letters, digits");
    }
    wrongTask("{},".repeat(Bounds.TASKS_OF_SUBMIT) + "{}", "tasks has more than 5000 elements");
    wrongTask(
        "{\"data\":\"" + "x".repeat(NewTask.MOST_DATA_BYTES) + "\"}",
        "tasks[0] has 1000002 bytes of data, and at most 1000000 are taken");
  }

  @Test
  void theMostDataIsTaken() throws Exception {
    String data = "\"" + "x".repeat(NewTask.MOST_DATA_BYTES - 2) + "\"";
    assertThat(task("{\"data\":" + data + "}").data()).hasSize(NewTask.MOST_DATA_BYTES);
  }

  @Test
  void eachMemberStandsOnce() {
    for (String member :
        List.of("data", "type", "priority", "timeout_seconds", "retries", "delay_seconds", "id")) {
      String value =
          member.equals("priority")
              ? "\"low\""
              : member.equals("type") || member.equals("id") ? "\"a\"" : "1";
      wrongTask(
          "{\"%s\":%s,\"%s\":%s}".formatted(member, value, member, value),
          "tasks[0] has " + member + " twice");
    }
    for (String member : List.of("\"wait\":true", "\"wait_seconds\":1", "\"space_seconds\":1")) {
      wrong(
          "{\"pool\":\"p\",\"tasks\":[{}]," + member + "," + member + "}",
          member.substring(1, member.indexOf(':') - 1) + " stands twice");
    }
    String rest = "{\"pool\":\"p\",\"tasks\":[{}]}";
    wrong(rest + ",\"method\":\"submit\"", "method stands twice");
    wrong(rest + ",\"params\":{}", "params stands twice");
    wrong(rest + ",\"jsonrpc\":\"2.0\"", "jsonrpc stands twice");
  }

  @Test
  void whatIsNoRequestIsNotDone() {
    String rest = ",\"method\":\"submit\",\"params\":{\"pool\":\"p\",\"tasks\":[{}]}}";
    for (String start :
        List.of(
            "{\"jsonrpc\":\"2.1\",\"id\":1",
            "{\"id\":1",
            "{\"jsonrpc\":\"2.0\",\"id\":null",
            "{\"jsonrpc\":\"2.0\",\"id\":1.5",
            "{\"jsonrpc\":\"2.0\",\"id\":12345678901234567890",
            "{\"jsonrpc\":\"2.0\",\"id\":[1]",
            "{\"jsonrpc\":\"2.0\",\"id\":\"" + "i".repeat(161) + "\"")) {
      assertThatThrownBy(() -> read(start + rest)).as(start).hasMessage("not a request");
    }
    assertThatThrownBy(() -> read("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"submit\"}"))
        .hasMessage("pool is missing");
  }

  @Test
  void idsComeBackAsTheyAre() throws Exception {
    String line =
        "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"submit\",\"params\":{\"pool\":\"p\",\"tasks\":[{}]}}";
    for (long id : new long[] {0, 9, 999_999_999, 1_000_000_000, -1, Long.MAX_VALUE}) {
      assertThat(read(line.formatted(id)).orElseThrow().id()).contains(new Id.Number(id));
    }
    String text = "i".repeat(160);
    assertThat(read(line.formatted("\"" + text + "\"")).orElseThrow().id())
        .contains(new Id.Text(text));
    assertThat(read(line.formatted("\"\\u0069\"")).orElseThrow().bytes())
        .isEqualTo(line.formatted("\"\\u0069\"").length());
  }

  @Test
  void theMostOfEachIsTaken() throws Exception {
    assertThat(task("{\"retries\":1000}").retries()).isEqualTo(1_000);
    assertThat(task("{\"type\":\"" + "t".repeat(128) + "\"}").type()).hasSize(128);
    wrongTask("{\"type\":\"" + "t".repeat(129) + "\"}", "type must be a string of 1 to 128");
    assertThat(task("{\"id\":\"" + "k".repeat(128) + "\"}").key()).hasSize(128);
    String tasks = "{},".repeat(Bounds.TASKS_OF_SUBMIT - 1) + "{}";
    assertThat(params("{\"pool\":\"p\",\"tasks\":[" + tasks + "]}").tasks())
        .hasSize(Bounds.TASKS_OF_SUBMIT);
    assertThat(task("{\"timeout_seconds\":86400}").timeoutNanos()).isEqualTo(86_400_000_000_000L);
    assertThat(task("{\"delay_seconds\":0.000000001}").delayNanos()).isEqualTo(1);
    assertThat(
            params("{\"pool\":\"p\",\"tasks\":[{}],\"wait\":true,\"wait_seconds\":0}").waitNanos())
        .isZero();
    for (Priority priority : Priority.values()) {
      assertThat(task("{\"priority\":\"" + priority.word() + "\"}").priority()).isEqualTo(priority);
    }
  }

  @Test
  void nothingIsLeftOfTheLineBefore() throws Exception {
    Submission first =
        params(
            "{\"pool\":\"a\",\"tasks\":[{\"type\":\"t\"},{\"type\":\"u\"},{\"type\":\"t\"},{}],"
                + "\"wait\":true,\"wait_seconds\":3,\"space_seconds\":2}");
    assertThat(first.tasks())
        .extracting(NewTask::type)
        .containsExactly("t", "u", "t", NewTask.DEFAULT_TYPE);
    Submission second = params("{\"pool\":\"b\",\"tasks\":[{}],\"wait\":false}");
    assertThat(second.pool()).isEqualTo("b");
    assertThat(second.untilEnded()).isFalse();
    assertThat(second.waitNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(second.spaceNanos()).isZero();
    assertThat(params("{\"pool\":\"a\",\"tasks\":[{}],\"wait\":null}").pool()).isEqualTo("a");
    assertThat(first.tasks()).hasSize(4);
  }

  /** {@code -Dmutation.seed=N} replays one seed. */
  @Test
  void ofDamagedLinesThoseAreTakenThatAreJsonWithTheSameData() throws Exception {
    String whole =
        HEAD
            + "{\"pool\":\"thumbs\",\"tasks\":[{\"data\":{\"a\":[1,-2.5e3,\"\\u00e4\\n\",null]},"
            + "\"id\":\"k\"},{\"priority\":\"low\",\"data\":\"x\",\"retries\":3}],\"wait\":true}}";
    String alphabet = "{}[]\",:\\u0123456789-.eE tfn\u00e4";
    long seed = Long.getLong("mutation.seed", 20260401L);
    Random random = new Random(seed);
    int taken = 0;
    int inputs = Integer.getInteger("mutation.inputs", 100_000);
    for (int i = 0; i < inputs; i++) {
      StringBuilder damaged = new StringBuilder(whole);
      for (int change = random.nextInt(3); change >= 0; change--) {
        int at = random.nextInt(damaged.length());
        switch (random.nextInt(3)) {
          case 0 -> damaged.deleteCharAt(at);
          case 1 -> damaged.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
          default -> damaged.setCharAt(at, alphabet.charAt(random.nextInt(alphabet.length())));
        }
      }
      String line = damaged.toString();
      Optional<Submission> submission;
      try {
        submission = read(line);
      } catch (MalformedJsonException | JsonException refused) {
        continue;
      }
      if (submission.isPresent()) {
        taken++;
        assertThat(dataOf(submission.get()))
            .as("seed " + seed + ", input " + i + ": " + line)
            .isEqualTo(dataOf(line));
      }
    }
    assertThat(taken).isGreaterThan(inputs / 100);
  }

  private static List<Object> dataOf(Submission submission) throws JsonException {
    List<Object> all = new ArrayList<>();
    for (NewTask task : submission.tasks()) {
      all.add(Json.parse(text(task)));
    }
    return all;
  }

  private static List<Object> dataOf(String line) throws JsonException {
    Members params = Members.of(Json.parse(line), "").optionalObject("params").orElseThrow();
    List<Object> all = new ArrayList<>();
    for (Members task : params.objects("tasks")) {
      all.add(task.value("data").orElse(Json.NULL));
    }
    return all;
  }

  private void wrong(String params, String sentence) {
    assertThatThrownBy(() -> params(params))
        .isInstanceOfSatisfying(
            JsonException.class, e -> assertThat(e.sentence()).contains(sentence));
  }

  private void wrongTask(String task, String sentence) {
    wrong("{\"pool\":\"p\",\"tasks\":[" + task + "]}", sentence);
  }
}
