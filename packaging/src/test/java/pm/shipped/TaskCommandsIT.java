package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Json;
import pm.protocol.Members;

/** What people and scripts do with tasks and pools, by the client, against the daemon. */
@Timeout(180)
class TaskCommandsIT {

  /** The worker of the examples, which also holds what is of type hold until a file is there. */
  private static final String HOLD =
      """
      '"hold"') while [ ! -e "$GATE" ]; do sleep 0.02; done; printf '"held"' ;;
          '"fail"') return 1 ;;\
      """;

  private static final String PROGRAMS =
      """
      programs:
        quick:
          type: worker
          command: [/bin/sh, WORKER]
          readiness: {uptime: 0s}
          pool: {max: 2, queue: {capacity: 20000}, task: {keep_max: 20000}, breaker: {failures: 1000000}}
        narrow:
          type: worker
          command: [/bin/sh, WORKER]
          environment: {GATE: GATE_FILE}
          readiness: {uptime: 0s}
          stop: {timeout: 200ms}
          pool: {queue: {capacity: 10}, task: {retries: 0}, breaker: {failures: 1000000}}
        typed:
          type: worker
          command: [/bin/sh, WORKER]
          readiness: {uptime: 0s}
          pool: {min: 0, accepts: [image.*]}
        web: {command: [/bin/sleep, "1000"], readiness: {uptime: 0s}}
      """;

