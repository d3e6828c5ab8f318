package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that speak the worker protocol: ours, published ones, and bad ones. */
@Timeout(180)
class WorkerIT {

  private static final Path WORKERS =
      Path.of("..", "config-examples", "workers").toAbsolutePath().normalize();

  /** Servers of the Model Context Protocol, as they are published. */
  private static final List<String> SERVERS =
      List.of("everything", "memory", "sequential-thinking");

  private static final Path CACHE =
      Path.of(System.getProperty("user.home"), ".cache", "pm-tests", "mcp-servers");

  private static final Duration PERIOD = Duration.ofMillis(300);
  private static final Duration TIMEOUT = Duration.ofMillis(900);
  private static final int THRESHOLD = 2;

  /** Beside what the check itself may take: a look at the status, and a busy machine. */
  private static final Duration SLACK = Duration.ofMillis(1500);

  private static final String CHECKED =
      """
          type: worker
          inherit_environment: true
          liveness:
            ping: true
            period: 300ms
            timeout: 900ms
            failure_threshold: 2
            on_failure: report
      """;

  @TempDir private Path folder;

  private static String program(String name, String command) {
    return "  " + name + ":\n    command: " + command + "\n" + CHECKED.indent(0);
  }

  /** Frozen it becomes UNHEALTHY in time, and going on it is IDLE again, the same process. */
  private static void freezeAndThaw(Pmd pmd, String instance) throws Exception {
    long pid = Wire.number(pmd.await(instance, "IDLE"), "pid");
    long frozen = System.nanoTime();
    signal("STOP", pid);
    pmd.await(instance, "UNHEALTHY");
    Duration took = Duration.ofNanos(System.nanoTime() - frozen);
    assertThat(took)
        .as("%s frozen", instance)
        .isLessThan(PERIOD.multipliedBy(THRESHOLD).plus(TIMEOUT).plus(SLACK));
    signal("CONT", pid);
    assertThat(Wire.number(pmd.await(instance, "IDLE"), "pid")).isEqualTo(pid);
  }

  private static void signal(String name, long pid) throws Exception {
    assertThat(Pmd.Outcome.of(new ProcessBuilder("kill", "-" + name, Long.toString(pid))).exit())
        .isZero();
  }

