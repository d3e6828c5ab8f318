package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.shipped.Tasks.object;
import static pm.shipped.Tasks.program;
import static pm.shipped.Tasks.task;
import static pm.shipped.Tasks.times;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ErrorCode;
import pm.protocol.Members;

/** Workers that come and go with their work. All pools belong to one daemon. */
@Timeout(180)
class PoolIT {

  private static final long TRY_AGAIN = ErrorCode.BUSY.code();

  @TempDir private static Path folder;
  private static Pmd pmd;
  private static Tasks tasks;
  private static Notes notes;

  @BeforeAll
  static void start() throws IOException {
    notes = new Notes(folder.resolve("notes"));
    String one = notes.worker();
    String many = notes.busyWorker("");
    String breaker = "task: {retries: 0}, breaker: {failures: 2, reset_after: 300ms";
    String yaml =
        "programs:\n"
            + program("on-demand", one, "pool: {min: 0, scale_down: {idle: 300ms}}")
            + program(
                "elastic",
                one,
                "pool: {min: 1, max: 4, scale_up: {wait: 50ms, step: 2}, scale_down: {idle:"
                    + " 300ms}}")
            + program("renewed", one, "pool: {recycle: {max_tasks: 5}}")
            + program("ageing", one, "pool: {recycle: {max_age: 500ms}}")
            + program("fat", one, "pool: {recycle: {max_memory: 1MiB}}")
            + program("holding", one, "pool: {" + breaker + ", when_open: hold}}")
            + program("rejecting", one, "pool: {" + breaker + ", when_open: reject}}")
            + program("drained", one, "pool: {}")
            + program("finishing", many, "stop: {drain: 30s}", "pool: {}")
            + program("cut", many, "stop: {drain: 200ms, timeout: 200ms}", "pool: {}")
            + program(
                "turns",
                one,
                "pool: {min: 3, max: 3, strategy: weighted-round-robin, weights: [1, 2, 3]}")
            + program("wide", many, "pool: {concurrency: 4}")
            + program(
                "framed",
                notes.busyWorker("FRAMING: content-length"),
                "worker: {framing: content-length}",
                "pool: {concurrency: 4}")
            + program(
                "apart",
                notes.busyWorker("TRANSPORT: fd"),
                "worker: {transport: fd}",
                "pool: {concurrency: 4}")
            + program(
                "framed-apart",
                notes.busyWorker("TRANSPORT: fd, FRAMING: content-length"),
                "worker: {transport: fd, framing: content-length}",
                "pool: {concurrency: 4}");
    pmd = new Pmd(folder.resolve("home")).with(yaml).start();
    tasks = new Tasks(pmd);
  }

  @AfterAll
  static void end() throws IOException {
    tasks.endSoundly();
  }

  private static Map<String, Object> waiting(String file) {
    return task(object("do", "wait", "for", folder.resolve(file).toString()));
  }

  private static void let(String file) throws IOException {
    Files.createFile(folder.resolve(file));
  }

  @Test
  void oneThatIsNotNeededIsNotThere() throws Exception {
    assertThat(Pmd.is(pmd.status("on-demand@1"), "DEAD/new")).isTrue();
    for (int i = 0; i < 2; i++) {
      assertThat(Wire.text(tasks.run("on-demand", task(object())), "state")).isEqualTo("SUCCEEDED");
      Members gone = pmd.await("on-demand@1", "DEAD/stopped");
      assertThat(atLeast(Wire.text(gone, "detail"))).contains("idle for 0.3s");
      assertThat(gone.value("as_desired")).contains(true);
    }
    assertThat(tasks.events("on-demand", "scale").stream().map(PoolIT::atLeast))
        .containsExactly(
            "0 to 1: a task waits",
            "1 to 0: on-demand@1 idle for 0.3s",
            "0 to 1: a task waits",
            "1 to 0: on-demand@1 idle for 0.3s");
  }

  /** Returns the words with the time in them that it is at least: more on a busy machine. */
  private static String atLeast(String words) {
    return words.replaceAll("idle for (0\\.[3-9]|[1-9][.0-9]*)s", "idle for 0.3s");
  }