  @TempDir private static Path folder;
  private static Path gate;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws IOException {
    gate = folder.resolve("gate");
    String example = Files.readString(Path.of("..", "config-examples", "workers", "worker.sh"));
    Path worker =
        Files.writeString(
            folder.resolve("worker.sh"), example.replace("'\"fail\"') return 1 ;;", HOLD));
    assertThat(Files.readString(worker)).contains("$GATE");
    pmd =
        new Pmd(folder.resolve("home"))
            .with(
                PROGRAMS.replace("WORKER", worker.toString()).replace("GATE_FILE", gate.toString()))
            .start();
    pmd.await("quick@1", "IDLE");
    pmd.await("narrow@1", "IDLE");
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  private static Pmd.Outcome pmctl(String... words) throws Exception {
    return pmd.pmctl(words);
  }

  private static String done(String... words) throws Exception {
    Pmd.Outcome outcome = pmctl(words);
    assertThat(outcome.exit()).as("%s", outcome).isZero();
    return outcome.out().strip();
  }

  private static String file(String name, int lines) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= lines; i++) {
      text.append("{\"n\": ").append(i).append("}\n");
    }
    return "@" + Files.writeString(folder.resolve(name), text);
  }

  private static Members task(String id) throws Exception {
    return Wire.members(Json.parse(done("task", "show", id, "-o", "json")));
  }

  private static Members pool(String name) throws Exception {
    List<?> pools = (List<?>) Json.parse(done("pool", "show", name, "-o", "json"));
    return Wire.members(pools.getFirst());
  }

  @Test
  void aTaskIsPutInItsResultIsPrintedAndItIsKnownAfterwards() throws Exception {
    assertThat(done("submit", "quick", "{\"file\": \"a.jpg\"}", "--wait=30s"))
        .isEqualTo("{\"type\":\"default\"}");
    String id = done("submit", "quick", "[1, 2.50, \"\u00e9\"]", "--type", "resize");
    assertThat(id).matches("[0-9a-z]{4}-[0-9]+");
    Await.until("it has ended", () -> stateOf(id).equals("SUCCEEDED"), pmd::said);
    Members task = task(id);
    assertThat(task.values())
        .containsKeys(
            "id", "type", "state", "priority", "attempts", "enqueued_at", "started_at", "ended_at")
        .containsKeys("error", "data", "result", "events")
        .containsEntry("result", Map.of("type", "resize"))
        .containsEntry("priority", "normal");
    assertThat(done("task", "show", id, "--only", "data")).isEqualTo("[1,2.5,\"\u00e9\"]");
    assertThat(done("task", "list", "quick", "-o", "name").lines()).contains(id);
    assertThat(done("task", "show", id)).contains("State:         SUCCEEDED", "attempt 1 started");
    // The worker has got exactly what was typed: nothing is counted twice under a key.
    assertThat(done("submit", "quick", "1", "--id", "order:4711")).isEqualTo("order:4711");
    assertThat(done("submit", "quick", "1", "--id", "order:4711")).isEqualTo("order:4711");
    assertThat(done("submit", "quick", "1", "--id", "order:4711", "-o", "jsonl"))
        .contains("\"new\":false");
  }

  private static String stateOf(String id) {
    try {
      return Wire.text(task(id), "state");
    } catch (Exception e) {
      throw new AssertionError(pmd.said(), e);
    }
  }

  @Test
  void tenThousandLinesGoInAndAreGivenUpTogether() throws Exception {
    done("pool", "pause", "quick");
    List<String> ids = pmctl("submit", "quick", file("many", 10_000), "--batch").lines();
    assertThat(ids).hasSize(10_000).doesNotHaveDuplicates();
    assertThat(done("task", "list", "quick", "--state", "queued", "-o", "name").lines())
        .containsExactlyElementsOf(ids);
    cancelAll();
    assertThat(Wire.number(pool("quick"), "queued")).isZero();
    done("pool", "resume", "quick");
  }

  private static void cancelAll() throws Exception {
    Pmd.Outcome cancelled = pmctl("task", "cancel", "--pool", "quick", "--state", "queued");
    assertThat(cancelled.exit()).as(cancelled.err()).isZero();
  }

  @Test
  void resultsComeInTheOrderOfTheInput() throws Exception {
    Pmd.Outcome results =
        pmctl("submit", "quick", file("some", 500), "--batch", "--wait", "-o", "jsonl");
    assertThat(results.exit()).as(results.err()).isZero();
    assertThat(results.lines()).hasSize(500);
    long before = 0;
    for (String line : results.lines()) {
      Members task = Wire.parse(line);
      assertThat(Wire.text(task, "state")).isEqualTo("SUCCEEDED");
      String id = Wire.text(task, "id");
      long number = Long.parseLong(id.substring(id.indexOf('-') + 1));
      assertThat(number).isGreaterThan(before);
      before = number;
    }
  }

  @Test
  void whatCannotBePutInIsRefusedWithItsOwnExitCode() throws Exception {
    Pmd.Outcome noPool = pmctl("submit", "quik", "1");
    assertThat(noPool.exit()).isEqualTo(4);
    assertThat(noPool.err()).contains("there is no pool quik").contains("quick");
    assertThat(pmctl("submit", "web", "1").exit()).isEqualTo(4);
    assertThat(pmctl("task", "show", "nothing-1").exit()).isEqualTo(4);
    assertThat(pmctl("task", "list", "web").exit()).isEqualTo(4);
    assertThat(pmctl("pool", "show", "web").exit()).isEqualTo(4);
    assertThat(pmctl("submit", "quick", "a.jpg").exit()).isEqualTo(2);
    assertThat(pmctl("submit", "typed", "1", "--type", "video.mp4").exit()).isEqualTo(1);
    assertThat(done("submit", "typed", "1", "--type", "image.png", "--wait=30s"))
        .isEqualTo("{\"type\":\"image.png\"}");
    Pmd.Outcome failed = pmctl("submit", "quick", "1", "--type", "fail", "--wait");
    assertThat(failed.exit()).isEqualTo(1);
    assertThat(failed.out()).isEmpty();
    assertThat(failed.err()).contains("FAILED").contains("asked to fail");
  }

  /** One pool that is held by its only worker: full, waited for, cancelled, put back, drained. */
  @Test
  void aPoolThatIsFullIsWaitedForPausedResumedAndDrained() throws Exception {
    Files.deleteIfExists(gate);
    String held = done("submit", "narrow", "1", "--type", "hold");
    pmd.await("narrow@1", "BUSY");
    Pmd.Outcome late = pmctl("submit", "narrow", "1", "--wait=200ms");
    assertThat(late.exit()).as("%s", late).isEqualTo(124);
    assertThat(late.err()).contains("has not ended within 200ms");
    // As many as there is room for are in, from the beginning of the input.
    Pmd.Outcome full = pmctl("submit", "narrow", file("narrow", 30), "--batch");
    assertThat(full.exit()).as("%s", full).isEqualTo(75);
    int in = full.lines().size();
    assertThat(in).isBetween(8, 10);
    assertThat(full.err()).contains(in + " tasks are in, up to line " + in + ".");
    assertThat(pmctl("submit", "narrow", "1").exit()).isEqualTo(75);
    Pmd.Outcome noRoom = pmctl("submit", "narrow", "1", "--wait-for-space", "300ms");
    assertThat(noRoom.exit()).as("%s", noRoom).isEqualTo(75);
    assertThat(noRoom.err()).contains("there was no room in the queue of narrow for 300ms");
    // One that has more patience asks again.
    long refused = new Tasks(pmd).count("narrow", "refused_full");
    Process patient = pmd.client("submit", "narrow", "1", "--wait-for-space", "1m").start();
    Await.until(
        "it has asked twice",
        () -> new Tasks(pmd).count("narrow", "refused_full") >= refused + 2,
        pmd::said);
    assertThat(patient.isAlive()).isTrue();

    assertThat(done("status", "narrow")).contains("BUSY").contains("1 task");
    assertThat(done("describe", "narrow@1")).contains(held);
    assertThat(done("pool", "show", "narrow")).contains("of 10", "Rules:", "capacity: 10");
    assertThat(done("pool", "pause", "narrow")).isEqualTo("narrow: paused");
    assertThat(Wire.text(pool("narrow"), "intake")).isEqualTo("paused");
    assertThat(done("pool", "resume", "nar*")).isEqualTo("narrow: resumed");

    // The worker of the examples knows no cancel, so it is killed and another takes its place.
    Pmd.Outcome cancelled = pmctl("task", "cancel", held);
    assertThat(cancelled.exit()).as("%s", cancelled).isZero();
    assertThat(stateOf(held)).isEqualTo("CANCELLED");
    Files.createFile(gate);
    Pmd.Outcome waited =
        pmctl("submit", "narrow", file("more", 40), "--batch", "--wait-for-space", "30s");
    assertThat(waited.exit()).as("%s", waited).isZero();
    assertThat(waited.lines()).hasSize(40);
    assertThat(patient.waitFor()).isZero();
    assertThat(done("pool", "drain", "narrow", "--timeout", "30s")).isEqualTo("narrow: drained");
    Pmd.Outcome drained = pmctl("submit", "narrow", "1");
    assertThat(drained.exit()).as("%s", drained).isEqualTo(75);
    assertThat(done("pool", "resume", "narrow")).isEqualTo("narrow: resumed");
    assertThat(done("task", "retry", "--state", "cancelled", "--pool", "narrow"))
        .isEqualTo(held + ": queued again");
    Await.until("it is done", () -> stateOf(held).equals("SUCCEEDED"), pmd::said);
  }

  @Test
  void everyAnswerComesInEveryForm() throws Exception {
    done("submit", "quick", "1", "--id", "form", "--wait=30s");
    for (String line :
        List.of(
            "task list quick",
            "task show form",
            "pool show",
            "pool show quick",
            "top --interval 500ms",
            "submit quick 1 --id form",
            "submit quick 1 --id form --wait",
            "pool resume quick")) {
      for (String form : List.of("json", "jsonl", "yaml", "name", "wide", "table")) {
        List<String> words = new ArrayList<>(List.of(line.split(" ", -1)));
        words.addAll(List.of("-o", form));
        Pmd.Outcome outcome = pmctl(words.toArray(String[]::new));
        String what = line + " -o " + form + ": " + outcome;
        if (outcome.exit() == 2) {
          assertThat(form).as(what).isEqualTo("name");
          assertThat(outcome.err()).as(what).contains("no names");
          continue;
        }
        assertThat(outcome.exit()).as(what).isZero();
        assertThat(outcome.out()).as(what).isNotBlank().doesNotContain("\u001b");
        if (form.equals("json")) {
          assertThat(Json.parse(outcome.out())).as(what).isInstanceOfAny(Map.class, List.class);
        }
      }
    }
    assertThat(done("metrics").lines()).anyMatch(line -> line.startsWith("pm_"));
  }

  /** A crash of the daemon in the middle of a long input: what was printed is in. */
  @Test
  void whatWasPrintedIsInWhateverHappensToTheDaemon() throws Exception {
    Path printed = folder.resolve("printed");
    Process submit =
        pmd.client("submit", "quick", file("long", 200_000), "--batch", "--wait-for-space", "30s")
            .redirectOutput(printed.toFile())
            .start();
    Await.until("some are in", () -> printed.toFile().length() > 10_000, pmd::said);
    pmd.crash();
    assertThat(submit.waitFor()).isEqualTo(69);
    String said = new String(submit.getErrorStream().readAllBytes(), UTF_8);
    List<String> ids = Files.readAllLines(printed);
    assertThat(said).contains(ids.size() + " tasks are in, up to line " + ids.size() + ".");
    pmd.start();
    pmd.await("quick@1", "IDLE");
    assertThat(done("task", "show", ids.getLast())).contains("Pool:          quick");
    cancelAll();
    assertThat(done("submit", "quick", "1", "--wait=60s")).isEqualTo("{\"type\":\"default\"}");
  }
}
