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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ErrorCode;
import pm.protocol.Members;

/** What becomes of a task, from its submit to its end. All pools belong to one daemon. */
@Timeout(180)
class TaskIT {

  private static final long FULL = ErrorCode.QUEUE_FULL.code();

  @TempDir private static Path folder;
  private static Pmd pmd;
  private static Tasks tasks;
  private static Notes notes;

  @BeforeAll
  static void start() throws IOException {
    notes = new Notes(folder.resolve("notes"));
    String one = notes.worker();
    String many = notes.busyWorker("");
    String yaml =
        "programs:\n"
            + program("levels", one, "pool: {queue: {aging: 1h}}")
            + program("keys", one, "pool: {}")
            + program("small", one, "pool: {queue: {capacity: 3}}")
            + program(
                "again",
                one,
                "pool: {task: {retries: 3, backoff: {delay: 10ms}}, breaker: {failures: 1000}}")
            + program("limited", many, "pool: {concurrency: 2}")
            + program(
                "cut-off",
                many,
                "stop: {timeout: 200ms}",
                "restart: {delay: 0s, max_restarts: 1}",
                "pool: {concurrency: 2}")
            + program("later", one, "pool: {}")
            + program("poisoned", one, "restart: {delay: 10ms, max_restarts: 10}", "pool: {}")
            + program("given-up", many, "pool: {}")
            + program("deaf", many, "stop: {timeout: 200ms}", "restart: {delay: 0s}", "pool: {}")
            + program("pictures", one, "pool: {accepts: [\"image.*\"]}")
            + program("large", one, "pool: {}");
    pmd = new Pmd(folder.resolve("home")).with(yaml).start();
    tasks = new Tasks(pmd);
  }

  @AfterAll
  static void end() throws IOException {
    tasks.endSoundly();
  }

  private static Path file(String name) {
    return folder.resolve(name);
  }

  private static Map<String, Object> waiting(String file, Object... more) {
    Map<String, Object> data = object("do", "wait", "for", file(file).toString());
    data.putAll(object(more));
    return task(data);
  }

  @Test
  void urgentOnesComeFirstAndEqualOnesInTurn() throws Exception {
    assertThat(pmd.pmctl("pool", "pause", "levels").exit()).isZero();
    List<String> words = List.of("low", "normal", "high", "critical");
    List<List<String>> ids = List.of(list(), list(), list(), list());
    for (int i = 0; i < 20; i++) {
      int level = i * 7 % 4;
      Map<String, Object> task = task(object("i", (long) i), "priority", words.get(level));
      ids.get(level).add(tasks.submit("levels", task));
    }
    Members depth = Wire.members(tasks.pool("levels").value("depth").orElseThrow());
    assertThat(depth.values().values()).allMatch(each -> each.equals(5L));
    assertThat(notes.read().tasks()).doesNotContainAnyElementsOf(ids.get(3));

    assertThat(pmd.pmctl("pool", "resume", "levels").exit()).isZero();
    List<String> expected = new ArrayList<>();
    ids.reversed().forEach(expected::addAll);
    tasks.endAll(expected, "SUCCEEDED");
    List<String> begun = new ArrayList<>(notes.read().tasks());
    begun.retainAll(expected);
    assertThat(begun).isEqualTo(expected);
  }

  private static List<String> list() {
    return new ArrayList<>();
  }

  @Test
  void aKeyIsSubmittedOnce() throws Exception {
    String[] submit = {"submit", "keys", "{\"a\":1}", "--id", "order-4711"};
    assertThat(pmd.pmctl(submit)).isEqualTo(new Pmd.Outcome(0, "order-4711\n", ""));
    assertThat(pmd.pmctl(submit).out()).isEqualTo("order-4711\n");
    tasks.endAll(List.of("order-4711"), "SUCCEEDED");
    // Also by another pool, with other data, and when it has ended.
    Members again =
        Wire.objects(
                pmd.ask(
                    "submit",
                    "pool",
                    "later",
                    "tasks",
                    List.of(task(object(), "id", "order-4711"))),
                "tasks")
            .getFirst();
    assertThat(again.value("new")).contains(false);
    assertThat(Wire.text(again, "state")).isEqualTo("SUCCEEDED");
    assertThat(notes.read().of("order-4711")).hasSize(1);
    assertThat(tasks.show("order-4711").value("data")).contains(Map.of("a", 1L));
    assertThat(Wire.text(tasks.show("order-4711"), "pool")).isEqualTo("keys");
  }

