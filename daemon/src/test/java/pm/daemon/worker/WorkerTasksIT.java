package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.WorkerSpec;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Fd;
import pm.daemon.posix.MappedLong;

/** Tasks that go to workers and what comes back, from those that behave and those that do not. */
@Timeout(120)
final class WorkerTasksIT {
  private static final long DEADLINE = 1_767_323_045_678L;

  @TempDir private Path folder;

  private static TaskEffect.Send send(InvocationId worker, long sequence, long task, String data) {
    return new TaskEffect.Send(
        worker, sequence, task, "", 1, "resize", data.getBytes(StandardCharsets.UTF_8), DEADLINE);
  }

  private static void give(
      Workshop shop, Workshop.Played web, long sequence, long task, String data) throws Exception {
    TaskEffect.Send send = send(web.invocation, sequence, task, data);
    shop.onLoop(() -> shop.workers.send(send));
  }

  private static String frame(String id, int attempt, String type, String data) {
    return "{\"jsonrpc\":\"2.0\",\"id\":\""
        + id
        + "/"
        + attempt
        + "\",\"method\":\"task\",\"params\":{\"id\":\""
        + id
        + "\",\"type\":"
        + type
        + ",\"data\":"
        + data
        + ",\"attempt\":"
        + attempt
        + ",\"deadline\":\"2026-01-02T03:04:05.678Z\"}}";
  }

  private static String result(String id, String result) {
    return "{\"jsonrpc\":\"2.0\",\"id\":\"" + id + "\",\"result\":" + result + "}\n";
  }

  private static String error(String id, String error) {
    return "{\"jsonrpc\":\"2.0\",\"id\":\"" + id + "\",\"error\":" + error + "}\n";
  }

  private static long sent(Workshop shop, Workshop.Played web) throws Exception {
    Path mark =
        new WorkerFolder(shop.folder.resolve("workers"))
            .path(web.instance, web.invocation, WorkerFolder.File.SENT);
    try (MappedLong sent = MappedLong.open(mark.toString())) {
      return sent.get();
    }
  }

