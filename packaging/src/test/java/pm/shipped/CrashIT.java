package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** {@code kill -9} of the daemon costs nothing, whenever it comes. */
@Timeout(180)
class CrashIT {

  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  /** Thirty that number their lines: some fast, some in long pieces, some slow. */
  private static final String WRITERS =
      """
      programs:
        fast:
          command: &numbers |
            exec 2> /dev/null # where the shell says that its sleep was killed
            i=0
            trap 'echo "$((i + 1)) end"; exit 0' TERM
            while :; do
              n=0
              while [ $n -lt $LINES ]; do n=$((n + 1)); i=$((i + 1)); echo "$i $TEXT"; done
              sleep $PAUSE
            done
          shell: true
          instances: 6
          environment: {LINES: "400", PAUSE: "0.03", TEXT: "of the fast ones"}
          logs: &logs {max_size: 256KiB, keep: 1000}
        slow:
          command: *numbers
          shell: true
          instances: 16
          environment: {LINES: "2", PAUSE: "0.2", TEXT: "of the slow ones"}
          logs: *logs
        long:
          command: |
            exec 2> /dev/null # where the shell says that its sleep was killed
            i=0
            trap 'echo "$((i + 1)) end"; exit 0' TERM
            while :; do
              i=$((i + 1)); printf '%d ' $i; printf '%06000d' 0; printf '%03000d\\n' 0
              sleep 0.05
            done
          shell: true
          instances: 8
          logs: *logs
      """;

  @TempDir private Path folder;

  @Test
  void twentyTimesUnderLoadNothingIsRestartedAndNoLineIsLost() throws Exception {
    long seed = Long.getLong("crash.seed", System.nanoTime());
    System.out.println("crash.seed=" + seed);
    Random random = new Random(seed);
    try (Pmd pmd = new Pmd(folder).with(WRITERS).start()) {
      Await.until("all are up", () -> idle(pmd.status()) == 30, pmd::said);
      Map<String, String> invocations = invocations(pmd.status());

      for (int crash = 1; crash <= 20; crash++) {
        // Every third comes before it is sure to listen: while it takes over what it finds.
        if (crash % 3 != 0) {
          pmd.awaitAnswer();
          assertThat(invocations(pmd.status())).as("before crash %s", crash).isEqualTo(invocations);
        }
        Await.moment(random.nextLong(400 * MILLISECOND));
        pmd.crash();
        Await.moment(random.nextLong(200 * MILLISECOND));
        pmd.spawn();
      }
      pmd.awaitAnswer();
      Await.until("all are up", () -> idle(pmd.status()) == 30, pmd::said);
      Map<String, Members> after = pmd.status();
      assertThat(invocations(after)).isEqualTo(invocations);
      assertThat(after.values()).allMatch(item -> Wire.number(item, "restarts") == 0);
      assertThat(pmd.processes()).filteredOn(Proc::leadsSession).hasSize(30);

      Pmd.Outcome stopped = pmd.pmctl("stop", "all");
      assertThat(stopped.exit()).as("%s", stopped).isZero();
      assertThat(pmd.processes()).isEmpty();
      for (String instance : after.keySet()) {
        assertThat(numbers(instance)).as(instance).isGreaterThan(10);
      }
      try (Stream<Path> parts = Files.list(folder.resolve("log"))) {
        assertThat(parts.map(Path::toString)).anyMatch(part -> part.endsWith("fast@1.log.5"));
      }
    }
  }

