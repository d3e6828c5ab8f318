package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/**
 * {@code kill -9} of the daemon in the middle of longer work ends in the state before it or in the
 * one after it; nothing runs twice, and nothing is lost.
 */
@Timeout(180)
class CrashDuringIT {

  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  @TempDir private Path folder;
  private Random random = new Random();

  @BeforeEach
  void draw() {
    long seed = Long.getLong("crash.seed", System.nanoTime());
    System.out.println("crash.seed=" + seed);
    random = new Random(seed);
  }

  @Test
  void apply() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(versions(0)).start()) {
      awaitUp(pmd, 20);
      int before = 0;
      Set<Integer> found = new HashSet<>();
      for (int round = 1; round <= 5; round++) {
        pmd.with(versions(round));
        crashAfter(pmd, 120, "apply");
        pmd.start();
        awaitUp(pmd, 20);
        int inForce = versionInForce(pmd);
        assertThat(inForce).as("round %s; pmd said: %s", round, pmd.said()).isIn(before, round);
        found.add(inForce - before);
        assertNothingTwice(pmd);
        done(pmd, pmd.pmctl("apply"));
        before = round;
        awaitUp(pmd, 20);
        String wanted = "VERSION=" + round;
        assertThat(mains(pmd)).hasSize(20);
        assertThat(mains(pmd).values()).allMatch(process -> process.environment().contains(wanted));
      }
      System.out.println("rounds that were new at once: " + found);
      assertSound(pmd);
    }
  }

  @Test
  void rollingRestart() throws Exception {
    String yaml =
        """
        programs:
          web: {command: [/bin/sleep, "1000"], instances: 6, readiness: {uptime: 30ms}}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      awaitUp(pmd, 6);
      for (int round = 0; round < 5; round++) {
        crashAfter(
            pmd, 300, "restart", "selectors", List.of("web"), "rolling", true, "pause_seconds", 0L);
        pmd.start();
        awaitUp(pmd, 6);
        assertNothingTwice(pmd);
        assertThat(mains(pmd)).hasSize(6);
      }
      Pmd.Outcome whole = pmd.pmctl("restart", "web", "--rolling");
      done(pmd, whole);
      assertSound(pmd);
    }
  }

  @Test
  void startsAndStopsAlongTheGraph() throws Exception {
    StringBuilder yaml = new StringBuilder("programs:\n");
    for (int i = 0; i < 8; i++) {
      yaml.append("  p").append(i).append(": {command: [/bin/sleep, \"1000\"], ");
      yaml.append("readiness: {uptime: 10ms}");
      yaml.append(i == 0 ? "}\n" : ", depends_on: [p" + (i - 1) + "]}\n");
    }
    try (Pmd pmd = new Pmd(folder).with(yaml.toString()).start()) {
      awaitUp(pmd, 8);
      for (int round = 0; round < 6; round++) {
        boolean stop = round % 2 == 0;
        crashAfter(pmd, 150, stop ? "stop" : "start", "selectors", List.of(stop ? "p0" : "p7"));
        pmd.start();
        assertNothingTwice(pmd);
        // Both are whole again when they are asked for again.
        done(pmd, pmd.pmctl(stop ? "stop" : "start", stop ? "p0" : "all"));
        assertThat(mains(pmd)).as("round %s", round).hasSize(stop ? 0 : 8);
      }
      awaitUp(pmd, 8);
      assertSound(pmd);
    }
  }

  @Test
  void hooks() throws Exception {
    String yaml =
        """
        programs:
          web:
            command: [/bin/sh, -c, 'echo "start $PM_INVOCATION_ID" >> @DIR@/$PM_NAME; exec sleep 1000']
            instances: 4
            readiness: {uptime: 0s}
            hooks:
              pre_start: [/bin/sh, -c, 'sleep 0.1; echo "pre $PM_INVOCATION_ID" >> @DIR@/$PM_NAME']
              post_stop: [/bin/sh, -c, 'sleep 0.1; echo "post $PM_INVOCATION_ID" >> @DIR@/$PM_NAME']
        """
            .replace("@DIR@", folder.toString());
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      awaitUp(pmd, 4);
      for (int round = 0; round < 5; round++) {
        crashAfter(pmd, 350, "restart", "selectors", List.of("all"));
        pmd.start();
        done(pmd, pmd.pmctl("start", "all"));
        assertNothingTwice(pmd);
      }
      done(pmd, pmd.pmctl("stop", "all"));
      assertThat(pmd.processes()).isEmpty();
      for (int i = 1; i <= 4; i++) {
        List<String> lines = Files.readAllLines(folder.resolve("web@" + i));
        Set<String> started = invocations(lines, "start ");
        assertThat(started).as("%s", lines).isNotEmpty();
        assertThat(invocations(lines, "pre ")).as("%s", lines).containsAll(started);
        assertThat(invocations(lines, "post ")).as("%s", lines).containsAll(started);
        assertThat(lines.stream().filter(line -> line.startsWith("start ")).distinct().count())
            .as("%s", lines)
            .isEqualTo(lines.stream().filter(line -> line.startsWith("start ")).count());
      }
      assertSound(pmd);
    }
  }

  @Test
  void recovery() throws Exception {
    try (Pmd pmd = new Pmd(folder).with(versions(0)).start()) {
      awaitUp(pmd, 20);
      Map<String, String> before = running(pmd);
      for (int round = 0; round < 4; round++) {
        pmd.crash();
        for (int again = 0; again < 3; again++) {
          pmd.spawn();
          Await.moment(random.nextLong(300 * MILLISECOND));
          pmd.crash();
        }
        pmd.start();
        awaitUp(pmd, 20);
        assertThat(running(pmd)).as("round %s; pmd said: %s", round, pmd.said()).isEqualTo(before);
      }
      assertSound(pmd);
    }
  }

  /** A worker whose pings and answers may be torn by it goes on, or is started anew: once. */
  @Test
  void talkToWorkers() throws Exception {
    Path worker = folder.resolve("worker.py");
    Files.writeString(
        worker,
        """
        import json, sys
        for line in sys.stdin:
            message = json.loads(line)
            if "id" in message:
                print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {}}), flush=True)
        """);
    String yaml =
        """
        programs:
          echo:
            type: worker
            command: [python3, %s]
            instances: 6
            liveness: {ping: true, period: 20ms, timeout: 5s}
            restart: {delay: 10ms, max_restarts: unlimited}
        """
            .formatted(worker);
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      awaitUp(pmd, 6);
      for (int round = 0; round < 4; round++) {
        Await.moment(random.nextLong(200 * MILLISECOND));
        pmd.crash();
        pmd.start();
        awaitUp(pmd, 6);
        assertNothingTwice(pmd);
        assertThat(mains(pmd)).hasSize(6);
      }
      done(pmd, pmd.pmctl("stop", "all"));
      assertThat(pmd.processes()).isEmpty();
      assertSound(pmd);
    }
  }

  @Test
  void upgrade() throws Exception {
    Path link = folder.resolve("installed");
    Files.createSymbolicLink(link, Pmd.TREE);
    try (Pmd pmd = new Pmd(folder.resolve("home")).from(link).with(versions(0)).start()) {
      awaitUp(pmd, 20);
      Map<String, String> before = running(pmd);
      for (int round = 0; round < 5; round++) {
        crashAfter(pmd, 1_000, "daemon.upgrade");
        pmd.start();
        awaitUp(pmd, 20);
        assertThat(running(pmd)).as("round %s; pmd said: %s", round, pmd.said()).isEqualTo(before);
      }
      assertSound(pmd);
    }
  }

  private void crashAfter(Pmd pmd, long milliseconds, String method, Object... params)
      throws Exception {
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.request(method, params);
      Await.moment(random.nextLong(milliseconds * MILLISECOND));
      pmd.crash();
    }
  }

  private static String versions(int version) {
    StringBuilder yaml = new StringBuilder("programs:\n");
    for (int i = 0; i < 10; i++) {
      yaml.append(
          "  p%d: {command: [/bin/sleep, \"1000\"], instances: 2, readiness: {uptime: 0s}, environment: {VERSION: \"%d\"}}%n"
              .formatted(i, version));
    }
    return yaml.toString();
  }

  /** Returns the one version that all definitions in force are of. */
  private static int versionInForce(Pmd pmd) throws IOException {
    Members programs = Wire.members(pmd.ask("config.show").value("programs").orElseThrow());
    Set<Integer> versions = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      Members program = Wire.members(programs.value("p" + i).orElseThrow());
      Members environment = Wire.members(program.value("environment").orElseThrow());
      versions.add(Integer.valueOf(Wire.text(environment, "VERSION")));
    }
    assertThat(versions).hasSize(1);
    return versions.iterator().next();
  }

  private static void awaitUp(Pmd pmd, int count) {
    Await.until(
        count + " are up",
        () -> pmd.status().values().stream().filter(item -> Pmd.is(item, "IDLE")).count() == count,
        () -> pmd.status() + "; pmd said: " + pmd.said());
  }

  private static Map<String, String> running(Pmd pmd) {
    Map<String, String> running = new TreeMap<>();
    pmd.status()
        .forEach(
            (name, item) ->
                running.put(name, Wire.text(item, "invocation_id") + " " + item.value("pid")));
    return running;
  }

  private static Map<String, Proc> mains(Pmd pmd) {
    Map<String, Proc> mains = new HashMap<>();
    for (Proc process : pmd.processes()) {
      if (process.leadsSession() && process.variable("PM_HOOK").isEmpty()) {
        assertThat(mains.put(process.variable("PM_NAME"), process)).as("%s", process).isNull();
      }
    }
    return mains;
  }

  private static void assertNothingTwice(Pmd pmd) {
    Map<String, Set<String>> alive = new HashMap<>();
    for (Proc process : pmd.processes()) {
      alive
          .computeIfAbsent(process.variable("PM_NAME"), name -> new HashSet<>())
          .add(process.variable("PM_INVOCATION_ID"));
    }
    assertThat(alive.values()).as("pmd said: %s", pmd.said()).allMatch(ids -> ids.size() == 1);
  }

  private static void assertSound(Pmd pmd) throws IOException {
    Members daemon = pmd.ask("daemon.status");
    assertThat(Wire.number(daemon, "impossible_events")).as("%s", pmd.said()).isZero();
    assertThat(Wire.number(daemon, "loop_failures")).as("%s", pmd.said()).isZero();
  }

  private static Set<String> invocations(List<String> lines, String what) {
    return lines.stream()
        .filter(line -> line.startsWith(what))
        .map(line -> line.substring(what.length()))
        .collect(Collectors.toSet());
  }

  private static void done(Pmd pmd, Pmd.Outcome outcome) {
    assertThat(outcome.exit()).as("%s; pmd said: %s", outcome, pmd.said()).isZero();
  }
}
