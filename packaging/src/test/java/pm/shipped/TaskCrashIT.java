package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.shipped.Tasks.object;
import static pm.shipped.Tasks.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.ErrorCode;
import pm.protocol.Members;

/**
 * {@code kill -9} of the daemon, of workers and of both while they work: no task is lost, none ends
 * twice, and whatever was done twice has another attempt to show for it.
 *
 * <p>A campaign is {@code -Dtasks.count=20000 -Dtasks.kills=50 -Dworkers.kills=200}; without these
 * it is a short one.
 */
@Timeout(600)
class TaskCrashIT {

  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int WORKERS = 8;
  private static final int CLIENTS = 4;

  /** In one submit. */
  private static final int TOGETHER = 20;

  @TempDir private Path folder;
  private Random random = new Random();

  @BeforeEach
  void draw() {
    long seed = Long.getLong("crash.seed", System.nanoTime());
    System.out.println("crash.seed=" + seed);
    random = new Random(seed);
  }

  private static String program(Notes notes) {
    return """
    programs:
      work:
    %s
        restart: {delay: 0s, max_restarts: unlimited}
        pool:
          min: 8
          max: 8
          queue: {capacity: 100000}
          task: {retries: 0, keep_max: 100000, poison_after: 100}
          breaker: {failures: 10000}
    """
        .formatted(notes.worker().indent(0).stripTrailing());
  }

  @Test
  void ofTheDaemon() throws Exception {
    int count = Integer.getInteger("tasks.count", 4_000);
    int kills = Integer.getInteger("tasks.kills", 8);
    Notes notes = new Notes(folder.resolve("notes"));
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(program(notes)).start();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Tasks tasks = new Tasks(pmd);
      Map<String, Long> workers = tasks.awaitWorkers("work", WORKERS);
      Set<String> acknowledged = ConcurrentHashMap.newKeySet();
      AtomicInteger inDoubt = new AtomicInteger();
      // As many for each kill, so that there is something to do at the last one too.
      Semaphore submits = new Semaphore(0);
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        Client client =
            new Client(
                pmd, random.nextLong(), i == 0 ? "" : "k" + i + "-", count / CLIENTS, submits);
        clients.add(threads.submit(() -> client.submitAll(acknowledged, inDoubt)));
      }

      Map<String, String> seenEnded = new HashMap<>();
      int inTheMiddle = 0;
      for (int kill = 0; kill < kills; kill++) {
        int before = acknowledged.size();
        submits.release(count / TOGETHER / kills);
        Await.until("some are in", () -> acknowledged.size() > before);
        Await.moment(random.nextLong(count * 5L * MILLISECOND / WORKERS / kills));
        inTheMiddle += Wire.number(tasks.pool("work"), "running") > 0 ? 1 : 0;
        pmd.crash();
        if (kill % 4 == 3) {
          // Also while it takes all of it over.
          pmd.spawn();
          Await.moment(random.nextLong(600 * MILLISECOND));
          pmd.crash();
        }
        pmd.start();
        look(tasks, acknowledged, seenEnded);
      }
      submits.release(count);
      for (Future<?> client : clients) {
        client.get(5, TimeUnit.MINUTES);
      }
      Map<String, Members> ended = tasks.endAll(List.copyOf(acknowledged), "SUCCEEDED");
      Await.until("none is open", () -> Wire.number(tasks.pool("work"), "running") == 0);
      System.out.println(kills + " kills, in the middle of tasks: " + inTheMiddle);
      assertThat(inTheMiddle).isGreaterThan(kills / 2);

      // The books: each once, all that was acknowledged, and little that was not.
      List<Members> books = tasks.list("work");
      Set<String> ids = books.stream().map(each -> Wire.text(each, "id")).collect(set());
      assertThat(books).hasSameSizeAs(ids).noneMatch(TaskCrashIT::isOpen);
      assertThat(ids).containsAll(acknowledged);
      assertThat(ids.size()).isBetween(count, count + inDoubt.get());
      seenEnded.forEach((id, end) -> assertThat(end(tasks.show(id))).isEqualTo(end));