  /** Kills while it starts, stops and restarts; then nobody may run twice, or without its leave. */
  @Test
  void killedInTheMiddleOfWhatItWasAskedFor() throws Exception {
    long seed = Long.getLong("crash.seed", System.nanoTime());
    System.out.println("crash.seed=" + seed);
    Random random = new Random(seed);
    String yaml =
        """
        programs:
          web:
            command: ["/bin/sh", "-c", "echo up; while :; do sleep 1000 & wait $!; done"]
            instances: 6
            readiness: {uptime: 0s}
          stubborn:
            command: "trap '' TERM; while :; do sleep 1000; done"
            shell: true
            instances: 2
            readiness: {uptime: 100ms}
            stop: {timeout: 200ms}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).spawn()) {
      // A crash in the middle of the very first start.
      Await.moment(random.nextLong(600 * MILLISECOND));
      pmd.crash();
      pmd.start();
      List<String> asked = List.of("stop", "start", "restart", "restart");
      for (int round = 0; round < 12; round++) {
        String method = asked.get(round % asked.size());
        try (Wire wire = Wire.connect(pmd.socket())) {
          wire.request(method, "selectors", List.of("all"));
          Await.moment(random.nextLong((round % 2 == 0 ? 20 : 300) * MILLISECOND));
          pmd.crash();
        }
        pmd.start();
        assertThat(doubles(pmd))
            .as("round %s, %s; pmd said: %s", round, method, pmd.said())
            .isEmpty();
      }
      Pmd.Outcome started = pmd.pmctl("start", "all");
      assertThat(started.exit()).as("%s; pmd said: %s", started, pmd.said()).isZero();
      assertThat(doubles(pmd)).isEmpty();
      assertThat(idle(pmd.status())).isEqualTo(8);
      Set<String> known = new HashSet<>(invocations(pmd.status()).values());
      assertThat(pmd.processes())
          .allMatch(process -> known.contains(process.variable("PM_INVOCATION_ID")));

      Pmd.Outcome stopped = pmd.pmctl("stop", "all");
      assertThat(stopped.exit()).as("%s; pmd said: %s", stopped, pmd.said()).isZero();
      assertThat(pmd.processes()).isEmpty();
      // An operator's stop holds over a crash.
      pmd.crash();
      pmd.start();
      assertThat(pmd.status().values()).allMatch(item -> Pmd.is(item, "DEAD/stopped"));
      assertThat(pmd.processes()).isEmpty();
      assertThat(Wire.number(pmd.ask("daemon.status"), "impossible_events")).isZero();
    }
  }

  /** What ends while no daemon runs is noticed by the next one, and what it wrote may be lost. */
  @Test
  void whatEndedMeanwhileIsStartedAgain() throws Exception {
    String yaml =
        """
        programs:
          web: {command: "echo up; exec sleep 1000", shell: true, readiness: {uptime: 0s}, restart: {delay: 10ms}}
          other: {command: "echo up; exec sleep 1000", shell: true, readiness: {uptime: 0s}}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      long first = Wire.number(pmd.await("web@1", "IDLE"), "pid");
      long other = Wire.number(pmd.await("other@1", "IDLE"), "pid");
      pmd.crash();
      Proc.of(first).orElseThrow().kill();
      Await.until("it is dead", () -> Proc.of(first).isEmpty());
      pmd.start();
      Members again =
          Await.value(
              "web runs again",
              () ->
                  Optional.of(pmd.status("web@1"))
                      .filter(item -> Pmd.is(item, "IDLE"))
                      .filter(item -> Wire.number(item, "pid") != first),
              pmd::said);
      assertThat(Wire.number(again, "restarts")).isEqualTo(1);
      assertThat(Wire.number(pmd.status("other@1"), "pid")).isEqualTo(other);
    }
  }

  private static long idle(Map<String, Members> status) {
    return status.values().stream().filter(item -> Pmd.is(item, "IDLE")).count();
  }

  private static Map<String, String> invocations(Map<String, Members> status) {
    Map<String, String> invocations = new HashMap<>();
    status.forEach((name, item) -> invocations.put(name, Wire.text(item, "invocation_id")));
    return invocations;
  }

  /** Returns the instances of which two invocations are alive. */
  private static Map<String, Set<String>> doubles(Pmd pmd) {
    Map<String, Set<String>> alive = new HashMap<>();
    for (Proc process : pmd.processes()) {
      alive
          .computeIfAbsent(process.variable("PM_NAME"), name -> new HashSet<>())
          .add(process.variable("PM_INVOCATION_ID"));
    }
    alive.values().removeIf(invocations -> invocations.size() < 2);
    return alive;
  }

  /** Checks that the lines of an instance are 1, 2, 3 and so on up to its end; returns how many. */
  private long numbers(String instance) throws IOException {
    long next = 1;
    String last = "";
    for (Path part : parts(instance)) {
      try (var lines = Files.lines(part)) {
        for (String line : (Iterable<String>) lines::iterator) {
          String number = line.substring(0, Math.max(0, line.indexOf(' ')));
          assertThat(number).as("%s after %s lines", part, next - 1).isEqualTo(Long.toString(next));
          next++;
          last = line;
        }
      }
    }
    assertThat(last).as("last line of %s", instance).endsWith(" end");
    return next - 1;
  }

  /** Returns the files of an instance's log, the oldest first. */
  private List<Path> parts(String instance) throws IOException {
    String name = instance + ".log";
    List<Path> parts = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder.resolve("log"))) {
      files
          .filter(file -> file.getFileName().toString().startsWith(name))
          .sorted(Comparator.comparingInt((Path file) -> age(file, name)).reversed())
          .forEach(parts::add);
    }
    return parts;
  }

  private static int age(Path file, String name) {
    String rest = file.getFileName().toString().substring(name.length());
    return rest.isEmpty() ? 0 : Integer.parseInt(rest.substring(1));
  }
}
