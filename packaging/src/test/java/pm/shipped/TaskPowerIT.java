package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static pm.shipped.Tasks.object;
import static pm.shipped.Tasks.task;
import static pm.shipped.Tasks.times;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** What has been acknowledged is on the disk, and whatever else is there harms nothing. */
@Timeout(300)
class TaskPowerIT {

  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  private static final String FLUSHES = "fsync,fdatasync,sync_file_range,msync,syncfs";

  @TempDir private Path folder;
  private Random random = new Random();
  private Notes notes;

  @BeforeEach
  void draw() throws IOException {
    long seed = Long.getLong("power.seed", System.nanoTime());
    System.out.println("power.seed=" + seed);
    random = new Random(seed);
    notes = new Notes(folder.resolve("notes"));
  }

  private Pmd pmd(String home) throws IOException {
    return new Pmd(folder.resolve(home))
        .with(
            """
            programs:
              work:
            %s
                restart: {delay: 0s}
                pool: {min: 4, max: 4, queue: {capacity: 100000}, task: {keep_max: 100000}}
            """
                .formatted(notes.worker().indent(0).stripTrailing()));
  }

  /**
   * The state folder as it is at some moment while tasks flow, cut to what it had been when the
   * last of those tasks was acknowledged that are looked for, or with something behind that which
   * was never written so.
   */
  @Test
  void afterALossOfPowerAllThatWasAcknowledgedIsThere() throws Exception {
    int losses = Integer.getInteger("power.losses", 4);
    List<Set<String>> acknowledgedBy = new ArrayList<>();
    try (Pmd pmd = pmd("home").start();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Tasks tasks = new Tasks(pmd);
      AtomicBoolean over = new AtomicBoolean();
      Set<String> acknowledged = ConcurrentHashMap.newKeySet();
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random sizes = new Random(random.nextLong());
        clients.add(
            threads.submit(
                () -> {
                  while (!over.get()) {
                    acknowledged.addAll(tasks.submitAll("work", some(sizes)));
                  }
                  return true;
                }));
      }
      for (int loss = 0; loss < losses; loss++) {
        Await.moment(random.nextLong(300 * MILLISECOND));
        int before = acknowledged.size();
        Await.until("more are in", () -> acknowledged.size() > before);
        acknowledgedBy.add(copy(folder.resolve("home/state"), acknowledged, "lost" + loss));
      }
      over.set(true);
      for (Future<?> client : clients) {
        client.get(1, TimeUnit.MINUTES);
      }
    }
    for (int loss = 0; loss < losses; loss++) {
      damage(folder.resolve("lost" + loss + "/state/tasks"), loss);
      try (Pmd pmd = pmd("lost" + loss).start()) {
        Tasks tasks = new Tasks(pmd);
        Set<String> known =
            tasks.list("work").stream()
                .map(each -> Wire.text(each, "id"))
                .collect(Collectors.toSet());
        Set<String> acknowledged = acknowledgedBy.get(loss);
        System.out.println(
            "loss " + loss + ": " + acknowledged.size() + " acknowledged, " + known.size());
        assertThat(known).containsAll(acknowledged);
        tasks.endAll(List.copyOf(known), "SUCCEEDED");
        // New ones are not taken for old ones.
        assertThat(known).doesNotContain(tasks.submit("work", task(object())));
        tasks.assertSound();
      }
    }
  }

  private static List<Object> some(Random sizes) {
    List<Object> some = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int length = sizes.nextInt(4) == 0 ? sizes.nextInt(6_000) : sizes.nextInt(100);
      some.add(task(object("text", "x".repeat(length))));
    }
    return some;
  }

  /** Copies what was certain at a moment; returns which tasks were acknowledged by then. */
  private Set<String> copy(Path state, Set<String> acknowledged, String home) throws IOException {
    while (true) {
      Set<String> before = new HashSet<>(acknowledged);
      Map<Path, Long> sizes = new HashMap<>();
      Path target = folder.resolve(home).resolve("state");
      try (Stream<Path> all = Files.walk(state)) {
        for (Path file : all.filter(Files::isRegularFile).toList()) {
          sizes.put(file, Files.size(file));
        }
        for (Map.Entry<Path, Long> file : sizes.entrySet()) {
          Path copy = target.resolve(state.relativize(file.getKey()).toString());
          Files.createDirectories(copy.getParent());
          Files.copy(file.getKey(), copy);
          try (var channel = Files.newByteChannel(copy, StandardOpenOption.WRITE)) {
            channel.truncate(file.getValue());
          }
        }
        return before;
      } catch (NoSuchFileException | UncheckedIOException replaced) {
        // A file was removed meanwhile: this is no picture of one moment.
        deleteAll(target);
      }
    }
  }

  private static void deleteAll(Path tree) throws IOException {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  /** Puts behind the end of the newest file what a file system may leave there. */
  private void damage(Path tasks, int kind) throws IOException {
    Path newest;
    try (Stream<Path> files = Files.list(tasks)) {
      newest = files.max(Comparator.comparing(Path::getFileName)).orElseThrow();
    }
    byte[] tail = new byte[kind % 3 == 0 ? 0 : 1 + random.nextInt(20_000)];
    if (kind % 3 == 2) {
      random.nextBytes(tail);
    }
    Files.write(newest, tail, StandardOpenOption.APPEND);
  }

  @Test
  void anAnswerWaitsForItsFlushAndManyShareOne() throws Exception {
    try (Pmd pmd = pmd("home").start();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      Tasks tasks = new Tasks(pmd);
      tasks.submit("work", task(object()));
      long delayNanos = 400 * MILLISECOND;
      try (Strace _ = Strace.inject(pmd, FLUSHES, "delay_enter=" + delayNanos / 1_000)) {
        long from = System.nanoTime();
        tasks.submit("work", task(object()));
        assertThat(System.nanoTime() - from).isGreaterThanOrEqualTo(delayNanos);

        from = System.nanoTime();
        List<Future<String>> clients = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          clients.add(threads.submit(() -> tasks.submit("work", task(object()))));
        }
        for (Future<String> client : clients) {
          client.get(1, TimeUnit.MINUTES);
        }
        // One that was under way, one for the first of them, one for the rest.
        assertThat(System.nanoTime() - from).isLessThan(12 * delayNanos);
      }
    }
  }

  @Test
  void whatCannotBeFlushedIsNotAcknowledged() throws Exception {
    try (Pmd pmd = pmd("home").start()) {
      Tasks tasks = new Tasks(pmd);
      List<String> before = tasks.submitAll("work", times(10, task(object())));
      tasks.endAll(before, "SUCCEEDED");
      try (Strace _ = Strace.inject(pmd, FLUSHES, "error=EIO")) {
        Pmd.Outcome refused = pmd.pmctl("submit", "work", "1");
        assertThat(refused.exit()).as("%s", refused).isEqualTo(75);
        assertThat(refused.err()).contains("Input/output error");
        assertThat(refused.out()).isEmpty();
        assertThat(pmd.status().values()).allMatch(item -> item.has("pid"));
      }
      // As soon as the disk takes something again.
      List<String> after = new ArrayList<>();
      Await.until(
          "a submit is taken",
          () -> {
            try {
              Pmd.Outcome taken = pmd.pmctl("submit", "work", "2");
              after.addAll(taken.lines());
              return taken.exit() == 0;
            } catch (IOException | InterruptedException broken) {
              throw new AssertionError(broken);
            }
          },
          pmd::said);
      pmd.crash();
      pmd.start();
      tasks.endAll(before, "SUCCEEDED");
      tasks.endAll(after, "SUCCEEDED");
      List<Members> books = tasks.list("work");
      assertThat(books.stream().map(each -> Wire.text(each, "id"))).doesNotHaveDuplicates();
      tasks.assertSound();
    }
  }
}