  @Test
  void givenATask_whenSentAndAnswered_thenItsResultIsToldAsItStands() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      give(shop, web, 1, 17, "{\"file\":\"a.jpg\"}");
      assertThat(web.readLine())
          .isEqualTo(frame("ab12-17", 1, "\"resize\"", "{\"file\":\"a.jpg\"}"));
      shop.settle();
      assertThat(sent(shop, web)).isEqualTo(1);
      web.write(result("ab12-17/1", "{ \"a\" : [1.50, \"\u00e9\\u00e9\"] }"));
      assertThat(shop.nextHeard()).isEqualTo("#17/1 -> { \"a\" : [1.50, \"\u00e9\\u00e9\"] }");
      web.end();
      assertThat(web.log()).isEmpty();
    }
  }

  @Test
  void givenHeaders_whenATaskIsSent_thenItsLengthIsRightAndItsResultOneLine() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.HEADERS)) {
      TaskEffect.Send send =
          new TaskEffect.Send(
              web.invocation,
              1,
              0,
              "order:7",
              12,
              "t\u00fcr \"x\"",
              Workshop.utf8("null"),
              DEADLINE);
      shop.onLoop(() -> shop.workers.send(send));
      String expected = frame("order:7", 12, "\"t\u00fcr \\\"x\\\"\"", "null");
      int length = expected.getBytes(StandardCharsets.UTF_8).length;
      assertThat(web.readLine()).isEqualTo("Content-Length: " + length + "\r");
      assertThat(web.readLine()).isEqualTo("\r");
      assertThat(web.read(length)).isEqualTo(expected);
      String answer = "{\"jsonrpc\":\"2.0\",\n\"id\":\"order:7/12\",\"result\":[\n1,\r\n2]}";
      web.write("Content-Length: " + answer.length() + "\r\n\r\n" + answer);
      assertThat(shop.nextHeard()).isEqualTo("order:7/12 -> [ 1,  2]");
      web.end();
    }
  }

  @Test
  void givenAnswersOfAllKinds_whenTheyCome_thenEachIsToldAsItIs() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.write(result("ab12-1/1", "null") + result("ab12-2/3", "7"));
      assertThat(shop.nextHeard()).isEqualTo("#1/1 -> null");
      assertThat(shop.nextHeard()).isEqualTo("#2/3 -> 7");
      // Some escape the slash.
      web.write(result("ab12-3\\/1", "{}") + result("\\u0061b12-4/1", "{}"));
      assertThat(shop.nextHeard()).isEqualTo("#3/1 -> {}");
      assertThat(shop.nextHeard()).isEqualTo("#4/1 -> {}");
      web.write(error("ab12-5/1", "{\"code\":-32000,\"message\":\"no such file\"}"));
      assertThat(shop.nextHeard()).isEqualTo("#5/1 failed: no such file (code -32000)");
      web.write(
          error("ab12-6/1", "{\"code\":1,\"message\":\"bad\",\"data\":{\"retry\":false}}")
              + error("ab12-7/1", "{\"code\":1,\"message\":\"\",\"data\":{\"retry\":0}}")
              + error("ab12-8/1", "\"just words\"")
              + error("ab12-9/1", "{\"message\":\"" + "x".repeat(9_000) + "\"}")
              + error("ab12-10/1", "\"" + "x".repeat(70_000) + "\""));
      assertThat(shop.nextHeard()).isEqualTo("#6/1 failed for good: bad (code 1)");
      assertThat(shop.nextHeard()).isEqualTo("#7/1 failed: an error without a message (code 1)");
      assertThat(shop.nextHeard()).isEqualTo("#8/1 failed: just words");
      assertThat(shop.nextHeard()).hasSizeBetween(3_900, 4_096).endsWith("xx…");
      assertThat(shop.nextHeard())
          .isEqualTo("#10/1 failed: its error has 70002 bytes, too many to be read");
      web.write(result("ab12-11/1", "\"" + "x".repeat(1_000_000) + "\""));
      assertThat(shop.nextHeard())
          .isEqualTo("#11/1 failed for good: its result has 1000002 bytes; 1000000 are the most");
      web.write(result("ab12-12/1", "\"" + "x".repeat(999_998) + "\""));
      assertThat(shop.nextHeard()).hasSize("#12/1 -> ".length() + 1_000_000);
      web.end();
      assertThat(web.log()).isEmpty();
    }
  }

  @Test
  void givenIdsThatAreNone_whenAnswered_thenTheyAreCountedAsUnknown() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      String[] unknown = {
        "ab12-1",
        "",
        "/",
        "/1",
        "a/",
        "a/0",
        "a/01",
        "a/x",
        "a/1234567890",
        "\u00e9/1",
        "a b/1",
        "-a/1",
        "a/1/1",
        "x".repeat(129) + "/1",
        "x".repeat(150),
        "\\n/1"
      };
      for (String id : unknown) {
        web.write(result(id, "{}"));
      }
      web.write("{\"jsonrpc\":\"2.0\",\"id\":17,\"result\":{}}\n");
      web.answersPing(1);
      assertThat(shop.count("worker_unknown_answers")).isEqualTo(unknown.length + 1);
      // What may be a key is for others to know, also what looks like an id of another store.
      String[] keys = {"a/1", "zz99-1/1", "ab12-/1", "ab12-01/1", "ab12-1x/1", "hb-mark-1/1"};
      for (String key : keys) {
        web.write(result(key, "{}"));
        assertThat(shop.nextHeard()).isEqualTo(key + " -> {}");
      }
      String longest = "x".repeat(128);
      web.write(result(longest + "/1", "{}"));
      assertThat(shop.nextHeard()).isEqualTo(longest + "/1 -> {}");
      web.end();
    }
  }

  @Test
  void givenProgress_whenItComes_thenItIsToldNotTooOften() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.write(progress("{\"id\":\"ab12-1\",\"value\":0.25,\"message\":\"a quarter\"}"));
      assertThat(shop.nextHeard()).isEqualTo("#1/0 at 0.25 a quarter");
      web.write(progress("{\"id\":\"key/2\",\"value\":\"much\",\"message\":7}"));
      assertThat(shop.nextHeard()).isEqualTo("key/2 at NaN ");
      web.write(progress("{\"value\":1}") + progress("{\"id\":7}") + progress("[1]"));
      web.write(progress("{\"id\":\"a b\"}") + progress("{\"id\":\"a\",\"id\":\"b\"}"));
      web.write(progress("{\"id\":\"a\",\"x\":\"" + "x".repeat(20_000) + "\"}"));
      web.answersPing(1);
      assertThat(shop.count("worker_unknown_notifications")).isEqualTo(6);
      web.write(progress("{\"id\":\"ab12-1\",\"value\":1}").repeat(10_000));
      web.ping(2);
      web.write(Workshop.Played.answer("hb-mark-2"));
      int told = 0;
      while (!shop.nextHeard().equals("passed 2")) {
        told++;
      }
      assertThat(told).isBetween(TaskReplies.MOST_PROGRESS - 8, 10 * TaskReplies.MOST_PROGRESS);
      assertThat(shop.count("worker_dropped_progress")).isEqualTo(10_000 - told);
      web.readLine();
      web.end();
      assertThat(web.log()).isEmpty();
    }
  }

  private static String progress(String params) {
    return "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":" + params + "}\n";
  }

  @Test
  void givenManyTasksOfOneTurn_whenSent_thenAllGoOutInOrder() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      shop.onLoop(
          () -> {
            for (int i = 1; i <= 1_000; i++) {
              shop.workers.send(send(web.invocation, i, i, "\"" + "d".repeat(i) + "\""));
            }
            shop.workers.cancel(web.invocation, "ab12-1000");
            shop.workers.cancel(web.invocation, "key");
            shop.workers.shutdown(web.invocation);
          });
      web.ping(1);
      boolean isPinged = false;
      for (int i = 1; i <= 1_000; ) {
        String line = web.readLine();
        if (line.contains("\"ping\"")) {
          assertThat(i).as("a ping overtakes what waits").isLessThan(1_000);
          isPinged = true;
        } else {
          assertThat(line)
              .isEqualTo(frame("ab12-" + i, 1, "\"resize\"", "\"" + "d".repeat(i) + "\""));
          i++;
        }
      }
      assertThat(isPinged).isTrue();
      assertThat(web.readLine())
          .isEqualTo(
              "{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":\"ab12-1000\"}}");
      assertThat(web.readLine())
          .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":\"key\"}}");
      assertThat(web.readLine())
          .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"shutdown\",\"params\":{}}");
      shop.settle();
      assertThat(sent(shop, web)).isEqualTo(1_000);
      web.end();
    }
  }

  @Test
  void givenTasksOfAnySize_whenTheWorkerReadsSlowly_thenEachIsWholeAndMarkedWhenItIs()
      throws Exception {
    for (WorkerSpec spec : new WorkerSpec[] {Workshop.LINES, Workshop.HEADERS}) {
      try (Workshop shop = new Workshop(folder);
          Workshop.Played web = shop.start(spec)) {
        int[] sizes = {10, 5_000, 200_000, 10, 70_000, 1_000_000, 10, 40_000, 33_000, 10};
        shop.onLoop(
            () -> {
              for (int i = 0; i < sizes.length; i++) {
                String data = "\"" + "d".repeat(sizes[i] - 2) + "\"";
                if (i % 2 == 0) {
                  shop.stored.put(i + 1L, data);
                }
                shop.workers.send(send(web.invocation, i + 1L, i + 1L, i % 2 == 0 ? "" : data));
              }
            });
        assertThat(sent(shop, web)).isLessThan(3);
        for (int i = 0; i < sizes.length; i++) {
          String expected =
              frame("ab12-" + (i + 1), 1, "\"resize\"", "\"" + "d".repeat(sizes[i] - 2) + "\"");
          if (spec == Workshop.HEADERS) {
            assertThat(web.readLine()).isEqualTo("Content-Length: " + expected.length() + "\r");
            assertThat(web.readLine()).isEqualTo("\r");
            assertThat(web.read(expected.length())).isEqualTo(expected);
          } else {
            assertThat(web.read(expected.length() + 1)).isEqualTo(expected + "\n");
          }
          long whole = i + 1L;
          Workshop.await("the mark", () -> sentQuietly(shop, web) >= whole);
        }
        assertThat(web.hasFile(WorkerFolder.File.TORN)).isFalse();
        web.end();
        assertThat(shop.heard).isEmpty();
      }
    }
  }

  private static long sentQuietly(Workshop shop, Workshop.Played web) {
    try {
      return sent(shop, web);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void givenDataThatCannotBeRead_whenTheirTurnComes_thenNothingIsSentUntilThatIsKept()
      throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      give(shop, web, 1, 1, "");
      give(shop, web, 2, 2, "2");
      assertThat(shop.nextHeard())
          .isEqualTo("#1/1 damaged: its data cannot be read from the store: task 1 is damaged");
      web.answersPing(1);
      assertThat(sent(shop, web))
          .as("a daemon after this one must know that the first was not sent")
          .isZero();
      shop.onLoop(
          () -> {
            shop.workers.withdraw(new TaskEffect.Withdraw(web.invocation, 1, 2));
            shop.workers.withdraw(new TaskEffect.Withdraw(web.invocation, 2, 1));
            shop.workers.withdraw(new TaskEffect.Withdraw(web.invocation, 1, 1));
          });
      assertThat(web.readLine()).contains("\"ab12-2\"");
      shop.settle();
      assertThat(sent(shop, web)).isEqualTo(2);
      web.end();
    }
  }

  @Test
  void givenAWorkerThatCannotBeReached_whenATaskIsSent_thenItIsToldNotToBeSent() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played deaf = shop.start("deaf@1", Workshop.LINES);
        Workshop.Played dumb = shop.start("dumb@1", Workshop.LINES)) {
      deaf.closeInput();
      give(shop, deaf, 1, 1, "1");
      assertThat(shop.nextHeard()).isEqualTo("#1/1 not sent: it has closed its input");
      assertThat(shop.nextLost()).isEqualTo("may answer: it has closed its input");
      give(shop, deaf, 2, 2, "1");
      assertThat(shop.nextHeard()).isEqualTo("#2/1 not sent: it has closed its input");
      dumb.closeOutput();
      assertThat(shop.nextLost()).isEqualTo("it has closed its output");
      give(shop, dumb, 1, 3, "1");
      assertThat(shop.nextHeard()).isEqualTo("#3/1 not sent: it has closed its output");
      InvocationId nobody = new InvocationId("0".repeat(32));
      shop.onLoop(() -> shop.workers.send(send(nobody, 1, 4, "1")));
      assertThat(shop.nextHeard()).isEqualTo("#4/1 not sent: it has no pipes");
      deaf.closeOutput();
      assertThat(shop.nextLost()).as("by now").isEqualTo("it has closed its input");
      dumb.closeInput();
      shop.onLoop(() -> shop.workers.release(deaf.invocation));
      shop.onLoop(() -> shop.workers.release(dumb.invocation));
    }
  }

  @Test
  void givenAWorkerThatNeverReads_whenTasksWait_thenTheyAreNotSentWhenItClosesItsInput()
      throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      String data = "\"" + "d".repeat(1_000) + "\"";
      shop.onLoop(
          () -> {
            for (int i = 1; i <= 200; i++) {
              shop.workers.send(send(web.invocation, i, i, data));
            }
          });
      shop.settle();
      long marked = sent(shop, web);
      assertThat(marked).isBetween(20L, 60L);
      other.answersPing(1);
      web.closeInput();
      for (long i = marked + 1; i <= 200; i++) {
        assertThat(shop.nextHeard()).isEqualTo("#" + i + "/1 not sent: it has closed its input");
      }
      assertThat(sent(shop, web)).isEqualTo(marked);
      web.closeOutput();
      shop.onLoop(() -> shop.workers.release(web.invocation));
      other.end();
    }
  }

  @Test
  void givenAPing_whenTasksWait_thenItOvertakesThem() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      String data = "\"" + "d".repeat(3_000) + "\"";
      shop.onLoop(
          () -> {
            for (int i = 1; i <= 100; i++) {
              shop.workers.send(send(web.invocation, i, i, data));
            }
          });
      shop.settle();
      long marked = sent(shop, web);
      web.ping(1);
      int line = 0;
      while (!web.readLine().contains("\"ping\"")) {
        line++;
      }
      assertThat(line).isBetween((int) marked, (int) marked + 2);
      for (; line < 100; line++) {
        assertThat(web.readLine()).contains("\"ab12-" + (line + 1) + "/1\"");
      }
      web.end();
    }
  }

  @Test
  void givenAnAnswerInPiecesOfOneByte_whenItIsWhole_thenItCounts() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      for (byte b : Workshop.utf8(result("ab12-5/2", "[1]"))) {
        assertThat(shop.heard).isEmpty();
        web.write(new byte[] {b});
        shop.settle();
      }
      assertThat(shop.nextHeard()).isEqualTo("#5/2 -> [1]");
      web.end();
    }
  }

  @Test
  void givenAWorkerThatReadsItsOwnOutput_whenTasksWait_thenTheyAreNotSent() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      String data = "\"" + "d".repeat(60_000) + "\"";
      give(shop, web, 1, 1, data);
      give(shop, web, 2, 2, data);
      shop.keeps.set(false);
      web.write(result("ab12-1/1", "1"));
      assertThat(shop.nextHeard()).isEqualTo("#1/1 -> 1");
      Fd.read(web.out(), ByteBuffer.allocateDirect(1_000));
      shop.keeps.set(true);
      shop.settle();
      assertThat(shop.nextHeard()).startsWith("#2/1 not sent: its channel broke: ");
      give(shop, web, 3, 3, "3");
      assertThat(shop.nextHeard()).startsWith("#3/1 not sent: its channel broke: ");
      web.end();
    }
  }

  @Test
  void givenTenAnswersGlued_whenTheyCome_thenEachIsTold() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      StringBuilder glued = new StringBuilder();
      for (int i = 1; i <= 10; i++) {
        glued.append(
            i % 3 == 0 ? error("ab12-" + i + "/1", "{}") : result("ab12-" + i + "/1", "1"));
      }
      web.write(glued.toString());
      for (int i = 1; i <= 10; i++) {
        assertThat(shop.nextHeard())
            .isEqualTo(
                "#" + i + (i % 3 == 0 ? "/1 failed: an error without a message" : "/1 -> 1"));
      }
      web.end();
    }
  }

  @Test
  void givenAnswersThatAreDoubledLateOrOfOthers_whenTheyCome_thenTheyAreToldForTheCoreToJudge()
      throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      give(shop, web, 1, 1, "1");
      String answer = result("ab12-1/1", "1");
      web.write(answer + answer + result("ab12-1/7", "1") + result("ab12-999/1", "1"));
      assertThat(shop.nextHeard()).isEqualTo("#1/1 -> 1");
      assertThat(shop.nextHeard()).isEqualTo("#1/1 -> 1");
      assertThat(shop.nextHeard()).isEqualTo("#1/7 -> 1");
      assertThat(shop.nextHeard()).isEqualTo("#999/1 -> 1");
      web.end();
      assertThat(shop.heard).isEmpty();
    }
  }

  @Test
  void givenHalfAnAnswerAndSilence_whenTheRestComesMuchLater_thenItIsReadWhole() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      for (int size : new int[] {1, 20_000, 900_000}) {
        String answer = result("ab12-1/1", "\"" + "x".repeat(size) + "\"");
        web.write(answer.substring(0, answer.length() / 2));
        for (int i = 1; i <= 20; i++) {
          other.write(result("ab12-2/1", "2"));
          assertThat(shop.nextHeard()).isEqualTo("#2/1 -> 2");
        }
        assertThat(shop.heard).isEmpty();
        web.write(answer.substring(answer.length() / 2));
        assertThat(shop.nextHeard()).hasSize("#1/1 -> \"\"".length() + size);
      }
      web.end();
      other.end();
      assertThat(web.log()).isEmpty();
    }
  }

  @Test
  void givenTenMebibytesOfRubbish_whenAnAnswerIsBehind_thenBothArrive() throws Exception {
    for (WorkerSpec spec : new WorkerSpec[] {Workshop.LINES, Workshop.HEADERS}) {
      try (Workshop shop = new Workshop(folder);
          Workshop.Played web = shop.start(spec)) {
        StringBuilder rubbish = new StringBuilder();
        while (rubbish.length() < 10 * 1024 * 1024) {
          rubbish.append("rubbish ").append(rubbish.length()).append('\n');
        }
        web.write(rubbish.toString());
        String answer = result("ab12-1/1", "1").strip();
        web.write(
            spec == Workshop.LINES
                ? answer + "\n"
                : "Content-Length: " + answer.length() + "\r\n\r\n" + answer);
        assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ");
        assertThat(shop.nextHeard()).isEqualTo("#1/1 -> 1");
        web.end();
        assertThat(web.log()).isEqualTo(rubbish.toString());
      }
    }
  }

  @Test
  void givenAnAnswerInInvalidUtf8_whenItComes_thenItIsInTheLogByteForByte() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      byte[] bad = Workshop.utf8(result("ab12-1/1", "\"?\""));
      bad[bad.length - 4] = (byte) 0xff;
      web.write(bad);
      assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ");
      web.write(result("ab12-2/1", "2"));
      assertThat(shop.nextHeard()).isEqualTo("#2/1 -> 2");
      web.end();
      assertThat(web.logBytes()).isEqualTo(bad.length);
    }
  }

  @Test
  void givenAnAnswerOverTheBound_whenItsIdIsAtItsBeginning_thenItsTaskFails() throws Exception {
    String large = "\"" + "x".repeat(3_000_000) + "\"";
    for (WorkerSpec spec : new WorkerSpec[] {Workshop.LINES, Workshop.HEADERS}) {
      try (Workshop shop = new Workshop(folder);
          Workshop.Played web = shop.start(spec)) {
        web.write(framed(spec, result("ab12-1/1", large)));
        assertThat(shop.nextHeard()).startsWith("web@1 frame-too-long: ");
        assertThat(shop.nextHeard())
            .isEqualTo(
                "#1/1 failed for good: its result is in a message of more than 1048576 bytes"
                    + " (max_frame)");
        web.write(framed(spec, error("ab12-2/1", large)));
        assertThat(shop.nextHeard()).startsWith("#2/1 failed: its error is in a message of more");
        // Of these nobody knows whose they are.
        web.write(framed(spec, "{\"result\":" + large + ",\"id\":\"ab12-3/1\"}\n"));
        web.write(framed(spec, result("hb-mark-1", large)));
        web.write(framed(spec, result("ab12-4/1", "4")));
        assertThat(shop.nextHeard()).isEqualTo("#4/1 -> 4");
        web.end();
        assertThat(web.log()).isEmpty();
        assertThat(shop.count("worker_long_frames")).isEqualTo(4);
      }
    }
  }

  private static String framed(WorkerSpec spec, String line) {
    return spec == Workshop.LINES
        ? line
        : "Content-Length: " + (line.length() - 1) + "\r\n\r\n" + line.strip();
  }

  @Test
  void givenFiveMillionWordsOfProgress_whenTheyCome_thenOthersAreServedMeanwhile()
      throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played flood = shop.start("flood@1", Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      String one = progress("{\"id\":\"ab12-1\",\"value\":0.5}");
      int atOnce = 5_000;
      byte[] many = Workshop.utf8(one.repeat(atOnce));
      Thread flooding =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < 5_000_000 / atOnce; i++) {
                    flood.write(many);
                  }
                } catch (IOException e) {
                  shop.heard.add(e.toString());
                }
              });
      flooding.start();
      long served = 0;
      long told = 0;
      long slowest = 0;
      long began = System.nanoTime();
      while (flooding.isAlive()) {
        long start = System.nanoTime();
        served++;
        give(shop, other, served, 2, "1");
        other.readLine();
        other.write(result("ab12-2/1", "1"));
        for (String heard = shop.nextHeard();
            !heard.equals("#2/1 -> 1");
            heard = shop.nextHeard()) {
          assertThat(heard).isEqualTo("#1/0 at 0.5 ");
          told++;
        }
        slowest = Math.max(slowest, System.nanoTime() - start);
      }
      flooding.join();
      flood.answersPingBehind(told, 1);
      long seconds = (System.nanoTime() - began) / 1_000_000_000 + 1;
      assertThat(shop.count("worker_dropped_progress"))
          .isBetween(5_000_000 - (seconds + 1) * TaskReplies.MOST_PROGRESS, 4_999_999L);
      assertThat(served).isGreaterThan(100);
      assertThat(slowest).as("slowest task in nanoseconds").isLessThan(1_000_000_000L);
      System.out.printf(
          "meanwhile %,d tasks of another, the slowest took %.1f ms%n", served, slowest / 1e6);
      flood.end();
      other.end();
      assertThat(flood.log()).isEmpty();
    }
  }

  @Test
  void givenLargeResultsOfManyAtOnce_whenOneBatchHasHeardEnough_thenTheOthersAreHeardInTheNext()
      throws Exception {
    try (Workshop shop = new Workshop(folder)) {
      int count = 12;
      String large = result("ab12-1/1", "\"" + "x".repeat(990_000) + "\"");
      List<Workshop.Played> all = new ArrayList<>();
      List<Thread> writers = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Workshop.Played each = shop.start("web@" + (i + 1), Workshop.LINES);
        all.add(each);
        // All but its end, which does not fit into the pipe: it is taken meanwhile.
        each.write(large.substring(0, large.length() - 2));
      }
      shop.settle();
      shop.onLoop(() -> shop.keeps.set(false));
      for (Workshop.Played each : all) {
        Thread writer =
            new Thread(
                () -> {
                  try {
                    each.write("}\n");
                  } catch (IOException e) {
                    shop.heard.add(e.toString());
                  }
                });
        writer.start();
        writers.add(writer);
      }
      for (Thread writer : writers) {
        writer.join();
      }
      shop.settle();
      shop.settle();
      int told = shop.heard.size();
      assertThat((told - 1) * 990_000L).isLessThan(BatchBudget.MOST_BYTES);
      assertThat(told).isPositive();
      shop.onLoop(() -> shop.keeps.set(true));
      for (int i = 0; i < count; i++) {
        assertThat(shop.nextHeard()).hasSizeGreaterThan(990_000);
      }
      for (Workshop.Played each : all) {
        each.end();
      }
      assertThat(shop.heard).isEmpty();
    }
  }

  @Test
  void givenManyWorkersThatDoNotRead_whenLargeDataWait_thenMemoryIsBoundedAndNothingIsTorn()
      throws Exception {
    try (Workshop shop = new Workshop(folder)) {
      int count = 12;
      String data = "\"" + "d".repeat(900_000) + "\"";
      List<Workshop.Played> all = new ArrayList<>();
      for (int i = 1; i <= count; i++) {
        Workshop.Played each = shop.start("web@" + i, Workshop.LINES);
        all.add(each);
        shop.stored.put((long) i, data);
        give(shop, each, 1, i, "");
        give(shop, each, 2, 100 + i, "7");
      }
      shop.settle();
      shop.settle();
      assertThat(shop.reads.get()).isEqualTo(count);
      for (int i = 1; i <= count; i++) {
        String expected = frame("ab12-" + i, 1, "\"resize\"", data) + "\n";
        assertThat(all.get(i - 1).read(expected.length())).isEqualTo(expected);
        assertThat(all.get(i - 1).readLine()).contains("\"ab12-" + (100 + i) + "/1\"");
      }
      // Those that found no room in memory were read again.
      assertThat(shop.reads.get())
          .isGreaterThanOrEqualTo(2 * count - Means.MOST_HELD_BYTES / data.length());
      for (Workshop.Played each : all) {
        assertThat(each.hasFile(WorkerFolder.File.TORN)).isFalse();
        each.end();
      }
      assertThat(shop.heard).isEmpty();
    }
  }

  @Test
  void givenDataThatCannotBeReadAgain_whenHalfOfThemAreSent_thenOnlyThatChannelBreaks()
      throws Exception {
    try (Workshop shop = new Workshop(folder)) {
      int count = 6;
      List<Workshop.Played> all = new ArrayList<>();
      for (int i = 1; i <= count; i++) {
        Workshop.Played each = shop.start("web@" + i, Workshop.LINES);
        all.add(each);
        shop.stored.put((long) i, "\"" + "d".repeat(900_000) + "\"");
        give(shop, each, 1, i, "");
      }
      shop.settle();
      shop.settle();
      shop.stored.clear();
      for (int i = 1; i <= 4; i++) {
        all.get(i - 1).read(900_000);
        assertThat(all.get(i - 1).readLine()).endsWith("}");
      }
      all.get(count - 1).read(60_000);
      assertThat(shop.nextHeard()).startsWith("#6/1 not sent: its channel broke: ");
      for (Workshop.Played each : all) {
        each.end();
      }
    }
  }

  @Test
  void givenWhatCannotBeKept_whenAWorkerEnds_thenNobodyWaitsForThat() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES);
        Workshop.Played late = shop.start("late@1", Workshop.LINES)) {
      shop.onLoop(() -> shop.keeps.set(false));
      web.write(result("ab12-1/1", "1"));
      assertThat(shop.nextHeard()).isEqualTo("#1/1 -> 1");
      web.closeOutput();
      shop.onLoop(() -> shop.workers.drain(web.invocation, () -> shop.heard.add("drained")));
      shop.settle();
      assertThat(shop.heard).isEmpty();
      shop.onLoop(() -> shop.workers.hold(true));
      assertThat(shop.nextHeard()).isEqualTo("drained");
      late.write(result("ab12-2/1", "1"));
      assertThat(shop.nextHeard()).isEqualTo("#2/1 -> 1");
      late.closeOutput();
      shop.onLoop(() -> shop.workers.drain(late.invocation, () -> shop.heard.add("late drained")));
      assertThat(shop.nextHeard()).isEqualTo("late drained");
      shop.onLoop(() -> shop.workers.hold(false));
      shop.keeps.set(true);
      shop.settle();
      shop.onLoop(() -> shop.workers.release(web.invocation));
      shop.onLoop(() -> shop.workers.release(late.invocation));
    }
  }
}
