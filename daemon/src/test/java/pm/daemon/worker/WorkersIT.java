package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.WorkerSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;

/** What is said with workers that behave, and with those that do not. */
@Timeout(120)
final class WorkersIT {
  private static final int MEBIBYTE = 1024 * 1024;

  @TempDir private Path folder;

  @Test
  void givenAWorker_whenItAnswers_thenItIsTold() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      String id = web.pingId(7);
      assertThat(id).isEqualTo("hb-mark-7");
      web.write(Workshop.Played.answer(id));
      assertThat(shop.nextHeard()).isEqualTo("passed 7");

      // An error is an answer too, with the members in another order.
      id = web.pingId(8);
      web.write(
          "{\"error\":{\"code\":-32601,\"message\":\"no\"},\"id\":\""
              + id
              + "\",\"jsonrpc\":\"2.0\"}\r\n");
      assertThat(shop.nextHeard()).isEqualTo("passed 8");
      web.end();
      assertThat(web.log()).isEmpty();
    }
  }

  @Test
  void givenAWorkerWithHeaders_whenItAnswers_thenItIsTold() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.HEADERS)) {
      web.ping(1);
      assertThat(web.readLine()).isEqualTo("Content-Length: 50\r");
      assertThat(web.readLine()).isEqualTo("\r");
      byte[] body = new byte[50];
      ByteBuffer buffer = ByteBuffer.allocateDirect(body.length);
      Fd.read(web.in(), buffer);
      buffer.flip().get(body);
      assertThat(new String(body, StandardCharsets.UTF_8))
          .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"hb-mark-1\",\"method\":\"ping\"}");
      String answer = Workshop.Played.answer("hb-mark-1").strip();
      web.write("a print\nContent-Length: " + answer.length() + "\r\n\r\n" + answer);
      assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ").contains("\"a print\"");
      assertThat(shop.nextHeard()).isEqualTo("passed 1");
      web.awaitLog("a print\n");
      web.end();
    }
  }

  @Test
  void givenItsNotifications_whenTheyCome_thenEachDoesWhatItSays() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      String ready = note("ready", "{}");
      web.write(ready);
      web.write(note("log", "{\"level\":\"warn\",\"message\":\"h\u00e9\\ntwo\"}"));
      web.write(note("log", "{\"message\":\"\"}"));
      web.write(note("progress", "{\"id\":\"1\",\"value\":0.5}"));
      web.write(ready);
      assertThat(shop.nextHeard()).isEqualTo("ready");
      web.awaitLog("[warn] h\u00e9\n[warn] two\n[info] \n");
      assertThat(shop.nextHeard()).isEqualTo("1/0 at 0.5 ");
      web.write(note("else", "[]"));
      web.answersPing(1);
      assertThat(shop.count("worker_unknown_notifications")).isEqualTo(1);
      // The last one is counted after what it led to is told.
      Workshop.await("seven messages", () -> shop.count("worker_messages") == 7);
      // One that is no such notification is not lost.
      web.write(note("log", "{\"message\":1}"));
      assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ");
      web.awaitLog("[warn] h\u00e9\n[warn] two\n[info] \n" + note("log", "{\"message\":1}"));
      web.end();
    }
  }

  private static String note(String method, String params) {
    return "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}\n";
  }

  @Test
  void givenItsRequests_whenTheyCome_thenTheyAreAnswered() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.write("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}\n");
      assertThat(web.readLine()).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}");
      web.write("{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"method\":\"roots/list\"}\n");
      assertThat(web.readLine())
          .startsWith("{\"jsonrpc\":\"2.0\",\"id\":\"r\",\"error\":{\"code\":-32601,");
      web.answersPing(1);
      web.end();
    }
  }

  @Test
  void givenRepliesInPiecesOfOneByte_whenTheyAreWhole_thenTheyCount() throws Exception {
    for (WorkerSpec spec : new WorkerSpec[] {Workshop.LINES, Workshop.HEADERS}) {
      try (Workshop shop = new Workshop(folder);
          Workshop.Played web = shop.start(spec)) {
        web.ping(1);
        String answer = Workshop.Played.answer("hb-mark-1");
        String frame =
            spec == Workshop.LINES
                ? answer
                : "Content-Length: " + answer.length() + "\r\n\r\n" + answer;
        for (byte b : frame.getBytes(StandardCharsets.UTF_8)) {
          assertThat(shop.heard).isEmpty();
          web.write(new byte[] {b});
          shop.settle();
        }
        assertThat(shop.nextHeard()).isEqualTo("passed 1");
        web.end();
        assertThat(web.log()).isEmpty();
      }
    }
  }

  @Test
  void givenTenRepliesGlued_whenTheyCome_thenOnlyTheYoungestCounts() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      StringBuilder glued = new StringBuilder();
      for (int i = 1; i <= 10; i++) {
        glued.append(Workshop.Played.answer(web.pingId(i)));
      }
      web.write(glued.toString());
      assertThat(shop.nextHeard()).isEqualTo("passed 10");
      web.end();
      assertThat(shop.heard).isEmpty();
      assertThat(shop.count("worker_late_answers")).isEqualTo(9);
    }
  }

  @Test
  void givenAnswersThatAreWrongDoubledOrLate_whenTheyCome_thenTheyAreCounted() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      String first = web.pingId(1);
      web.write(
          Workshop.Played.answer("hb-mark-2")
              + Workshop.Played.answer("hb-other-1")
              + Workshop.Played.answer("7/0")
              + "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"
              + "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}\n"
              + Workshop.Played.answer(first)
              + Workshop.Played.answer(first));
      assertThat(shop.nextHeard()).isEqualTo("passed 1");
      String second = web.pingId(2);
      web.write(Workshop.Played.answer(first) + Workshop.Played.answer(second));
      assertThat(shop.nextHeard()).isEqualTo("passed 2");
      web.end();
      assertThat(shop.heard).isEmpty();
      assertThat(shop.count("worker_late_answers")).isEqualTo(4);
      assertThat(shop.count("worker_unknown_answers")).isEqualTo(3);
    }
  }

  @Test
  void givenHalfAFrameAndSilence_whenItEndsMuchLater_thenItIsReadWhole() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      String answer = Workshop.Played.answer(web.pingId(1));
      web.write(answer.substring(0, 20));
      for (int i = 1; i < 100; i++) {
        other.answersPing(i);
      }
      assertThat(shop.heard).isEmpty();
      web.write(answer.substring(20));
      assertThat(shop.nextHeard()).isEqualTo("passed 1");
      web.end();
      other.end();
    }
  }

  @Test
  void givenHalfAFrame_whenTheWorkerEnds_thenItIsInTheLog() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.write("{\"jsonrpc\":\"2.0\",");
      shop.settle();
      web.end();
      assertThat(web.log()).isEqualTo("{\"jsonrpc\":\"2.0\",");
      assertThat(shop.nextHeard()).startsWith("web@1 frame-unfinished: ");
    }
  }

  @Test
  void givenTenMebibytesOfRubbish_whenAnAnswerIsBehind_thenBothArrive() throws Exception {
    for (WorkerSpec spec : new WorkerSpec[] {Workshop.LINES, Workshop.HEADERS}) {
      try (Workshop shop = new Workshop(folder);
          Workshop.Played web = shop.start(spec)) {
        StringBuilder rubbish = new StringBuilder();
        while (rubbish.length() < 10 * MEBIBYTE) {
          rubbish.append("rubbish ").append(rubbish.length()).append('\n');
        }
        rubbish.append("x".repeat(3 * MEBIBYTE)).append('\n');
        web.ping(1);
        String answer = Workshop.Played.answer("hb-mark-1");
        web.write(rubbish.toString());
        web.write(
            spec == Workshop.LINES
                ? answer
                : "Content-Length: " + answer.length() + "\r\n\r\n" + answer);
        assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ").contains("\"rubbish 8\"");
        assertThat(shop.nextHeard()).isEqualTo("passed 1");
        web.end();
        assertThat(web.log()).isEqualTo(rubbish.toString());
        assertThat(shop.nextHeard()).contains("more times");
        assertThat(shop.heard).isEmpty();
      }
    }
  }

  @Test
  void givenInvalidUtf8_whenItComes_thenItIsInTheLogByteForByte() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      byte[] bad =
          "{\"jsonrpc\":\"2.0\",\"id\":\"hb-mark-1\",\"result\":\"?\"}\n"
              .getBytes(StandardCharsets.UTF_8);
      bad[bad.length - 4] = (byte) 0xff;
      web.pingId(1);
      web.write(bad);
      assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ");
      web.answersPing(2);
      web.end();
      assertThat(web.logBytes()).isEqualTo(bad.length);
    }
  }

  @Test
  void givenFramesLargerThanThePipe_whenTheyCome_thenTheyAreReadWhole() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      for (int size : new int[] {15_000, 17_000, 65_000, 66_000, 300_000, MEBIBYTE - 1}) {
        String id = web.pingId(size);
        String frame = "{\"jsonrpc\":\"2.0\",\"id\":\"" + id + "\",\"result\":\"";
        web.write(frame + "x".repeat(size - frame.length() - 2) + "\"}\n");
        assertThat(shop.nextHeard()).isEqualTo("passed " + size);
        web.answersPing(size + 1);
        assertThat(web.partBytes()).isZero();
      }
      assertThat(shop.count("worker_spilled_bytes")).isGreaterThan(MEBIBYTE);
      web.end();
      assertThat(web.log()).isEmpty();
    }
  }

  @Test
  void givenALargeFrameThatIsNoMessage_whenItComes_thenItIsInTheLog() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      String line = "{" + "y".repeat(500_000) + "\n";
      web.write(line + "after\n");
      assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ");
      // A ping is not asked as long as the log is behind.
      web.awaitLog(line + "after\n");
      web.answersPing(1);
      web.end();
      assertThat(web.log()).isEqualTo(line + "after\n");
    }
  }

  @Test
  void givenAFrameOverTheBound_whenItComes_thenItIsSkippedAndSaid() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.write("{\"jsonrpc\"" + "z".repeat(5 * MEBIBYTE) + "\n");
      assertThat(shop.nextHeard()).startsWith("web@1 frame-too-long: ").contains("1048576 bytes");
      web.answersPing(1);
      assertThat(shop.count("worker_long_frames")).isEqualTo(1);
      assertThat(shop.count("worker_long_frame_bytes")).isEqualTo(5L * MEBIBYTE + 11);
      assertThat(web.partBytes()).isZero();
      web.end();
      assertThat(web.log()).isEmpty();
    }
  }

  @Test
  void givenFiveMillionNotifications_whenTheyCome_thenOthersAreHeardMeanwhile() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played flood = shop.start("flood@1", Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      String one = "{\"jsonrpc\":\"2.0\",\"method\":\"noise\"}\n";
      int atOnce = 5_000;
      byte[] many = one.repeat(atOnce).getBytes(StandardCharsets.UTF_8);
      Thread flooding =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < 5_000_000 / atOnce; i++) {
                    flood.write(many);
                  }
                } catch (java.io.IOException e) {
                  shop.heard.add(e.toString());
                }
              });
      flooding.start();
      long answered = 0;
      long slowest = 0;
      while (flooding.isAlive()) {
        long start = System.nanoTime();
        other.answersPing(++answered);
        slowest = Math.max(slowest, System.nanoTime() - start);
      }
      flooding.join();
      flood.answersPing(1);
      assertThat(shop.count("worker_unknown_notifications")).isEqualTo(5_000_000);
      assertThat(answered).isGreaterThan(100);
      assertThat(slowest).as("slowest answer in nanoseconds").isLessThan(1_000_000_000L);
      System.out.printf(
          "meanwhile %,d pings of another, the slowest took %.1f ms%n", answered, slowest / 1e6);
      flood.end();
      other.end();
      assertThat(shop.heard).isEmpty();
    }
  }

  @Test
  void givenAFloodOfRequests_whenNothingIsRead_thenAnswersAreBounded() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      String one = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
      web.write(one.repeat(20_000));
      other.answersPing(1);
      Workshop.await("requests", () -> shop.count("worker_requests") == 20_000);
      assertThat(shop.count("worker_dropped_answers")).isBetween(15_000L, 20_000L);
      web.end();
      other.end();
    }
  }

  @Test
  void givenAWorkerThatNeverReads_whenPinged_thenTheDaemonGoesOnAndOnePingWaits() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      for (int i = 1; i <= 3_000; i++) {
        web.ping(i);
      }
      other.answersPing(1);
      assertThat(shop.heard).isEmpty();
      // When it reads at last, it finds whole pings, the last of them the youngest.
      String last = "";
      for (int i = 0; !last.contains("\"hb-mark-3000\""); i++) {
        assertThat(i).isLessThan(3_000);
        last = web.readLine();
        assertThat(last).startsWith("{\"jsonrpc\":\"2.0\",\"id\":\"hb-mark-").endsWith("}");
      }
      web.write(Workshop.Played.answer("hb-mark-3000"));
      assertThat(shop.nextHeard()).isEqualTo("passed 3000");
      web.end();
      other.end();
    }
  }

  @Test
  void givenAWorkerThatClosesItsInput_whenPinged_thenThePingFailsAtOnce() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.answersPing(1);
      web.closeInput();
      web.ping(2);
      assertThat(shop.nextHeard()).isEqualTo("failed 2: it has closed its input");
      web.ping(3);
      assertThat(shop.nextHeard()).isEqualTo("failed 3: it has closed its input");
      web.write("still printing\n");
      assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ");
      web.awaitLog("still printing\n");
      web.closeOutput();
      shop.onLoop(() -> shop.workers.release(web.invocation));
    }
  }

  @Test
  void givenAWorkerThatClosesItsOutput_whenPinged_thenThePingFailsAtOnce() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.answersPing(1);
      web.closeOutput();
      shop.settle();
      web.ping(2);
      assertThat(shop.nextHeard()).isEqualTo("failed 2: it has closed its output");
      web.closeInput();
      shop.onLoop(() -> shop.workers.release(web.invocation));
    }
  }

  @Test
  void givenAWorkerThatReadsItsOwnOutput_whenItIsToBeTaken_thenOnlyItsChannelBreaks()
      throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES);
        Workshop.Played other = shop.start("other@1", Workshop.LINES)) {
      shop.keeps.set(false);
      web.write("{\"jsonrpc\":\"2.0\",\"method\":\"ready\"}\n");
      assertThat(shop.nextHeard()).isEqualTo("ready");
      Fd.read(web.out(), ByteBuffer.allocateDirect(1_000));
      shop.keeps.set(true);
      shop.settle();
      web.ping(1);
      assertThat(shop.nextHeard()).startsWith("failed 1: its channel broke: ");
      other.answersPing(1);
      web.end();
      other.end();
    }
  }

  @Test
  void givenWhatCannotBeKept_whenItWaits_thenNothingIsTaken() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      shop.keeps.set(false);
      String ready = "{\"jsonrpc\":\"2.0\",\"method\":\"ready\"}\n";
      web.write(ready);
      assertThat(shop.nextHeard()).isEqualTo("ready");
      web.write("print\n");
      shop.settle();
      assertThat(Fd.bytesReadable(web.out())).isEqualTo(ready.length() + 6);
      assertThat(shop.heard).isEmpty();
      shop.keeps.set(true);
      shop.settle();
      assertThat(shop.nextHeard()).startsWith("web@1 stray-output: ");
      web.awaitLog("print\n");
      web.end();
    }
  }

  @Test
  void givenAnInvocationWithoutPipes_whenItIsSpokenOf_thenNothingWaits() throws Exception {
    try (Workshop shop = new Workshop(folder);
        Workshop.Played web = shop.start(Workshop.LINES)) {
      web.end();
      web.ping(1);
      assertThat(shop.nextHeard()).isEqualTo("failed 1: it has no pipes");
      shop.onLoop(() -> shop.workers.drain(web.invocation, () -> shop.heard.add("drained")));
      assertThat(shop.nextHeard()).isEqualTo("drained");
      shop.onLoop(() -> shop.workers.release(web.invocation));
      assertThat(shop.workers.removeStale(Set.of())).isZero();
    }
  }

  /** A daemon was killed after it had made one of them. */
  @Test
  void givenOneOfBothPipes_whenAWorkerIsAdopted_thenItIsRemoved() throws Exception {
    try (Workshop shop = new Workshop(folder)) {
      InstanceName web = new InstanceName("web", 1);
      InvocationId invocation = new InvocationId("0123456789abcdef0123456789abcdef");
      FilePath.mkfifo(folder.resolve("workers/web@1." + invocation + ".in").toString(), 0600);
      shop.workers.adopt(web, invocation, Workshop.LINES, folder.resolve("none"));
      assertThat(folder.resolve("workers")).isEmptyDirectory();
      assertThat(shop.lost.take()).isEqualTo("its pipes are gone");
    }
  }
}