  private static long count(Pmd pmd, String counter) {
    try {
      return Wire.number(pmd.ask("daemon.status"), counter);
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"python3 worker.py", "node worker.js", "sh worker.sh", "java Worker.java"})
  void theWorkersOfTheExamplesAreWorkers(String command) throws Exception {
    String program =
        command.startsWith("java ")
            ? Path.of(System.getProperty("java.home"), "bin", "java") + " Worker.java"
            : command;
    String yaml = "programs:\n" + program("work", program) + "    working_dir: " + WORKERS + "\n";
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      pmd.await("work@1", "IDLE");
      Await.until("its log", () -> Texts.of(pmd.log("work@1")).contains("[info] ready for work\n"));
      freezeAndThaw(pmd, "work@1");
      assertThat(count(pmd, "worker_stray_lines")).isZero();
      pmd.crash();
      pmd.start();
      freezeAndThaw(pmd, "work@1");
      assertThat(pmd.pmctl("stop", "work").exit()).isZero();
    }
  }

  /** Reads tasks as no pool sends them yet, and answers as the protocol says. */
  @ParameterizedTest
  @ValueSource(
      strings = {"python3 worker.py", "node worker.js", "sh worker.sh", "java Worker.java"})
  void theWorkersOfTheExamplesDoTasksAndEndWhenAsked(String command) throws Exception {
    List<String> words = List.of(command.split(" "));
    ProcessBuilder builder = new ProcessBuilder(words).directory(WORKERS.toFile());
    if (words.getFirst().equals("java")) {
      builder.command(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(), words.getLast());
    }
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (var to = process.outputWriter(UTF_8)) {
      to.write(
          """
          {"jsonrpc":"2.0","id":"t1/1","method":"task","params":{"id":"t1","type":"thumb","attempt":1}}
          {"jsonrpc":"2.0","method":"cancel","params":{"id":"t9"}}
          {"jsonrpc":"2.0","id":"t2/1","method":"task","params":{"id":"t2","type":"fail","attempt":1}}
          {"jsonrpc":"2.0","id":"x","method":"unknown"}
          {"jsonrpc":"2.0","method":"shutdown","params":{}}
          """);
      to.flush();
      String said = new String(process.getInputStream().readAllBytes(), UTF_8).replace(" ", "");
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(said.lines().filter(line -> line.contains("\"id\":\"t1/1\"")))
          .singleElement()
          .asString()
          .contains("\"result\":{\"type\":\"thumb\"");
      assertThat(said.lines().filter(line -> line.contains("\"id\":\"t2/1\"")))
          .singleElement()
          .asString()
          .contains("\"error\":", "\"retry\":false");
      assertThat(said.lines().filter(line -> line.contains("\"id\":\"x\"")))
          .singleElement()
          .asString()
          .contains("-32601");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void publishedServersAreWorkersAsTheyAre() throws Exception {
    installServers();
    StringBuilder yaml = new StringBuilder("programs:\n");
    for (String server : SERVERS) {
      yaml.append(
          program(
              server,
              "[node, "
                  + CACHE.resolve("node_modules/@modelcontextprotocol/server-" + server)
                  + "/dist/index.js]"));
    }
    try (Pmd pmd = new Pmd(folder).with(yaml.toString()).start()) {
      for (String server : SERVERS) {
        pmd.await(server + "@1", "IDLE");
      }
      long before = count(pmd, "worker_messages");
      Await.until("pings answered", () -> count(pmd, "worker_messages") > before + 15);
      for (String server : SERVERS) {
        freezeAndThaw(pmd, server + "@1");
      }
      Map<String, Long> pids = new HashMap<>();
      for (String server : SERVERS) {
        pids.put(server, Wire.number(pmd.status(server + "@1"), "pid"));
      }
      pmd.crash();
      pmd.start();
      for (String server : SERVERS) {
        assertThat(Wire.number(pmd.await(server + "@1", "IDLE"), "pid"))
            .isEqualTo(pids.get(server));
        freezeAndThaw(pmd, server + "@1");
      }
    }
  }

  /** Installs them once; skipped only where the registry cannot be reached, which is said. */
  private static void installServers() throws Exception {
    if (SERVERS.stream().allMatch(server -> Files.exists(index(server)))) {
      return;
    }
    Files.createDirectories(CACHE);
    ProcessBuilder npm =
        new ProcessBuilder(
            "npm", "install", "--no-audit", "--no-fund", "--prefix", CACHE.toString());
    SERVERS.forEach(server -> npm.command().add("@modelcontextprotocol/server-" + server));
    Pmd.Outcome outcome;
    try {
      outcome = Pmd.Outcome.of(npm);
    } catch (IOException noNpm) {
      outcome = new Pmd.Outcome(127, "", String.valueOf(noNpm.getMessage()));
    }
    Assumptions.assumeTrue(
        outcome.exit() == 0, "SKIPPED: npm cannot install the servers: " + outcome.err());
  }

  private static Path index(String server) {
    return CACHE.resolve("node_modules/@modelcontextprotocol/server-" + server + "/dist/index.js");
  }

  @Test
  void whatIsWrittenWhileNoDaemonRunsIsTaken() throws Exception {
    // Says ready only when told, with half a message before, and prints beside it.
    String yaml =
        """
        programs:
          late:
            type: worker
            liveness: none
            shell: true
            command: |
              printf '{"jsonrpc":"2.0",'
              while [ ! -e %s/go ]; do sleep 0.02; done
              printf '"method":"ready"}\\nfrom the gap\\n'
              touch %s/gone
              exec sleep 1000
        """
            .formatted(folder, folder);
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      Await.until("it is up", () -> pmd.status("late@1").has("pid"));
      long pid = Wire.number(pmd.await("late@1", "STARTING"), "pid");
      Await.until("half a message is read", () -> count(pmd, "worker_spilled_bytes") == 17);
      pmd.crash();
      Files.createFile(folder.resolve("go"));
      Await.until("it has written", () -> Files.exists(folder.resolve("gone")));
      pmd.start();
      assertThat(Wire.number(pmd.await("late@1", "IDLE"), "pid")).isEqualTo(pid);
      Await.until("its log", () -> Texts.of(pmd.log("late@1")).equals("from the gap\n"));
      assertThat(count(pmd, "worker_stray_lines")).isEqualTo(1);
    }
  }

  @Test
  void otherDescriptorsAndHeadersAreSpokenToo() throws Exception {
    String script =
        """
        import os, sys
        print("stdout is log", flush=True)
        while True:
            length = 0
            line = b""
            while line != b"\\r\\n":
                line = b""
                while not line.endswith(b"\\n"):
                    line += os.read(3, 1)
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            body = b""
            while len(body) < length:
                body += os.read(3, length - len(body))
            id = body.split(b'"id":"')[1].split(b'"')[0]
            answer = b'{"jsonrpc":"2.0","id":"' + id + b'","result":null}'
            os.write(4, b"Content-Length: %d\\r\\n\\r\\n" % len(answer) + answer)
        """;
    Path file = Files.writeString(folder.resolve("worker.py"), script);
    String yaml =
        "programs:\n"
            + program("fd", "[python3, " + file + "]")
            + "    worker: {transport: fd, framing: content-length}\n";
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      freezeAndThaw(pmd, "fd@1");
      assertThat(Texts.of(pmd.log("fd@1"))).isEqualTo("stdout is log\n");
      pmd.crash();
      pmd.start();
      freezeAndThaw(pmd, "fd@1");
    }
  }

  @Test
  void oneThatEndsUnaskedHasFailed() throws Exception {
    String yaml =
        """
        programs:
          brief:
            type: worker
            shell: true
            command: |
              read ping
              id=$${ping#*'"id":"'}
              printf '{"jsonrpc":"2.0","id":"%s","result":{}}\\n' "$${id%%'"'*}"
              echo bye
              sleep 0.2
            restart: {max_restarts: 1, delay: 10ms}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      pmd.await("brief@1", "DEAD/failed");
      assertThat(Texts.of(pmd.log("brief@1"))).isEqualTo("bye\nbye\n");
    }
  }

  @Test
  void oneThatClosesItsOutputIsRestartedAndOthersAreNot() throws Exception {
    String yaml =
        """
        programs:
          shut:
            type: worker
            shell: true
            command: |
              echo '{"jsonrpc":"2.0","method":"ready"}'
              sleep 0.1
              exec >&-
              exec sleep 1000
            liveness: {ping: true, period: 200ms, timeout: 200ms, failure_threshold: 2}
            restart: {max_restarts: 1, delay: 10ms}
        """
            + program("good", "[python3, " + WORKERS.resolve("worker.py") + "]");
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      long pid = Wire.number(pmd.await("good@1", "IDLE"), "pid");
      pmd.await("shut@1", "DEAD/failed");
      assertThat(Wire.number(pmd.await("good@1", "IDLE"), "pid")).isEqualTo(pid);
    }
  }

  @Test
  void theExampleOfTheDocumentDoesWhatItSays() throws Exception {
    String document = Files.readString(Path.of("..", "docs", "worker-protocol.md"));
    Files.writeString(folder.resolve("hello.sh"), block(document, "sh"));
    String yaml = block(document, "yaml").replace("${HERE}", folder.toString());
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      pmd.await("hello@1", "IDLE");
      Await.until("its log", () -> Texts.of(pmd.log("hello@1")).equals(block(document, "text")));
      Await.until("a ping is answered", () -> count(pmd, "worker_messages") >= 3);
      assertThat(count(pmd, "worker_stray_lines")).isEqualTo(1);
    }
  }

  /** The first block of a document in a language. */
  private static String block(String document, String language) {
    int start = document.indexOf("```" + language + "\n") + language.length() + 4;
    return document.substring(start, document.indexOf("```", start));
  }
}
