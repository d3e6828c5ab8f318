package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pm.config.WorkerSpec;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Fd;
import pm.daemon.posix.MappedLong;

/** A daemon dies, another goes on with its workers. */
@Timeout(120)
final class WorkerCrashIT {

  @TempDir private Path folder;

  private static void adopt(Workshop shop, Workshop.Played web) throws WorkerException {
    shop.workers.adopt(web.instance, web.invocation, web.spec, shop.folder.resolve("no-log"));
  }

  private static Path file(Workshop shop, Workshop.Played web, WorkerFolder.File file) {
    return new WorkerFolder(shop.folder.resolve("workers"))
        .path(web.instance, web.invocation, file);
  }

  @Test
  void givenHalfAMessage_whenTheRestComesInTheGap_thenTheNextDaemonReadsItWhole() throws Exception {
    for (int size : new int[] {0, 100_000, 900_000}) {
      Workshop first = new Workshop(folder);
      Workshop.Played web = first.start(Workshop.LINES);
      web.write("{\"jsonrpc\":\"2.0\",\"params\":{\"x\":\"" + "x".repeat(size));
      Workshop.await("half is read", () -> first.count("worker_spilled_bytes") >= size);
      first.settle();
      first.close();
      web.write("\"},\"method\":\"ready\"}\n");
      try (Workshop second = new Workshop(folder)) {
        adopt(second, web);
        assertThat(second.nextHeard()).isEqualTo("sent through 0");
        assertThat(second.nextHeard()).isEqualTo("ready");
        web.answersThrough(second, 1);
        assertThat(second.count("worker_stray_lines")).isZero();
        assertThat(web.partBytes()).isZero();
        web.close();
        second.onLoop(() -> second.workers.release(web.invocation));
      }
    }
  }

  @Test
  void givenAnAnswerToADaemonBefore_whenItIsRead_thenItCountsAsLate() throws Exception {
    Workshop first = new Workshop(folder, "one");
    Workshop.Played web = first.start(Workshop.LINES);
    String id = web.pingId(1);
    first.close();
    web.write(Workshop.Played.answer(id));
    try (Workshop second = new Workshop(folder, "two")) {
      adopt(second, web);
      assertThat(second.nextHeard()).isEqualTo("sent through 0");
      web.answersThrough(second, 1);
      assertThat(second.heard).isEmpty();
      assertThat(second.count("worker_late_answers")).isEqualTo(1);
      web.close();
    }
  }

