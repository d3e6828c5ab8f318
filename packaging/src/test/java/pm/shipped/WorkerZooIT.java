package pm.shipped;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static pm.shipped.Tasks.object;
import static pm.shipped.Tasks.task;
import static pm.shipped.Tasks.times;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/**
 * Workers that do everything wrong that a worker can do, all of one daemon: each comes to the end
 * that the documentation names, and a good pool beside them goes on as if nothing were.
 *
 * <p>{@code -Dzoo.notifications=5000000} is a campaign; without it there are fewer.
 */
@Timeout(300)
class WorkerZooIT {

  /** Of all that is not shared with other processes; the heap is at most 24 MiB of it. */
  private static final long MOST_BYTES = 120L << 20;

  private static final List<String> KINDS =
      List.of(
          "pieces",
          "glued",
          "wrong-id",
          "of-another",
          "doubled",
          "late",
          "half",
          "rubbish",
          "no-utf8",
          "notifications",
          "exits",
          "closes-stdin",
          "closes-stdout",
          "never-reads",
          "only-pings");

  @TempDir private static Path folder;
  private static Pmd pmd;
  private static Tasks tasks;
  private static final AtomicBoolean over = new AtomicBoolean();
  private static FutureTask<List<Long>> neighbour;

  @BeforeAll
  static void start() throws IOException {
    Notes notes = new Notes(folder.resolve("notes"));
    Path zoo = folder.resolve("zoo.py");
    try (InputStream script = WorkerZooIT.class.getResourceAsStream("zoo.py")) {
      Files.writeString(zoo, new String(script.readAllBytes(), UTF_8));
    }
    StringBuilder yaml =
        new StringBuilder("programs:\n")
            .append("  good:\n" + notes.worker() + "    pool: {}\n")
            .append("  victim:\n" + notes.worker() + "    pool: {}\n");
    for (String kind : KINDS) {
      yaml.append(
          """
            %s:
              type: worker
              command: [python3, "%s", %s, "%s"]
              logs: {max_size: 32MiB}
              restart: {delay: 0s, max_restarts: unlimited}
              stop: {timeout: 200ms}
              liveness: {ping: true, period: 100ms, timeout: 1s, failure_threshold: 2, while_busy: %s}
              pool: {min: %s, concurrency: 10, task: {backoff: {delay: 1ms}}, breaker: {failures: 1000}}
          """
              .formatted(
                  kind,
                  zoo,
                  kind,
                  folder.resolve(kind + ".marker"),
                  // Those that cannot be heard any more are found out by pings, at any time.
                  kind.startsWith("closes"),
                  kind.startsWith("closes") ? 0 : 1));
    }
    pmd = new Pmd(folder.resolve("home")).with(yaml.toString()).start();
    tasks = new Tasks(pmd);
    tasks.awaitWorkers("good", 1);
    neighbour = new FutureTask<>(WorkerZooIT::goodTasks);
    Thread.ofPlatform().daemon(true).start(neighbour);
  }

  /** Runs one after the other; returns how long each took, from submit to result. */
  private static List<Long> goodTasks() throws IOException {
    List<Long> nanos = new ArrayList<>();
    while (!over.get()) {
      long from = System.nanoTime();
      Members end = tasks.run("good", task(object("n", (long) nanos.size())));
      assertThat(Wire.text(end, "state")).isEqualTo("SUCCEEDED");
      nanos.add(System.nanoTime() - from);
    }
    return nanos;
  }

  @AfterEach
  void noMoreMemoryThanAllowed() throws IOException {
    assertThat(memory()).isLessThan(MOST_BYTES);
    tasks.assertSound();
  }