  @Test
  void theirNumberFollowsTheWork() throws Exception {
    tasks.awaitWorkers("elastic", 1);
    List<String> ids = tasks.submitAll("elastic", times(8, waiting("elastic")));
    tasks.awaitWorkers("elastic", 4);
    assertThat(tasks.events("elastic", "scale"))
        .hasSize(2)
        .allMatch(text -> text.contains("oldest task waited"))
        .anyMatch(text -> text.startsWith("1 to 3: "))
        .anyMatch(text -> text.startsWith("3 to 4: "));
    let("elastic");
    tasks.endAll(ids, "SUCCEEDED");
    tasks.awaitWorkers("elastic", 1);
    assertThat(tasks.events("elastic", "scale").getLast()).contains("to 1: ", "idle for");
    // None had been stopped in the middle of its work.
    assertThat(notes.read().attempts())
        .filteredOn(attempt -> ids.contains(attempt.task()))
        .hasSize(8)
        .allMatch(Notes.Attempt::isAnswered);
  }

  @Test
  void scaleSetsTheBounds() throws Exception {
    assertThat(pmd.pmctl("scale", "turns=1").exit()).isZero();
    tasks.awaitWorkers("turns", 1);
    assertThat(pmd.pmctl("scale", "turns=3..3").exit()).isZero();
    tasks.awaitWorkers("turns", 3);
  }

  @Test
  void oneThatHasDoneEnoughIsReplaced() throws Exception {
    tasks.awaitWorkers("renewed", 1);
    List<String> ids = new ArrayList<>();
    for (int replaced = 1; replaced <= 4; replaced++) {
      for (int i = 0; i < 5; i++) {
        String id = tasks.submit("renewed", task(object()));
        ids.add(id);
        tasks.endAll(List.of(id), "SUCCEEDED");
      }
      int soMany = replaced;
      Await.until("it is replaced", () -> tasks.events("renewed", "recycle").size() >= soMany);
    }
    List<Notes.Attempt> attempts =
        notes.read().attempts().stream().filter(each -> ids.contains(each.task())).toList();
    Map<String, Long> done =
        attempts.stream()
            .collect(Collectors.groupingBy(Notes.Attempt::invocation, Collectors.counting()));
    assertThat(done.values()).containsExactlyInAnyOrder(5L, 5L, 5L, 5L);
    assertThat(tasks.events("renewed", "recycle"))
        .hasSize(4)
        .allMatch(text -> text.contains("it has done 5 tasks"));
    assertReplacementFirst("renewed");
    tasks.awaitWorkers("renewed", 1);
  }

  @Test
  void oneThatIsTooOldIsReplacedWhenTheNextIsThere() throws Exception {
    String pool = "ageing";
    tasks.awaitWorkers(pool, 1);
    Await.until("it is replaced", () -> tasks.events(pool, "recycle").size() >= 3);
    assertReplacementFirst(pool);
  }