      // Nobody of those who did the work has noticed.
      assertThat(tasks.workers("work")).isEqualTo(workers);
      Notes.Book book = notes.read();
      assertThat(book.invocations()).hasSize(WORKERS);
      assertThat(book.shutdowns()).isZero();
      assertThat(book.cancels()).isEmpty();
      List<Notes.Attempt> repeated = assertExplained(books, ended, book);
      System.out.println(books.size() + " tasks, done again: " + repeated);
      // A kill between the write of a frame and the mark that it was written, at most.
      assertThat(repeated).hasSizeLessThanOrEqualTo(kills * 5 / 4);
      for (Notes.Attempt again : repeated) {
        assertThat(book.of(again.task()))
            .extracting(Notes.Attempt::invocation)
            .containsOnly(again.invocation());
      }
      tasks.assertSound();
    }
  }

  @Test
  void ofWorkers() throws Exception {
    int kills = Integer.getInteger("workers.kills", 40);
    Notes notes = new Notes(folder.resolve("notes"));
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(program(notes)).start()) {
      Tasks tasks = new Tasks(pmd);
      tasks.awaitWorkers("work", WORKERS);
      List<String> ids = new ArrayList<>();
      Set<String> killed = new HashSet<>();
      // A busy machine shows a worker BUSY for longer than it is: then there are a few more.
      while (killed.size() < kills
          || (killed.size() < 3 * kills && hits(notes, killed) <= kills / 2)) {
        for (int i = 0; i < 5; i++) {
          ids.addAll(tasks.submitAll("work", some(random, "", 0)));
        }
        Members victim = pmd.status("work@" + (1 + random.nextInt(WORKERS)));
        String invocation = Wire.text(victim, "invocation_id");
        if (Pmd.is(victim, "BUSY") && killed.add(invocation)) {
          Proc.of(Wire.number(victim, "pid")).ifPresent(Proc::kill);
        }
        Await.moment(random.nextLong(10 * MILLISECOND));
      }
      Map<String, Members> ended = tasks.endAll(ids, "SUCCEEDED");

      Notes.Book book = notes.read();
      List<Members> books = tasks.list("work");
      assertThat(books).hasSameSizeAs(ids);
      List<Notes.Attempt> repeated = assertExplained(books, ended, book);
      long inTheMiddle = book.attempts().stream().filter(each -> !each.mayBeAnswered()).count();
      System.out.println(
          ids.size() + " tasks, " + killed.size() + " kills, in the middle: " + inTheMiddle);
      assertThat(inTheMiddle).isGreaterThan(kills / 2);
      // Done again is only what had no answer, because its worker was killed.
      Map<String, Notes.Attempt> byNumber = byNumber(book);
      for (Notes.Attempt again : repeated) {
        for (int number = 1; number < again.number(); number++) {
          Optional<Notes.Attempt> before =
              Optional.ofNullable(byNumber.get(again.task() + "/" + number));
          assertThat(before.filter(Notes.Attempt::isAnswered)).as("%s", again).isEmpty();
          before.ifPresent(each -> assertThat(killed).contains(each.invocation()));
        }
      }
      assertThat(book.attempts())
          .filteredOn(attempt -> !attempt.mayBeAnswered())
          .allMatch(attempt -> killed.contains(attempt.invocation()));
      // Besides those that a killed one had in hand, what was on its way to it.
      long more = books.stream().mapToLong(each -> Wire.number(each, "attempts") - 1).sum();
      assertThat(tasks.count("work", "lost")).isBetween(inTheMiddle, (long) killed.size());
      assertThat(more).isLessThanOrEqualTo(2L * killed.size());
      tasks.awaitWorkers("work", WORKERS);
      tasks.assertSound();
    }
  }

  /** Returns how many were killed in the middle of a task. */
  private static long hits(Notes notes, Set<String> killed) {
    return notes.read().attempts().stream()
        .filter(each -> !each.mayBeAnswered() && killed.contains(each.invocation()))
        .count();
  }

  /** What such workers have written is lost with them; their tasks are not. */
  @Test
  void ofWorkersWhileNoDaemonRuns() throws Exception {
    Notes notes = new Notes(folder.resolve("notes"));
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(program(notes)).start()) {
      Tasks tasks = new Tasks(pmd);
      List<String> ids = new ArrayList<>();
      Set<String> killed = new HashSet<>();
      for (int round = 0; round < 4; round++) {
        // Right after its start the daemon shows what it has not yet looked for as it left it.
        Await.until("all are there", () -> pmd.processes().size() == WORKERS, pmd::said);
        tasks.awaitWorkers("work", WORKERS);
        for (int i = 0; i < 10; i++) {
          ids.addAll(tasks.submitAll("work", some(random, "", 0)));
        }
        pmd.crash();
        List<Proc> workers = pmd.processes();
        assertThat(workers).as("pmd said: %s", pmd.said()).hasSize(WORKERS);
        for (Proc worker : workers.subList(0, 3)) {
          killed.add(worker.variable("PM_INVOCATION_ID"));
          worker.kill();
        }
        Await.until(
            "they are gone",
            () -> workers.subList(0, 3).stream().allMatch(each -> Proc.of(each.pid()).isEmpty()));
        pmd.start();
      }
      Map<String, Members> ended = tasks.endAll(ids, "SUCCEEDED");
      Notes.Book book = notes.read();
      List<Members> books = tasks.list("work");
      assertThat(books).hasSameSizeAs(ids);
      // Each of the crashes may besides have hit one between the write of a frame and its mark.
      List<Notes.Attempt> repeated = assertExplained(books, ended, book);
      Map<String, Notes.Attempt> byNumber = byNumber(book);
      long unexplained =
          repeated.stream()
              .filter(
                  again ->
                      Optional.ofNullable(byNumber.get(again.task() + "/" + (again.number() - 1)))
                          .filter(before -> !killed.contains(before.invocation()))
                          .isPresent())
              .count();
      assertThat(unexplained).isLessThanOrEqualTo(4);
      assertThat(books).allMatch(each -> Wire.number(each, "failures") == 0);
      tasks.assertSound();
    }
  }

  /**
   * Compares the books with what the workers have noted: no attempt was done twice, and the result
   * in the books is that of the last attempt. Returns what was done again.
   */
  private static List<Notes.Attempt> assertExplained(
      List<Members> books, Map<String, Members> ended, Notes.Book book) {
    Map<String, List<Notes.Attempt>> attempts =
        book.attempts().stream().collect(Collectors.groupingBy(Notes.Attempt::task));
    assertThat(byNumber(book)).hasSameSizeAs(book.attempts());
    List<Notes.Attempt> repeated = new ArrayList<>();
    for (Members task : books) {
      String id = Wire.text(task, "id");
      List<Notes.Attempt> mine = attempts.getOrDefault(id, List.of());
      long last = Wire.number(task, "attempts");
      assertThat(Wire.text(task, "state")).isEqualTo("SUCCEEDED");
      assertThat(mine).as("%s", task).allMatch(each -> each.number() <= last).isNotEmpty();
      assertThat(Wire.number(task, "result_bytes")).as("%s", task).isPositive();
      if (ended.containsKey(id)) {
        Members result = Wire.members(ended.get(id).value("result").orElseThrow());
        assertThat(Wire.number(result, "attempt")).as("%s", task).isEqualTo(last);
        assertThat(mine)
            .as("%s", task)
            .anyMatch(
                each ->
                    each.number() == last
                        && each.mayBeAnswered()
                        && each.invocation().equals(Wire.text(result, "by")));
      }
      repeated.addAll(mine.subList(1, mine.size()));
    }
    return repeated;
  }

  private static Map<String, Notes.Attempt> byNumber(Notes.Book book) {
    Map<String, Notes.Attempt> byNumber = new HashMap<>();
    for (Notes.Attempt attempt : book.attempts()) {
      String name = attempt.task() + "/" + attempt.number();
      assertThat(byNumber.put(name, attempt)).as("done twice: %s", attempt).isNull();
    }
    return byNumber;
  }

  private static <T> Collector<T, ?, Set<T>> set() {
    return Collectors.toSet();
  }

  private static boolean isOpen(Members task) {
    return !Tasks.ENDS.contains(Wire.text(task, "state"));
  }

  private static String end(Members task) {
    return "%s after %s by %s at %s: %s"
        .formatted(
            Wire.text(task, "state"),
            Wire.text(task, "attempts"),
            Wire.text(task, "instance"),
            Wire.text(task, "ended_at"),
            Wire.text(task, "result"));
  }

  /** Looks at some tasks: each is known, and what has ended stays as it was. */
  private void look(Tasks tasks, Collection<String> ids, Map<String, String> ended) {
    List<String> all = new ArrayList<>(ids);
    for (int i = 0; i < 30; i++) {
      String id = all.get(random.nextInt(all.size()));
      Members task = tasks.show(id);
      if (!isOpen(task)) {
        assertThat(end(task)).isEqualTo(ended.getOrDefault(id, end(task)));
        ended.put(id, end(task));
      }
    }
  }

  /**
   * Returns tasks that take up to 10 ms.
   *
   * @param prefix of their keys; empty for none
   */
  private static List<Object> some(Random random, String prefix, int from) {
    List<Object> some = new ArrayList<>();
    for (int i = 0; i < TOGETHER; i++) {
      Map<String, Object> each =
          task(object("do", "take", "seconds", random.nextInt(10_000) / 1_000_000.0));
      if (!prefix.isEmpty()) {
        each.put("id", prefix + (from + i));
      }
      some.add(each);
    }
    return some;
  }

  /**
   * Submits until all has been acknowledged, whatever happens to the daemon.
   *
   * @param prefix of the keys; empty for tasks without, of which some may be submitted twice
   * @param submits how many submits are due
   */
  private record Client(Pmd pmd, long seed, String prefix, int count, Semaphore submits) {

    void submitAll(Set<String> acknowledged, AtomicInteger inDoubt) {
      Random random = new Random(seed);
      for (int from = 0; from < count; from += TOGETHER) {
        List<Object> some = some(random, prefix, from);
        submits.acquireUninterruptibly();
        acknowledged.addAll(
            Await.value(
                "an acknowledgement", () -> submit(some, inDoubt), () -> "pmd: " + pmd.said()));
      }
    }

    private Optional<List<String>> submit(List<Object> some, AtomicInteger inDoubt) {
      try (Wire wire = Wire.connect(pmd.socket())) {
        wire.request("submit", "pool", "work", "tasks", some);
        if (prefix.isEmpty()) {
          inDoubt.addAndGet(some.size());
        }
        while (true) {
          Members answer = wire.message();
          if (answer.has("error")) {
            Members error = Wire.members(answer.value("error").orElseThrow());
            // Only to be tried again.
            assertThat(Wire.number(error, "code"))
                .as("%s", error)
                .isIn((long) ErrorCode.BUSY.code(), (long) ErrorCode.SHUTTING_DOWN.code());
            return Optional.empty();
          }
          if (answer.has("result")) {
            if (prefix.isEmpty()) {
              inDoubt.addAndGet(-some.size());
            }
            return Optional.of(
                Wire.objects(Wire.members(answer.value("result").orElseThrow()), "tasks").stream()
                    .map(each -> Wire.text(each, "id"))
                    .toList());
          }
        }
      } catch (IOException gone) {
        return Optional.empty();
      }
    }
  }
}