  @Test
  void aFullQueueRefusesAndCanBeWaitedFor() throws Exception {
    assertThat(pmd.pmctl("pool", "pause", "small").exit()).isZero();
    List<String> in = tasks.submitAll("small", times(2, task(object())));
    Members full =
        tasks.refusal("submit", "pool", "small", "tasks", times(5, task(object("do", "echo"))));
    assertThat(Wire.number(full, "code")).isEqualTo(FULL);
    Members data = Wire.members(full.value("data").orElseThrow());
    List<Members> accepted = Wire.objects(data, "accepted");
    assertThat(accepted).hasSize(1);
    in.add(Wire.text(accepted.getFirst(), "id"));

    Pmd.Outcome refused = pmd.pmctl("submit", "small", "1");
    assertThat(refused.exit()).as("%s", refused).isEqualTo(75);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).contains("the queue of small is full");
    assertThat(pmd.pmctl("submit", "small", "1", "--wait-for-space", "100ms").exit()).isEqualTo(75);

    Process patient = pmd.client("submit", "small", "2", "--wait-for-space", "1m").start();
    // A second one that waits for its result as well, on our own connection.
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.request(
          "submit",
          "pool",
          "small",
          "tasks",
          times(4, task(object("do", "echo"))),
          "space_seconds",
          60L,
          "wait",
          true);
      assertThat(tasks.list("small")).hasSize(3);
      assertThat(pmd.pmctl("pool", "resume", "small").exit()).isZero();
      Members answer = wire.message();
      List<Members> ended =
          Wire.objects(Wire.members(answer.value("result").orElseThrow()), "tasks");
      assertThat(ended).hasSize(4).allMatch(each -> each.has("result"));
    }
    assertThat(patient.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(patient.exitValue()).isZero();
    tasks.endAll(in, "SUCCEEDED");
    assertThat(tasks.list("small")).hasSize(8);
    assertThat(tasks.count("small", "refused_full")).isGreaterThanOrEqualTo(5);
  }

  @Test
  void aFailedAttemptIsFollowedByOthersAndThenByNone() throws Exception {
    String twice = tasks.submit("again", task(object("do", "fail", "attempts", 2L)));
    assertThat(tasks.end(twice).value("result")).contains(Map.of("attempt", 3L));
    assertThat(Wire.number(tasks.show(twice), "failures")).isEqualTo(2);

    Map<String, Object> failing = object("do", "fail", "until", file("mended").toString());
    String dead = tasks.submit("again", task(failing, "retries", 1L));
    Members end = tasks.end(dead);
    assertThat(Wire.text(end, "state")).isEqualTo("FAILED");
    assertThat(Wire.text(end, "error")).contains("as it was told", "code 7");
    assertThat(notes.read().of(dead)).hasSize(2);
    failing.put("retry", false);
    String forGood = tasks.submit("again", task(failing));
    assertThat(Wire.text(tasks.end(forGood), "state")).isEqualTo("FAILED");
    assertThat(notes.read().of(forGood)).hasSize(1);
    assertThat(tasks.events("again", "task-failed")).hasSize(2);
    Pmd.Outcome list = pmd.pmctl("task", "list", "again", "--state", "failed", "-o", "name");
    assertThat(list.lines()).containsExactlyInAnyOrder(dead, forGood);

    // Puts the dead letters back, once what was wrong is mended.
    Pmd.Outcome succeeded = pmd.pmctl("task", "retry", twice);
    assertThat(succeeded.exit()).as("%s", succeeded).isEqualTo(1);
    Files.createFile(file("mended"));
    assertThat(pmd.pmctl("task", "retry", "--pool", "again", "--state", "failed").exit()).isZero();
    tasks.endAll(List.of(dead, forGood), "SUCCEEDED");
    assertThat(notes.read().of(dead)).extracting(Notes.Attempt::number).doesNotHaveDuplicates();
  }

  @Test
  void whoIsTooSlowIsToldSo() throws Exception {
    Map<String, Long> before = tasks.awaitWorkers("limited", 1);
    Map<String, Object> polite = waiting("never");
    polite.put("timeout_seconds", 0.2);
    Members end = tasks.run("limited", polite);
    assertThat(Wire.text(end, "state")).isEqualTo("TIMED_OUT");
    assertThat(Wire.text(end, "error")).contains("limit of 0.2s");
    assertThat(notes.read().cancels()).containsKey(Wire.text(end, "id"));

    Map<String, Object> late = waiting("never", "cancel", "result");
    late.put("timeout_seconds", 0.2);
    assertThat(Wire.text(tasks.run("limited", late), "state")).isEqualTo("SUCCEEDED");
    assertThat(tasks.workers("limited")).isEqualTo(before);
    assertThat(tasks.count("limited", "timed_out")).isEqualTo(1);
  }

  @Test
  void andKilledIfThatDoesNotHelp() throws Exception {
    Map<String, Long> before = tasks.awaitWorkers("cut-off", 1);
    // It goes on, so it is killed; its neighbour is tried again and pays nothing.
    for (int i = 0; i < 3; i++) {
      String neighbour = tasks.submit("cut-off", waiting("neighbour" + i));
      Await.until("first attempt", () -> notes.read().of(neighbour).size() == 1);
      Map<String, Object> deaf = waiting("never", "cancel", "ignore");
      deaf.put("timeout_seconds", 0.2);
      assertThat(Wire.text(tasks.run("cut-off", deaf), "state")).isEqualTo("TIMED_OUT");
      Await.until("second attempt", () -> notes.read().of(neighbour).size() == 2);
      Files.createFile(file("neighbour" + i));
      assertThat(Wire.text(tasks.end(neighbour), "state")).isEqualTo("SUCCEEDED");
      assertThat(Wire.number(tasks.show(neighbour), "failures")).isZero();
    }
    // Three times, although the restart window has room for one.
    Map<String, Long> after = tasks.awaitWorkers("cut-off", 1);
    assertThat(after).isNotEqualTo(before);
    Members worker = pmd.status("cut-off@1");
    assertThat(Wire.text(worker, "exit_cause")).isEqualTo("time-limit");
    assertThat(Wire.number(worker, "restarts_in_window")).isZero();
    assertThat(tasks.count("cut-off", "timed_out")).isEqualTo(3);
  }

  @Test
  void aDelayedOneWaitsAndHoldsNobodyUp() throws Exception {
    long submitted = System.nanoTime();
    String delayed = tasks.submit("later", task(object(), "delay_seconds", 2.0));
    assertThat(Wire.number(tasks.pool("later"), "delayed")).isEqualTo(1);
    String prompt = tasks.submit("later", task(object()));
    tasks.endAll(List.of(delayed, prompt), "SUCCEEDED");
    Notes.Attempt began = notes.read().of(delayed).getFirst();
    assertThat(began.beganNanos() - submitted).isGreaterThanOrEqualTo(2_000_000_000L);
    assertThat(notes.read().of(prompt).getFirst().beganNanos()).isLessThan(began.beganNanos());
  }

  @Test
  void oneThatKillsItsWorkersIsGivenUpWithEvidence() throws Exception {
    String poison = tasks.submit("poisoned", task(object("do", "die")));
    String innocent = tasks.submit("poisoned", task(object()));
    Members end = tasks.end(poison);
    assertThat(Wire.text(end, "state")).isEqualTo("FAILED");
    assertThat(Wire.text(end, "error")).contains("KILL");
    assertThat(notes.read().of(poison)).hasSize(2);
    List<Members> died =
        Await.value(
            "evidence",
            () -> {
              List<Members> ends =
                  Wire.objects(tasks.show(poison), "events").stream()
                      .filter(event -> event.has("evidence"))
                      .toList();
              return ends.size() == 2 ? Optional.of(ends) : Optional.empty();
            },
            () -> tasks.show(poison).toString());
    for (int i = 0; i < 2; i++) {
      assertThat(Wire.text(died.get(i), "evidence"))
          .contains("the last words of attempt " + (i + 1));
      assertThat(Wire.text(died.get(i), "detail")).contains("KILL");
    }
    tasks.endAll(List.of(innocent), "SUCCEEDED");
    assertThat(tasks.events("poisoned", "task-lost")).hasSize(2);
    // Also one that ends its worker as if that were right.
    Members clean = tasks.run("poisoned", task(object("do", "die", "exit", 0L)));
    assertThat(Wire.text(clean, "state")).isEqualTo("FAILED");
    assertThat(Wire.text(clean, "error")).contains("exit 0");
    // One death is an accident.
    Members once = tasks.run("poisoned", task(object("do", "die", "attempts", 1L)));
    assertThat(once.value("result")).contains(Map.of("attempt", 2L));
  }

  @Test
  void whatIsGivenUpEnds() throws Exception {
    Map<String, Long> before = tasks.awaitWorkers("given-up", 1);
    String first = tasks.submit("given-up", waiting("never"));
    String second = tasks.submit("given-up", waiting("never"));
    Await.until("it is in hand", () -> notes.read().of(first).size() == 1);
    assertThat(tasks.await(first, "RUNNING").value("instance")).contains("given-up@1");

    assertThat(pmd.pmctl("task", "cancel", second).exit()).isZero();
    assertThat(tasks.state(second)).isEqualTo("CANCELLED");
    assertThat(notes.read().of(second)).isEmpty();
    assertThat(pmd.pmctl("task", "cancel", first).exit()).isZero();
    assertThat(tasks.state(first)).isEqualTo("CANCELLED");
    assertThat(tasks.workers("given-up")).isEqualTo(before);

    String done = tasks.submit("given-up", waiting("never", "cancel", "result"));
    Await.until("it is in hand", () -> notes.read().of(done).size() == 1);
    assertThat(pmd.pmctl("task", "cancel", done).exit()).isEqualTo(1);
    assertThat(tasks.state(done)).isEqualTo("SUCCEEDED");
    assertThat(tasks.workers("given-up")).isEqualTo(before);
    assertThat(pmd.pmctl("task", "cancel", "nobody-knows-it").exit()).isEqualTo(4);
  }

  @Test
  void alsoWhenItsWorkerDoesNotListen() throws Exception {
    Map<String, Long> before = tasks.awaitWorkers("deaf", 1);
    String deaf = tasks.submit("deaf", waiting("never", "cancel", "ignore"));
    Await.until("it is in hand", () -> notes.read().of(deaf).size() == 1);
    assertThat(pmd.pmctl("task", "cancel", deaf).exit()).isZero();
    assertThat(tasks.state(deaf)).isEqualTo("CANCELLED");
    assertThat(tasks.awaitWorkers("deaf", 1)).isNotEqualTo(before);
  }

  @Test
  void aTypeThatNobodyAcceptsIsRefused() throws Exception {
    Map<String, Object> picture = task(object(), "type", "image.thumb");
    assertThat(Wire.text(tasks.run("pictures", picture), "state")).isEqualTo("SUCCEEDED");
    Pmd.Outcome refused = pmd.pmctl("submit", "pictures", "1", "--type", "mail");
    assertThat(refused.exit()).as("%s", refused).isNotIn(0, 75);
    assertThat(refused.err()).contains("does not accept tasks of type 'mail'");
    assertThat(tasks.list("pictures")).hasSize(1);
    assertThat(pmd.pmctl("submit", "picture", "1").exit()).isEqualTo(4);
  }

  @Test
  void dataAndResultsAreCarriedAsTheyAre() throws Exception {
    // From nothing to as much as a task may have, on both sides of what stays in memory.
    List<String> texts =
        List.of(
            "",
            "\u00e4\u20ac\ud83d\ude00 \\ \" \n \u2028",
            "x".repeat(4_000),
            "y".repeat(5_000),
            "\u00fc".repeat(40_000),
            "z".repeat(900_000));
    List<String> ids = new ArrayList<>();
    for (String text : texts) {
      ids.add(tasks.submit("large", task(object("text", text))));
    }
    for (int i = 0; i < ids.size(); i++) {
      Members task = tasks.end(ids.get(i));
      assertThat(Wire.text(task, "state")).as("%s", i).isEqualTo("SUCCEEDED");
      assertThat(task.has("result")).as("%s: %s", i, task).isTrue();
      Members result = Wire.members(task.value("result").orElseThrow());
      assertThat(result.value("data")).contains(Map.of("text", texts.get(i)));
    }
    Path input = Files.writeString(file("input.json"), "{\"text\":\"from a file\"}");
    Pmd.Outcome fromFile = pmd.pmctl("submit", "large", "@" + input, "--wait");
    assertThat(fromFile.out()).contains("\"text\":\"from a file\"");
  }

  @Test
  void aThousandTogetherAllEnd() throws Exception {
    Set<String> all = new HashSet<>();
    List<FutureTask<List<String>>> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      FutureTask<List<String>> client =
          new FutureTask<>(() -> tasks.submitAll("keys", times(200, task(object("n", 1L)))));
      Thread.ofPlatform().start(client);
      clients.add(client);
    }
    for (FutureTask<List<String>> client : clients) {
      all.addAll(client.get(60, TimeUnit.SECONDS));
    }
    assertThat(all).hasSize(800);
    tasks.endAll(List.copyOf(all), "SUCCEEDED");
    List<String> begun = new ArrayList<>(notes.read().tasks());
    begun.retainAll(all);
    assertThat(begun).hasSize(800).doesNotHaveDuplicates();
  }
}