  /** Follows the changes of state: from the first worker on there is always one that is up. */
  private void assertReplacementFirst(String pool) throws IOException {
    int up = 0;
    boolean wasUp = false;
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.ask("events", "since", 0L, "selectors", List.of(pool));
      while (true) {
        Members message = wire.message();
        if (Wire.text(message, "method").equals("end")) {
          break;
        }
        Members event = Wire.members(message.value("params").orElseThrow());
        if (Wire.text(event, "kind").equals("state")) {
          up += isUp(event, "to") ? 1 : 0;
          up -= isUp(event, "from") ? 1 : 0;
          wasUp |= up > 0;
          assertThat(up).as("%s", event).isBetween(wasUp ? 1 : 0, 2);
        }
      }
    }
    assertThat(up).isBetween(1, 2);
  }

  private static boolean isUp(Members event, String side) {
    return Wire.text(event, side).equals("IDLE");
  }

  @Test
  void oneThatIsTooLargeFromTheStartIsNotReplacedOverAndOver() throws Exception {
    tasks.awaitEvent("fat", "recycle", "above recycle.max_memory before its first task");
    Map<String, Long> before = tasks.awaitWorkers("fat", 1);
    List<String> ids =
        tasks.submitAll("fat", times(50, task(object("do", "take", "seconds", 0.01))));
    tasks.endAll(ids, "SUCCEEDED");
    assertThat(tasks.workers("fat")).isEqualTo(before);
    assertThat(tasks.events("fat", "recycle")).hasSize(1);
  }

  @Test
  void aBreakerHoldsWhatComesWhileItIsOpen() throws Exception {
    Map<String, Object> failing = object("do", "fail", "until", folder.resolve("held").toString());
    List<String> failed = tasks.submitAll("holding", times(2, task(failing)));
    tasks.endAll(failed, "FAILED");
    assertThat(tasks.awaitEvent("holding", "breaker", "open")).contains("2 attempts in a row");
    Members open = tasks.pool("holding");
    assertThat(Wire.text(open, "breaker")).isIn("open", "half-open");
    // One trial at a time, and it fails too.
    String trial = tasks.submit("holding", task(failing));
    assertThat(Wire.text(tasks.end(trial), "state")).isEqualTo("FAILED");
    let("held");
    List<String> waiting = tasks.submitAll("holding", times(5, task(failing)));
    tasks.endAll(waiting, "SUCCEEDED");
    assertThat(Wire.text(tasks.pool("holding"), "breaker")).isEqualTo("closed");
    List<Notes.Attempt> attempts = notes.read().attempts();
    long last = began(attempts, failed.getLast());
    assertThat(began(attempts, trial) - last).isGreaterThan(300_000_000L);
    assertThat(began(attempts, waiting.getFirst()) - began(attempts, trial))
        .isGreaterThan(300_000_000L);
    tasks.awaitEvent("holding", "breaker", "closed");
  }

  private static long began(List<Notes.Attempt> attempts, String task) {
    return attempts.stream()
        .filter(attempt -> attempt.task().equals(task))
        .findFirst()
        .orElseThrow()
        .beganNanos();
  }

  @Test
  void orRefusesIt() throws Exception {
    String rejecting = "rejecting";
    Map<String, Object> failing =
        object("do", "fail", "until", folder.resolve("rejected").toString());
    tasks.endAll(tasks.submitAll(rejecting, times(2, task(failing))), "FAILED");
    Pmd.Outcome refused = pmd.pmctl("submit", rejecting, "1");
    if (refused.exit() != 0) {
      assertThat(refused.exit()).as("%s", refused).isEqualTo(75);
      assertThat(refused.err()).contains("breaker");
    }
    let("rejected");
    Await.until(
        "a trial is taken",
        () -> {
          try {
            return pmd.pmctl("submit", rejecting, "1", "--wait").exit() == 0;
          } catch (IOException | InterruptedException broken) {
            throw new AssertionError(broken);
          }
        });
    assertThat(Wire.text(tasks.pool(rejecting), "breaker")).isEqualTo("closed");
    assertThat(Wire.number(tasks.pool(rejecting), "queued")).isZero();
  }

  @Test
  void aDrainedPoolWorksOffWhatItHasAndTakesNothing() throws Exception {
    List<String> ids = tasks.submitAll("drained", times(3, waiting("drained")));
    Process drain = pmd.client("pool", "drain", "drained").start();
    Await.until("draining", () -> Wire.text(tasks.pool("drained"), "intake").equals("draining"));
    Pmd.Outcome refused = pmd.pmctl("submit", "drained", "1");
    assertThat(refused.exit()).as("%s", refused).isEqualTo(75);
    assertThat(refused.err()).contains("drained");
    assertThat(drain.isAlive()).isTrue();
    let("drained");
    assertThat(drain.waitFor()).isZero();
    for (String id : ids) {
      assertThat(tasks.state(id)).isEqualTo("SUCCEEDED");
    }
    assertThat(
            Wire.number(
                tasks.refusal("submit", "pool", "drained", "tasks", List.of(task(object()))),
                "code"))
        .isEqualTo(TRY_AGAIN);
    assertThat(pmd.pmctl("pool", "resume", "drained").exit()).isZero();
    assertThat(Wire.text(tasks.run("drained", task(object())), "state")).isEqualTo("SUCCEEDED");
  }

  @Test
  void oneThatIsStoppedMayFinishWhatItHasInHand() throws Exception {
    List<String> ids = tasks.submitAll("finishing", times(2, waiting("finishing")));
    Await.until("in hand", () -> !notes.read().of(ids.getFirst()).isEmpty());
    int told = notes.read().shutdowns();
    Process stop = pmd.client("stop", "finishing").start();
    Await.until("it is told", () -> notes.read().shutdowns() > told);
    assertThat(stop.isAlive()).isTrue();
    let("finishing");
    assertThat(stop.waitFor()).isZero();
    assertThat(tasks.state(ids.getFirst())).isEqualTo("SUCCEEDED");
    assertThat(Pmd.is(pmd.status("finishing@1"), "DEAD/stopped")).isTrue();
    // The other one is held, and so is what comes now.
    String late = tasks.submit("finishing", task(object()));
    assertThat(tasks.state(ids.getLast())).isEqualTo("QUEUED");
    assertThat(Wire.text(tasks.pool("finishing"), "held")).isNotEqualTo("null");
    assertThat(pmd.pmctl("start", "finishing").exit()).isZero();
    tasks.endAll(List.of(ids.getLast(), late), "SUCCEEDED");
  }

  @Test
  void whatItDoesNotFinishIsDoneByAnother() throws Exception {
    String id = tasks.submit("cut", waiting("cut"));
    Await.until("in hand", () -> !notes.read().of(id).isEmpty());
    assertThat(pmd.pmctl("stop", "cut").exit()).isZero();
    Members back = tasks.await(id, "QUEUED");
    assertThat(Wire.number(back, "failures")).isZero();
    let("cut");
    assertThat(pmd.pmctl("start", "cut").exit()).isZero();
    tasks.endAll(List.of(id), "SUCCEEDED");
    assertThat(notes.read().of(id)).extracting(Notes.Attempt::number).containsExactly(1, 2);
  }

  @Test
  void oneMayHaveSeveralInHand() throws Exception {
    List<String> ids = tasks.submitAll("wide", times(6, waiting("wide")));
    Await.until(
        "four in hand",
        () -> notes.read().tasks().stream().filter(ids::contains).count() == 4,
        () -> notes.read().toString());
    Members pool = tasks.pool("wide");
    assertThat(Wire.number(pool, "running")).isEqualTo(4);
    assertThat(Wire.number(pool, "queued")).isEqualTo(2);
    assertThat(Pmd.is(pmd.status("wide@1"), "BUSY")).isTrue();
    assertThat(Wire.number(pmd.status("wide@1"), "tasks_in_hand")).isEqualTo(4);
    let("wide");
    tasks.endAll(ids, "SUCCEEDED");
    pmd.await("wide@1", "IDLE");
  }

  @Test
  void allTransportsAndFramings() throws Exception {
    for (String pool : List.of("framed", "apart", "framed-apart")) {
      List<Object> all = new ArrayList<>(times(200, task(object("text", "\u00e4\n\u20ac"))));
      all.addAll(times(5, task(object("text", "x".repeat(100_000)))));
      List<String> ids = tasks.submitAll(pool, all);
      tasks.endAll(ids, "SUCCEEDED");
      assertThat(notes.read().tasks()).containsAll(ids);
      Members failed =
          tasks.run(pool, task(object("do", "fail", "retry", false, "until", "/never")));
      assertThat(Wire.text(failed, "state")).isEqualTo("FAILED");
      Map<String, Object> slow = waiting("never-" + pool);
      slow.put("timeout_seconds", 0.1);
      assertThat(Wire.text(tasks.run(pool, slow), "state")).isEqualTo("TIMED_OUT");
    }
    assertThat(Wire.number(pmd.ask("daemon.status"), "worker_stray_lines")).isZero();
  }

  @Test
  void whatGoesOnIsShown() throws Exception {
    Map<String, Object> progress = object("do", "wait", "for", folder.resolve("shown").toString());
    progress.put("progress", true);
    String id = tasks.submit("turns", task(progress));
    Await.until("progress", () -> Wire.text(tasks.show(id), "progress").equals("0.5"));
    assertThat(Wire.text(tasks.show(id), "progress_message")).isEqualTo("half");
    Pmd.Outcome show = pmd.pmctl("task", "show", id);
    assertThat(show.exit()).isZero();
    assertThat(show.out()).contains(id, "RUNNING", "turns@", "half");
    Pmd.Outcome pool = pmd.pmctl("pool", "show", "turns");
    assertThat(pool.exit()).isZero();
    assertThat(pool.out()).contains("turns@1", "turns@2", "turns@3");
    Pmd.Outcome top = pmd.pmctl("top", "--interval", "500ms");
    assertThat(top.exit()).as("%s", top).isZero();
    assertThat(top.out()).contains("turns");
    String metrics = pmd.pmctl("metrics").out();
    assertThat(metrics).contains("pool=\"turns\"");
    try (Stream<String> lines = metrics.lines()) {
      assertThat(lines).noneMatch(line -> line.contains("pid="));
    }
    let("shown");
    tasks.endAll(List.of(id), "SUCCEEDED");
  }
}