  @Test
  void givenAMessageToItThatWasTorn_whenAdopted_thenOnlyItsLineIsLost() throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.settle();
    first.close();
    Files.createFile(file(first, web, WorkerFolder.File.TORN));
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      assertThat(second.nextHeard()).isEqualTo("sent through 0");
      assertThat(web.readLine()).isEmpty();
      web.answersThrough(second, 1);
      assertThat(web.hasFile(WorkerFolder.File.TORN)).isFalse();
      web.close();
    }
  }

  @Test
  void givenATornMessageBehindAHeader_whenAdopted_thenItsPingsFailWithTheReason() throws Exception {
    WorkerSpec headers = Workshop.HEADERS;
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(headers);
    first.settle();
    first.close();
    Files.createFile(file(first, web, WorkerFolder.File.TORN));
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      assertThat(second.nextHeard()).isEqualTo("sent through 0");
      second.onLoop(() -> second.workers.ping(web.invocation, 1));
      assertThat(second.nextHeard())
          .isEqualTo("failed 1: a message to it was cut off when the daemon before died");
      assertThat(second.nextLost())
          .isEqualTo("may answer: a message to it was cut off when the daemon before died");
      web.close();
    }
  }

  @Test
  void givenPipesThatAreGone_whenAdopted_thenItIsSaidToBeLost() throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.settle();
    first.close();
    for (WorkerFolder.File name : WorkerFolder.File.values()) {
      Files.deleteIfExists(file(first, web, name));
    }
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      assertThat(second.nextLost()).isEqualTo("its pipes are gone");
      assertThat(second.heard).as("nobody knows what was sent").isEmpty();
      web.close();
    }
  }

  @Test
  void givenPipesThatCannotBeOpened_whenAdopted_thenItIsSaidToBeLost() throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.settle();
    first.close();
    Path in = file(first, web, WorkerFolder.File.IN);
    Files.delete(in);
    Files.createFile(in);
    try (Workshop second = new Workshop(folder)) {
      assertThatThrownBy(() -> adopt(second, web)).isInstanceOf(WorkerException.class);
      assertThat(second.nextLost()).startsWith("its pipes cannot be opened: ");
      assertThat(second.heard).isEmpty();
      web.close();
    }
  }

  @Test
  void givenAnInputThatIsClosed_whenAdopted_thenThatIsSaidBeforeAnythingElse() throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.settle();
    first.close();
    web.closeInput();
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      assertThat(second.nextHeard()).isEqualTo("sent through 0");
      assertThat(second.lost).containsExactly("may answer: it has closed its input");
      web.write("{\"jsonrpc\":\"2.0\",\"method\":\"ready\"}\n");
      assertThat(second.nextHeard()).as("it can still speak").isEqualTo("ready");
      web.close();
    }
  }

  private static Outbox outbox(WorkerFolder.Ends ends, Path torn, Means means) {
    return new Outbox(
        ends.ours().in(),
        torn,
        ends.ours().sent(),
        means,
        means.frames(false),
        new Outbox.Orderer() {
          @Override
          public void needsData(TaskEffect.Send send) {
            throw new IllegalStateException("it has its data");
          }

          @Override
          public void notSent(TaskEffect.Send send, String why) {
            throw new IllegalStateException(why);
          }
        },
        new WorkerMeters());
  }

  @Test
  void givenALargeMessageToIt_whenItIsHalfWritten_thenAFileSaysSo() throws IOException {
    WorkerFolder pipes = new WorkerFolder(Files.createDirectory(folder.resolve("workers")));
    InstanceName instance = InstanceName.parse("web@1").orElseThrow();
    InvocationId invocation = new InvocationId("0".repeat(32));
    WorkerFolder.Ends ends = pipes.make(instance, invocation, -1, -1);
    Path torn = pipes.path(instance, invocation, WorkerFolder.File.TORN);
    try (Means means = Means.open(new TaskIds());
        Outbox outbox = outbox(ends, torn, means)) {
      byte[] large = new byte[200_000];
      assertThat(outbox.answer(large)).isTrue();
      outbox.flush();
      assertThat(torn).exists();
      assertThat(outbox.needsRoom()).isTrue();
      long read = 0;
      ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
      while (read < large.length) {
        read += Fd.read(ends.childIn(), buffer.clear());
        outbox.roomCame();
      }
      assertThat(torn).doesNotExist();
      // What fits into an empty pipe is not torn, and needs no mark.
      assertThat(outbox.answer(new byte[10_000])).isTrue();
      outbox.flush();
      assertThat(torn).doesNotExist();
      assertThat(outbox.needsRoom()).isFalse();
    }
  }

  private static TaskEffect.Send task(Workshop.Played web, long sequence, int bytes) {
    return new TaskEffect.Send(
        web.invocation,
        sequence,
        sequence,
        "",
        1,
        "default",
        Workshop.utf8("\"" + "d".repeat(bytes - 2) + "\""),
        0);
  }

  @Test
  void givenTasksSentAndResultsWaiting_whenAdopted_thenWhatWasSentIsToldFirst() throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    // The third does not fit into the pipe.
    first.onLoop(() -> first.workers.send(task(web, 1, 100)));
    first.onLoop(() -> first.workers.send(task(web, 2, 100)));
    first.onLoop(() -> first.workers.send(task(web, 3, 100_000)));
    first.onLoop(() -> first.workers.send(task(web, 4, 100)));
    first.settle();
    first.close();
    web.write("{\"jsonrpc\":\"2.0\",\"id\":\"ab12-1/1\",\"result\":1}\n");
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      assertThat(second.nextHeard()).isEqualTo("sent through 2");
      assertThat(second.nextHeard()).isEqualTo("#1/1 -> 1");
      assertThat(web.hasFile(WorkerFolder.File.TORN)).isTrue();
      assertThat(web.readLine()).contains("\"ab12-1/1\"");
      assertThat(web.readLine()).contains("\"ab12-2/1\"");
      assertThat(web.readLine()).contains("\"ab12-3/1\"").doesNotContain("deadline");
      second.onLoop(() -> second.workers.send(task(web, 5, 100)));
      assertThat(web.readLine()).contains("\"ab12-5/1\"");
      second.settle();
      assertThat(web.hasFile(WorkerFolder.File.TORN)).isFalse();
    }
    try (Workshop third = new Workshop(folder)) {
      adopt(third, web);
      assertThat(third.nextHeard()).isEqualTo("sent through 5");
      web.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenAFrameThatIsHalfWritten_whenTheDaemonIsReplaced_thenTheNextOneSendsTheRest(
      boolean hasHeaders) throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(hasHeaders ? Workshop.HEADERS : Workshop.LINES);
    first.onLoop(() -> first.workers.send(task(web, 1, 300_000)));
    first.onLoop(() -> first.workers.send(task(web, 2, 100)));
    first.settle();
    first.handOver();
    // A second one has no time to send anything.
    Workshop second = new Workshop(folder);
    adopt(second, web);
    assertThat(second.nextHeard()).isEqualTo("sent through 1");
    second.settle();
    second.handOver();
    try (Workshop third = new Workshop(folder)) {
      adopt(third, web);
      assertThat(third.nextHeard()).as("the rest of 1 will be sent").isEqualTo("sent through 1");
      String begin = hasHeaders ? header(web) : "";
      String frame = begin.isEmpty() ? web.readLine() : web.read(Integer.parseInt(begin));
      assertThat(frame)
          .contains("\"ab12-1/1\"")
          .contains("\"" + "d".repeat(299_998) + "\"")
          .endsWith("\"}}");
      third.onLoop(() -> third.workers.send(task(web, 3, 100)));
      String next = hasHeaders ? web.read(Integer.parseInt(header(web))) : web.readLine();
      assertThat(next).startsWith("{").contains("\"ab12-3/1\"").endsWith("}}");
      third.settle();
      assertThat(web.hasFile(WorkerFolder.File.TORN)).isFalse();
      assertThat(third.lost).isEmpty();
    }
    try (Workshop fourth = new Workshop(folder)) {
      adopt(fourth, web);
      assertThat(fourth.nextHeard()).isEqualTo("sent through 3");
      web.close();
    }
  }

  /** Returns the length of the next frame. */
  private static String header(Workshop.Played web) throws Exception {
    String length = web.readLine().strip();
    assertThat(web.readLine().strip()).isEmpty();
    return length.substring("Content-Length: ".length());
  }

  @Test
  void givenTheRestOfAFrame_whenTheNextDaemonIsKilledInItsMidst_thenNobodySendsItTwice()
      throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.onLoop(() -> first.workers.send(task(web, 1, 300_000)));
    first.settle();
    first.handOver();
    Workshop second = new Workshop(folder);
    adopt(second, web);
    assertThat(second.nextHeard()).isEqualTo("sent through 1");
    second.settle();
    second.close();
    try (Workshop third = new Workshop(folder)) {
      adopt(third, web);
      assertThat(third.nextHeard()).isEqualTo("sent through 0");
      assertThat(web.readLine()).contains("\"ab12-1/1\"").doesNotContain("deadline");
      third.onLoop(() -> third.workers.send(task(web, 2, 100)));
      assertThat(web.readLine()).contains("\"ab12-2/1\"");
      web.close();
    }
  }

  @Test
  void givenAFrameWrittenAndNoMark_whenTheDaemonDiesBetween_thenItCountsAsNotSent()
      throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.onLoop(() -> first.workers.send(task(web, 1, 100)));
    first.settle();
    first.onLoop(() -> first.workers.send(task(web, 2, 100)));
    first.settle();
    first.close();
    try (MappedLong sent = MappedLong.open(file(first, web, WorkerFolder.File.SENT).toString())) {
      assertThat(sent.get()).isEqualTo(2);
      sent.set(1);
    }
    web.write("{\"jsonrpc\":\"2.0\",\"id\":\"ab12-2/1\",\"result\":1}\n");
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      // The core gives it again under another attempt, and drops this answer.
      assertThat(second.nextHeard()).isEqualTo("sent through 1");
      assertThat(second.nextHeard()).isEqualTo("#2/1 -> 1");
      assertThat(web.readLine()).contains("\"ab12-1/1\"");
      assertThat(web.readLine()).contains("\"ab12-2/1\"");
      second.onLoop(() -> second.workers.send(task(web, 3, 100)));
      assertThat(web.readLine()).contains("\"ab12-3/1\"");
      web.close();
    }
  }

  @Test
  void givenAMarkOfAnOlderVersion_whenItIsMissingOrShort_thenNothingCountsAsSent()
      throws Exception {
    for (int bytes : new int[] {-1, 0, 3}) {
      Workshop first = new Workshop(folder);
      Workshop.Played web = first.start(Workshop.LINES);
      first.onLoop(() -> first.workers.send(task(web, 1, 100)));
      first.settle();
      first.close();
      Path mark = file(first, web, WorkerFolder.File.SENT);
      Files.delete(mark);
      if (bytes >= 0) {
        Files.write(mark, new byte[bytes]);
      }
      try (Workshop second = new Workshop(folder)) {
        adopt(second, web);
        assertThat(second.nextHeard()).isEqualTo("sent through 0");
        web.close();
      }
    }
  }

  @Test
  void givenResultsThatAreNotKept_whenTheDaemonDies_thenTheNextOneHearsThem() throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.onLoop(() -> first.workers.send(task(web, 1, 100)));
    first.settle();
    first.keeps.set(false);
    String result = "{\"jsonrpc\":\"2.0\",\"id\":\"ab12-1/1\",\"result\":\"";
    String large = "x".repeat(30_000);
    web.write(result + "a\"}\n" + result + "b\"}\n" + result + large + "\"}\n" + result + "c");
    assertThat(first.nextHeard()).isEqualTo("#1/1 -> \"a\"");
    assertThat(first.nextHeard()).isEqualTo("#1/1 -> \"b\"");
    first.close();
    web.write("\"}\n");
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      assertThat(second.nextHeard()).isEqualTo("sent through 1");
      assertThat(second.nextHeard()).isEqualTo("#1/1 -> \"a\"");
      assertThat(second.nextHeard()).isEqualTo("#1/1 -> \"b\"");
      assertThat(second.nextHeard()).isEqualTo("#1/1 -> \"" + large + "\"");
      assertThat(second.nextHeard()).isEqualTo("#1/1 -> \"c\"");
      assertThat(web.readLine()).contains("\"ab12-1/1\"");
      web.answersThrough(second, 1);
      web.close();
    }
  }
}
