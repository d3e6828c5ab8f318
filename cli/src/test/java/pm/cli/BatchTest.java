package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ExitCode;
import pm.protocol.LineSplitter;

/** Many tasks put in with one call. */
@Timeout(60)
final class BatchTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path folder;

  private Call submit(FakePool pool, InputStream in, String... words) throws IOException {
    Path socket = folder.resolve("s");
    try (FakeDaemon daemon = new FakeDaemon(socket, pool)) {
      List<String> line = new ArrayList<>(List.of("submit", "p", "--batch"));
      line.addAll(List.of(words));
      Call call = Call.of(Map.of("PM_SOCKET", socket.toString()), line, in, false, LIMIT);
      assertThat(daemon.received())
          .allMatch(request -> request.length() <= LineSplitter.MAX_LINE_BYTES);
      return call;
    }
  }

  private static InputStream input(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Numbers from 1, a line each. */
  private static String numbers(int count) {
    StringBuilder lines = new StringBuilder();
    for (int i = 1; i <= count; i++) {
      lines.append(i).append('\n');
    }
    return lines.toString();
  }

  private static String ids(int count) {
    StringBuilder lines = new StringBuilder();
    for (int i = 1; i <= count; i++) {
      lines.append('t').append(i).append('\n');
    }
    return lines.toString();
  }

  private static List<Object> values(int count) {
    List<Object> values = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      values.add((long) i);
    }
    return values;
  }

  @Test
  void tenThousandLinesGoInInTheirOrder() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    Call call = submit(pool, input(numbers(10_000)));
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(call.out()).isEqualTo(ids(10_000));
    assertThat(pool.data()).isEqualTo(values(10_000));
    assertThat(pool.sizes()).allMatch(size -> size <= 5_000);
  }

  @Test
  void aFileAnOperandAndLinesWithoutAnEndAreReadAlike() throws IOException {
    String lines = "\ufeff{\"a\": 1}\r\n\n  \"b\"\n[\n".replace("[\n", "  \n") + "3";
    Path file = Files.writeString(folder.resolve("tasks"), lines);
    for (String word : List.of("@" + file, "-", lines)) {
      FakePool pool = new FakePool(Integer.MAX_VALUE);
      Call call = submit(pool, input(lines), word);
      assertThat(call.err()).isEmpty();
      assertThat(call.out()).isEqualTo(ids(3));
      assertThat(pool.data()).isEqualTo(List.of(Map.of("a", 1L), "b", 3L));
    }
  }

  @Test
  void longDataGoesInFewTasksAtATime() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    String data = "\"" + "x".repeat(300_000) + "\"\n";
    Call call = submit(pool, input(data.repeat(8) + "\"" + "y".repeat(999_998) + "\"\n"));
    assertThat(call.err()).isEmpty();
    assertThat(call.out()).isEqualTo(ids(9));
  }

  @Test
  void whatIsTooLongOrNoJsonIsSaidWithItsLineAndWhatCameBeforeIsIn() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    Call call = submit(pool, input(numbers(7_000) + "\n{\"a\": }\n" + numbers(10)));
    assertThat(call.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(call.out()).isEqualTo(ids(7_000));
    assertThat(call.err())
        .isEqualTo(
            "pmctl: line 7002 of stdin is not JSON: no JSON value, at character 7. 7000 tasks are in, up to line 7000.\n");
    pool = new FakePool(Integer.MAX_VALUE);
    call = submit(pool, input("1\n\"" + "x".repeat(1_000_000) + "\"\n2\n"));
    assertThat(call.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(call.out()).isEqualTo(ids(1));
    assertThat(call.err())
        .startsWith("pmctl: line 2 of stdin is longer than 1000000 bytes. Put it into a file")
        .endsWith("1 task is in, up to line 1.\n");
  }

  @Test
  void aFullQueueEndsItAndTheBeginningIsIn() throws IOException {
    FakePool pool = new FakePool(1_000);
    Call call = submit(pool, input("\n\n" + numbers(8_000)));
    assertThat(call.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(call.out()).isEqualTo(ids(1_000));
    assertThat(pool.data()).isEqualTo(values(1_000));
    assertThat(call.err())
        .isEqualTo(
            "pmctl: the queue of p is full (it holds 1000 tasks). Try again later, or wait for room: --wait-for-space 1m. 1000 tasks are in, up to line 1002.\n");
  }

  @Test
  void roomIsWaitedForAsLongAsThereComesSome() throws IOException {
    FakePool pool = new FakePool(100);
    pool.roomEachTime = 70;
    Call call = submit(pool, input(numbers(2_000)), "--wait-for-space", "10m");
    assertThat(call.err()).isEmpty();
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(call.out()).isEqualTo(ids(2_000));
    assertThat(pool.data()).isEqualTo(values(2_000));
  }

  @Test
  void roomIsWaitedForNoLongerThanWasSaid() throws IOException {
    FakePool pool = new FakePool(100);
    Call call = submit(pool, input(numbers(2_000)), "--wait-for-space", "50ms");
    assertThat(call.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(call.out()).isEqualTo(ids(100));
    assertThat(call.err())
        .isEqualTo(
            "pmctl: there was no room in the queue of p for 50ms (it holds 100 tasks). Try again later. 100 tasks are in, up to line 100.\n");
  }

  @Test
  void resultsComeInTheOrderOfTheInput() throws IOException {
    for (int endEachTime : List.of(1, 7, 100_000)) {
      FakePool pool = new FakePool(Integer.MAX_VALUE);
      pool.endEachTime = endEachTime;
      Call call = submit(pool, input(numbers(3_000)), "--wait");
      assertThat(call.err()).isEmpty();
      assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
      assertThat(call.out()).isEqualTo(numbers(3_000));
    }
  }

  @Test
  void whatFailsIsToldWithItsIdAndTheOthersComeAllTheSame() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    pool.forgotten.add("t4");
    pool.endEachTime = 2;
    Call call = submit(pool, input("1\n\"fail\"\n3\n4\n5\n"), "--wait");
    assertThat(call.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(call.out()).isEqualTo("1\n3\n5\n");
    assertThat(call.err())
        .isEqualTo(
            "pmctl: t2: FAILED: fail. See: pmctl task show t2\npmctl: t4: there is no task t4.\n");
    pool = new FakePool(Integer.MAX_VALUE);
    call = submit(pool, input("1\n\"fail\"\n"), "--wait", "-o", "jsonl");
    assertThat(call.out())
        .isEqualTo(
            """
            {"id":"t1","state":"SUCCEEDED","new":true,"result":1,"error":null}
            {"id":"t2","state":"FAILED","new":true,"result":null,"error":"fail"}
            """);
  }

  @Test
  void aResultThatHasNoRoomBesideOthersIsAskedForAlone() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    pool.endEachTime = 100;
    Call call = submit(pool, input("1\n\"long\"\n\"long\"\nnull\n"), "--wait");
    assertThat(call.err()).isEmpty();
    assertThat(call.out()).isEqualTo("1\n\"long\"\n\"long\"\nnull\n");
  }

  @Test
  void noMoreAreInThanAreKeptUntilTheirResultsAreAskedFor() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    pool.keepMax = 40;
    pool.endEachTime = 1_000;
    Call call = submit(pool, input(numbers(500)), "--wait");
    assertThat(call.err()).isEmpty();
    assertThat(call.out()).isEqualTo(numbers(500));
    pool.keep = "0s";
    call = submit(pool, input(numbers(2)), "--wait");
    assertThat(call.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(call.err())
        .startsWith("pmctl: --wait: p keeps no results (task.keep), so those of a batch");
    assertThat(submit(pool, input(numbers(2))).exitCode()).isEqualTo(ExitCode.DONE);
  }

  @Test
  void aWaitEndsWhenItsTimeIsOverAndSaysHowManyGoOn() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    pool.endEachTime = 0;
    Call call = submit(pool, input(numbers(20)), "--wait=100ms");
    assertThat(call.exitCode()).isEqualTo(ExitCode.TIMED_OUT);
    assertThat(call.out()).isEmpty();
    assertThat(call.err())
        .isEqualTo(
            "pmctl: 20 of 20 tasks have not ended within 100ms. They go on; see: pmctl task list p\n");
  }

  @Test
  void aDaemonThatGoesAwayLeavesNoDoubtAboutWhatIsIn() throws IOException {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    pool.mostSubmits = 1;
    String first = "\"" + "x".repeat(600_000) + "\"\n";
    Call call = submit(pool, input(first.repeat(2)));
    assertThat(call.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(call.out()).isEqualTo(ids(1));
    assertThat(call.err())
        .contains("has closed the connection")
        .endsWith(" 1 task is in, up to line 1. Whether line 2 is in is not known.\n");
  }

  @Test
  void whatComesSlowlyGoesInAsItComes() throws Exception {
    FakePool pool = new FakePool(Integer.MAX_VALUE);
    PipedInputStream in = new PipedInputStream();
    CompletableFuture<Call> call;
    try (PipedOutputStream typed = new PipedOutputStream(in)) {
      call = CompletableFuture.supplyAsync(() -> waiting(pool, in));
      for (int i = 1; i <= 3; i++) {
        typed.write((i + "\n").getBytes(StandardCharsets.UTF_8));
        typed.flush();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (pool.data().size() < i && System.nanoTime() < deadline) {
          Thread.onSpinWait();
        }
        assertThat(pool.data()).hasSize(i);
      }
    }
    assertThat(call.get(20, TimeUnit.SECONDS).out()).isEqualTo("1\n2\n3\n");
  }

  private Call waiting(FakePool pool, InputStream in) {
    try {
      return submit(pool, in, "--wait");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