  private static long memory() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pmd.pid() + "/smaps_rollup"))) {
      if (line.startsWith("Pss:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new AssertionError("no Pss");
  }

  @AfterAll
  static void end() throws Exception {
    try {
      over.set(true);
      List<Long> nanos = new ArrayList<>(neighbour.get(1, TimeUnit.MINUTES));
      Collections.sort(nanos);
      long half = nanos.get(nanos.size() / 2);
      System.out.printf(
          "%d good tasks, half within %.1f ms, all within %.1f ms; %.1f MiB%n",
          nanos.size(), half / 1e6, nanos.getLast() / 1e6, memory() / 1048576.0);
      assertThat(half).isLessThan(TimeUnit.MILLISECONDS.toNanos(500));
      assertThat(nanos.getLast()).isLessThan(TimeUnit.SECONDS.toNanos(10));
      assertThat(tasks.count("good", "succeeded")).isEqualTo(nanos.size());
      assertThat(tasks.count("good", "attempts")).isEqualTo(nanos.size());
    } finally {
      pmd.close();
    }
  }

  private static void assertResult(Members end, long attempt) {
    assertThat(Wire.text(end, "state")).as("%s; %s", end, pmd.said()).isEqualTo("SUCCEEDED");
    assertThat(end.value("result")).contains(Map.of("attempt", attempt));
  }

  private static long daemon(String counter) throws IOException {
    return Wire.number(pmd.ask("daemon.status"), counter);
  }

  private static String log(String kind) throws IOException {
    return Files.readString(pmd.log(kind + "@1"), ISO_8859_1);
  }

  /** Its task takes too long, and its worker is replaced. */
  private static void assertGivenUp(String kind, Map<String, Object> task) throws IOException {
    Map<String, Long> before = tasks.awaitWorkers(kind, 1);
    task.put("timeout_seconds", 0.3);
    Members end = tasks.run(kind, task);
    assertThat(Wire.text(end, "state")).as("%s; %s", end, pmd.said()).isEqualTo("TIMED_OUT");
    assertThat(Wire.text(end, "error")).contains("limit of 0.3s");
    Await.until(
        "its worker is replaced",
        () -> Wire.text(pmd.status(kind + "@1"), "exit_cause").equals("time-limit"));
    assertThat(tasks.awaitWorkers(kind, 1)).isNotEqualTo(before);
  }

  @Test
  void inPiecesOfOneByte() throws Exception {
    for (int i = 0; i < 5; i++) {
      assertResult(tasks.run("pieces", task(object())), 1);
    }
    assertThat(tasks.count("pieces", "attempts")).isEqualTo(5);
  }

  @Test
  void tenGluedTogether() throws Exception {
    List<String> ids = tasks.submitAll("glued", times(50, task(object())));
    tasks.endAll(ids, "SUCCEEDED");
    assertThat(tasks.count("glued", "attempts")).isEqualTo(50);
  }

  @Test
  void ofIdsThatAreNone() throws Exception {
    long before = daemon("worker_unknown_answers");
    long stale = tasks.count("wrong-id", "stale");
    assertResult(tasks.run("wrong-id", task(object())), 1);
    long counted =
        daemon("worker_unknown_answers") - before + tasks.count("wrong-id", "stale") - stale;
    assertThat(counted).isGreaterThanOrEqualTo(6);
  }

  @Test
  void forTheTaskOfAnother() throws Exception {
    Path go = folder.resolve("go");
    String victim = tasks.submit("victim", task(object("do", "wait", "for", go.toString())));
    tasks.await(victim, "RUNNING");
    assertResult(tasks.run("of-another", task(object("of", victim))), 1);
    assertThat(tasks.state(victim)).isEqualTo("RUNNING");
    Files.createFile(go);
    Members end = tasks.end(victim);
    assertThat(Wire.text(end, "result")).contains("attempt=1").doesNotContain("-1");
  }

  @Test
  void answersTwice() throws Exception {
    for (int i = 1; i <= 3; i++) {
      assertResult(tasks.run("doubled", task(object())), 1);
    }
    Await.until("they are counted", () -> tasks.count("doubled", "stale") == 6);
    assertThat(tasks.list("doubled")).allMatch(each -> Wire.text(each, "error").equals("null"));
  }

  @Test
  void answersAnEarlierAttemptWhileItHasTheNext() throws Exception {
    assertResult(tasks.run("late", task(object())), 2);
    assertThat(tasks.count("late", "stale")).isEqualTo(1);
  }

  @Test
  void halfAnAnswerAndThenNothing() throws Exception {
    assertGivenUp("half", task(object()));
    Await.until(
        "the half is in its log",
        () -> {
          try {
            return log("half").contains("{\"jsonrpc\": \"2.0\",");
          } catch (IOException none) {
            return false;
          }
        });
  }

  @Test
  void behindTenMegabytesOfRubbish() throws Exception {
    long stray = daemon("worker_stray_lines");
    assertResult(tasks.run("rubbish", task(object())), 1);
    assertThat(Files.size(pmd.log("rubbish@1"))).isGreaterThan(10_000_000);
    assertThat(daemon("worker_stray_lines")).isGreaterThanOrEqualTo(stray + 10);
  }

  @Test
  void inBytesThatAreNoText() throws Exception {
    assertResult(tasks.run("no-utf8", task(object())), 1);
    assertThat(log("no-utf8")).contains("\u00ff\u00fe");
  }

  @Test
  void behindMillionsOfNotifications() throws Exception {
    long count = Integer.getInteger("zoo.notifications", 200_000);
    long before = daemon("worker_messages");
    assertResult(tasks.run("notifications", task(object("count", count))), 1);
    assertThat(daemon("worker_messages") - before).isGreaterThanOrEqualTo(count);
  }

  @Test
  void exitsUnasked() throws Exception {
    Members poison = tasks.run("exits", task(object()));
    assertThat(Wire.text(poison, "state")).isEqualTo("FAILED");
    assertThat(Wire.text(poison, "error")).contains("exit 0");
    // With the answer as its last word, which counts.
    for (int i = 0; i < 5; i++) {
      Map<String, Long> before = tasks.awaitWorkers("exits", 1);
      assertResult(tasks.run("exits", task(object("at", "end"))), 1);
      Await.until("it has ended", () -> !tasks.workers("exits").equals(before));
    }
    assertThat(tasks.count("exits", "lost")).isEqualTo(2);
  }

  @Test
  void closesItsInput() throws Exception {
    Members end = tasks.run("closes-stdin", task(object()));
    assertThat(Wire.text(end, "state")).as("%s; %s", end, pmd.said()).isEqualTo("SUCCEEDED");
    assertThat(Wire.text(pmd.status("closes-stdin@1"), "exit_cause")).isEqualTo("unhealthy");
  }

  @Test
  void closesItsOutput() throws Exception {
    Members end = tasks.run("closes-stdout", task(object()));
    assertThat(Wire.text(end, "state")).as("%s; %s", end, pmd.said()).isEqualTo("SUCCEEDED");
    assertThat(Wire.text(pmd.status("closes-stdout@1"), "exit_cause")).isEqualTo("unhealthy");
  }

  @Test
  void neverReads() throws Exception {
    for (int length : List.of(1, 300_000)) {
      Map<String, Object> task = task(object("text", "x".repeat(length)));
      task.put("timeout_seconds", 0.3);
      Members end = tasks.run("never-reads", task);
      assertThat(Wire.text(end, "state")).as("%s; %s", end, pmd.said()).isEqualTo("TIMED_OUT");
    }
    // Without a task in hand its pings are missed.
    Await.until(
        "it is found out",
        () -> Wire.text(pmd.status("never-reads@1"), "exit_cause").equals("unhealthy"));
  }

  @Test
  void answersPingsAndNothingElse() throws Exception {
    assertGivenUp("only-pings", task(object()));
    long messages = daemon("worker_messages");
    Await.until("its pings are answered", () -> pings(messages), pmd::said);
    pmd.await("only-pings@1", "IDLE");
  }

  private static boolean pings(long before) {
    try {
      return daemon("worker_messages") > before + 50;
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }
}
