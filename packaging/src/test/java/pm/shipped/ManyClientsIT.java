package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** Sixteen clients that want different things of a hundred programs, all at once. */
@Tag("alone")
@Timeout(300)
class ManyClientsIT {

  private static final int PROGRAMS = 100;
  private static final int CONNECTIONS = 14;
  private static final int COMMANDS = 2;

  /** What may come and go beside the programs: a connection, a reading of a folder. */
  private static final int SPARE_DESCRIPTORS = 4;

  @TempDir private Path folder;
  private final AtomicBoolean over = new AtomicBoolean();

  @Test
  void comeToOneStateAndNothingRunsTwice() throws Exception {
    long seed = Long.getLong("clients.seed", System.nanoTime());
    long seconds = Long.getLong("clients.seconds", 12);
    System.out.println("clients.seed=" + seed);
    try (Pmd pmd = new Pmd(folder).with(yaml(0)).start();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      assertThat(pmd.pmctl("start", "all").exit()).isZero();
      Map<String, String> names = names(pmd);
      assertThat(pmd.pmctl("stop", "all").exit()).isZero();
      Footprint before = Footprint.atRest(pmd);

      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      List<Future<Integer>> clients = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        Random random = new Random(seed + i);
        clients.add(threads.submit(() -> connection(pmd, random, end)));
      }
      for (int i = 0; i < COMMANDS; i++) {
        Random random = new Random(seed + CONNECTIONS + i);
        clients.add(threads.submit(() -> commands(pmd, random, end)));
      }
      Future<Integer> watcher = threads.submit(watch(pmd));
      int requests = 0;
      try {
        for (Future<Integer> client : clients) {
          requests += client.get(4, TimeUnit.MINUTES);
        }
        assertOneState(pmd, names.keySet());
      } finally {
        over.set(true);
      }
      int looks = watcher.get(1, TimeUnit.MINUTES);
      System.out.println("requests: " + requests + ", looks at all processes: " + looks);
      assertThat(requests).isGreaterThan(100);
      assertThat(looks).isGreaterThan(10);

      Footprint after = Footprint.atRest(pmd);
      assertThat(after.threads()).isEqualTo(before.threads());
      assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors() + SPARE_DESCRIPTORS);
      Members daemon = pmd.ask("daemon.status");
      assertThat(Wire.number(daemon, "impossible_events")).as("%s", pmd.said()).isZero();
      assertThat(Wire.number(daemon, "loop_failures")).as("%s", pmd.said()).isZero();
      assertThat(Wire.number(daemon, "start_slots_in_use")).isZero();
    }
  }

  /** Whoever comes last is right. */
  private void assertOneState(Pmd pmd, Set<String> names) throws Exception {
    Files.writeString(programs(), yaml(0));
    done(pmd, pmd.pmctl("apply"));
    done(pmd, pmd.pmctl("enable", "all"));
    List<String> counts = new ArrayList<>(List.of("scale"));
    for (int i = 0; i < PROGRAMS; i++) {
      counts.add("p" + i + "=" + (1 + i % 2));
    }
    // Where a dependency is stopped, what waits for it is said to be so.
    assertThat(pmd.pmctl(counts.toArray(String[]::new)).exit()).isIn(0, 1);
    done(pmd, pmd.pmctl("start", "all"));
    assertThat(names(pmd).keySet()).isEqualTo(names);
    assertThat(pmd.status().values()).allMatch(item -> Pmd.is(item, "IDLE"));
    assertThat(mainProcesses(pmd)).isEqualTo(names(pmd));
    done(pmd, pmd.pmctl("stop", "all"));
    assertThat(pmd.status().values()).allMatch(item -> Pmd.is(item, "DEAD/stopped"));
    assertThat(pmd.processes()).isEmpty();
  }

  /** Plain ones, dependants of these, some with hooks, some with probes. */
  private static String yaml(int version) {
    StringBuilder yaml = new StringBuilder("programs:\n");
    for (int i = 0; i < PROGRAMS; i++) {
      int kind = i % 10;
      String more = "readiness: {uptime: 0s}";
      if (kind == 5 || kind == 6) {
        more += ", depends_on: [p" + (i - 5) + "]";
      } else if (kind == 7) {
        more += ", hooks: {pre_start: [\"true\"], post_stop: [\"true\"]}";
      } else if (kind == 8) {
        more = "readiness: {exec: [\"true\"], period: 100ms}";
      } else if (kind == 9) {
        more += ", depends_on: [p" + (i - 4) + "], on_dependency_restart: restart";
      }
      yaml.append(
          "  p%d: {command: \"trap : HUP; while :; do sleep 1000 & wait $!; done\", shell: true, instances: %d, environment: {VERSION: \"%d\"}, stop: {signal: KILL}, %s}%n"
              .formatted(i, 1 + i % 2, i % 3 == 0 ? version : 0, more));
    }
    return yaml.toString();
  }

  private Path programs() {
    return folder.resolve("config/programs.d/programs.yaml");
  }

  /** Sends up to four requests at a time. Returns how many were answered, each of them once. */
  private int connection(Pmd pmd, Random random, long end) throws IOException {
    Set<Object> answered = new HashSet<>();
    int sent = 0;
    try (Wire wire = Wire.connect(pmd.socket())) {
      while (System.nanoTime() < end) {
        int batch = 1 + random.nextInt(4);
        for (int i = 0; i < batch; i++) {
          request(wire, random);
          sent++;
        }
        for (int i = 0; i < batch; i++) {
          Members answer = wire.message();
          Object id = answer.value("id").orElseThrow();
          assertThat(answered.add(id)).as("first answer to %s", answer).isTrue();
          answer
              .value("error")
              .ifPresent(
                  error ->
                      assertThat(Wire.number(Wire.members(error), "code"))
                          .as("%s", answer)
                          .isIn(-32001L, -32002L, -32004L, -32006L));
        }
      }
      wire.endOutput();
      assertThat(wire.line()).as("what nobody has asked for").isEmpty();
    }
    assertThat(answered).hasSize(sent);
    return sent;
  }

  private void request(Wire wire, Random random) throws IOException {
    List<String> selectors = List.of(selector(random));
    boolean wait = random.nextBoolean();
    double patience = 0.2 + random.nextInt(20) / 10.0;
    Object[] usual = {"selectors", selectors, "wait", wait, "timeout_seconds", patience};
    switch (random.nextInt(20)) {
      case 0, 1, 2, 3 -> wire.request("start", usual);
      case 4, 5, 6 -> wire.request("stop", usual);
      case 7, 8, 9 -> wire.request("restart", usual);
      case 10 ->
          wire.request(
              "restart",
              "selectors",
              selectors,
              "rolling",
              true,
              "pause_seconds",
              0.01,
              "timeout_seconds",
              patience);
      case 11, 12 -> wire.request("enable", "selectors", selectors);
      case 13 -> wire.request("disable", usual);
      case 14 -> wire.request("reload", usual);
      case 15, 16 ->
          wire.request(
              "scale",
              "counts",
              Map.of("p" + random.nextInt(PROGRAMS), (long) random.nextInt(4)),
              "wait",
              wait,
              "timeout_seconds",
              patience);
      case 17 -> wire.request("status", "selectors", selectors);
      case 18 -> wire.request("reset", "selectors", selectors);
      default -> {
        Path next = Files.createTempFile(folder, "next", ".yaml");
        Files.writeString(next, yaml(random.nextInt(3)));
        Files.move(next, programs(), StandardCopyOption.ATOMIC_MOVE);
        wire.request("apply", "dry_run", random.nextInt(4) == 0);
      }
    }
  }

  private static String selector(Random random) {
    String one = "p" + random.nextInt(PROGRAMS);
    return random.nextInt(8) == 0 ? "p" + random.nextInt(10) + "*" : one;
  }

  /** Runs the client itself. */
  private static int commands(Pmd pmd, Random random, long end) throws Exception {
    int count = 0;
    while (System.nanoTime() < end) {
      String command = List.of("start", "stop", "restart", "status").get(random.nextInt(4));
      List<String> words = new ArrayList<>(List.of(command, selector(random)));
      if (!command.equals("status")) {
        words.addAll(List.of("--timeout", "2s"));
      }
      Pmd.Outcome outcome = pmd.pmctl(words.toArray(String[]::new));
      assertThat(outcome.exit()).as("%s: %s", words, outcome).isIn(0, 1, 3, 4, 75, 124);
      count++;
    }
    return count;
  }

  /** Looks at all processes, again and again. Returns how often. */
  private Callable<Integer> watch(Pmd pmd) {
    return () -> {
      int looks = 0;
      while (!over.get()) {
        Map<String, List<Proc>> running =
            pmd.processes().stream()
                .filter(ManyClientsIT::isMain)
                .collect(Collectors.groupingBy(process -> process.variable("PM_NAME")));
        for (List<Proc> alike : running.values()) {
          if (invocations(alike).size() > 1) {
            // A look takes its time: only what is still there was there together.
            List<Proc> still = alike.stream().flatMap(process -> again(process).stream()).toList();
            assertThat(invocations(still)).as("%s", still).hasSizeLessThan(2);
          }
        }
        looks++;
      }
      return looks;
    };
  }

  private static boolean isMain(Proc process) {
    return process.leadsSession() && process.variable("PM_HOOK").isEmpty();
  }

  private static Optional<Proc> again(Proc process) {
    return Proc.of(process.pid())
        .filter(
            now -> now.variable("PM_INVOCATION_ID").equals(process.variable("PM_INVOCATION_ID")));
  }

  private static Set<String> invocations(List<Proc> processes) {
    return processes.stream()
        .map(process -> process.variable("PM_INVOCATION_ID"))
        .collect(Collectors.toSet());
  }

  /** Returns the invocation of each instance. */
  private static Map<String, String> names(Pmd pmd) {
    Map<String, String> names = new HashMap<>();
    pmd.status().forEach((name, item) -> names.put(name, Wire.text(item, "invocation_id")));
    return names;
  }

  private static Map<String, String> mainProcesses(Pmd pmd) {
    Map<String, String> main = new HashMap<>();
    for (Proc process : pmd.processes()) {
      if (isMain(process)) {
        String other = main.put(process.variable("PM_NAME"), process.variable("PM_INVOCATION_ID"));
        assertThat(other).as("another process of %s", process).isNull();
      }
    }
    return main;
  }

  private static void done(Pmd pmd, Pmd.Outcome outcome) {
    assertThat(outcome.exit()).as("%s; pmd said: %s", outcome, pmd.said()).isZero();
  }
}
