package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** Many programs at once, and a daemon that has nothing to do. */
@Timeout(180)
class CrowdIT {

  private static final String PROGRAMS =
      """
      programs:
        crowd:
          command: [/bin/sleep, "1000"]
          instances: 200
          readiness: {uptime: 0s}
          restart: {delay: 100ms}
        mass:
          command: [/bin/sleep, "1000"]
          instances: 1000
          autostart: false
          readiness: {uptime: 0s}
      """;

  /** What the JVM does for itself; it is kept to almost nothing, but not ours to end. */
  private static final Set<String> OF_THE_JVM =
      Set.of("VM Periodic Tas", "VM Thread", "Service Thread", "C1 CompilerThre", "Common-Cleaner");

  @TempDir private static Path folder;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws IOException {
    pmd = new Pmd(folder).with(PROGRAMS).start();
    Await.until("all are up", () -> idle(pmd.status(), "crowd").size() == 200, pmd::said);
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  @Test
  void twoHundredKilledAtOnceAreAllBack() throws Exception {
    assertThat(pmd.pmctl("reset", "crowd").exit()).isZero();
    Map<String, Long> before = idle(pmd.status(), "crowd");
    Map<String, Long> restarts = restarts(pmd.status());
    before.values().forEach(pid -> Proc.of(pid).orElseThrow().kill());
    Await.until(
        "all are back",
        () -> {
          Map<String, Long> now = idle(pmd.status(), "crowd");
          Set<Long> pids = new HashSet<>(now.values());
          pids.removeAll(before.values());
          return pids.size() == 200;
        },
        pmd::said);
    Map<String, Long> after = restarts(pmd.status());
    restarts.replaceAll((name, count) -> count + 1);
    assertThat(after).isEqualTo(restarts);
    assertThat(pmd.processes()).hasSize(200);
  }

  @Test
  void aThousandStartAndStopAndTheDaemonIsAsBefore() throws Exception {
    awaitRest();
    int descriptors = entries("fd").size();
    Set<String> threads = threadsThatStay();

    Pmd.Outcome started = pmd.pmctl("start", "mass", "-o", "jsonl");
    assertThat(started.exit()).as("%s", started).isZero();
    assertThat(started.lines()).hasSize(1_000);
    assertThat(idle(pmd.status(), "mass")).hasSize(1_000);
    assertThat(pmd.processes()).hasSize(1_200);

    Pmd.Outcome stopped = pmd.pmctl("stop", "mass");
    assertThat(stopped.exit()).as("%s", stopped).isZero();
    assertThat(pmd.processes()).hasSize(200);
    try (Stream<Path> pipes = Files.list(folder.resolve("run/pipes"))) {
      assertThat(pipes).hasSize(200);
    }

    awaitRest();
    assertThat(entries("fd")).hasSize(descriptors);
    assertThat(threadsThatStay()).isEqualTo(threads);
    Members daemon = pmd.ask("daemon.status");
    assertThat(Wire.number(daemon, "impossible_events")).isZero();
    assertThat(Wire.number(daemon, "loop_failures")).isZero();
    assertThat(Wire.number(daemon, "start_slots_in_use")).isZero();
  }

  /** With two hundred programs that run and print nothing. */
  @Test
  void idleMeansIdle() throws Exception {
    awaitRest();
    Map<String, Long> before = threads();
    Await.moment(TimeUnit.SECONDS.toNanos(10));
    Map<String, Long> after = threads();
    assertThat(after).isEqualTo(before);
    assertThat(after.keySet()).anyMatch(thread -> thread.startsWith("log-writer"));
  }

  /** Waits until the threads that only help have ended, and what was opened for them is closed. */
  private static void awaitRest() {
    Await.until(
        "the daemon is at rest",
        () ->
            threads().keySet().stream().noneMatch(name -> name.startsWith("blocking"))
                && threads().keySet().stream().filter(CrowdIT::startsProcesses).count() <= 1,
        () -> threads().toString());
  }

  /** Of those that start processes one stays, whichever; the others end. */
  private static boolean startsProcesses(String thread) {
    return thread.startsWith("spawn-");
  }

  private static Set<String> threadsThatStay() {
    Set<String> threads = new HashSet<>(threads().keySet());
    threads.removeIf(CrowdIT::startsProcesses);
    return threads;
  }

  /** Returns how often each thread, but for those of the JVM's own, was switched to or from. */
  private static Map<String, Long> threads() {
    Map<String, Long> switches = new TreeMap<>();
    for (Path task : entries("task")) {
      try {
        String name = Files.readString(task.resolve("comm")).strip();
        long count =
            Files.readAllLines(task.resolve("status")).stream()
                .filter(line -> line.contains("ctxt_switches"))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
                .sum();
        if (!OF_THE_JVM.contains(name)) {
          switches.put(name + " " + task.getFileName(), count);
        }
      } catch (IOException ended) {
        // A thread that is gone switches no more.
      }
    }
    return switches;
  }

  private static List<Path> entries(String kind) {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pmd.pid() + "/" + kind))) {
      return all.toList();
    } catch (IOException unreadable) {
      throw new AssertionError(pmd.said(), unreadable);
    }
  }

  /** Returns the pids of the instances of a program that are up. */
  private static Map<String, Long> idle(Map<String, Members> status, String program) {
    Map<String, Long> pids = new HashMap<>();
    status.forEach(
        (name, item) -> {
          if (Wire.text(item, "program").equals(program) && Pmd.is(item, "IDLE")) {
            pids.put(name, Wire.number(item, "pid"));
          }
        });
    return pids;
  }

  private static Map<String, Long> restarts(Map<String, Members> status) {
    Map<String, Long> restarts = new HashMap<>();
    status.forEach(
        (name, item) -> {
          if (Wire.text(item, "program").equals("crowd")) {
            restarts.put(name, Wire.number(item, "restarts"));
          }
        });
    return restarts;
  }
}
