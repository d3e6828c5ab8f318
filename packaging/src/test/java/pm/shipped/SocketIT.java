package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pm.protocol.Members;

/** Bad, slow, many and strange clients, beside whom all others are served. */
@Timeout(180)
class SocketIT {

  private static final String PROGRAMS =
      """
      programs:
        web:
          command: "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done"
          shell: true
          readiness: {uptime: 0s}
      """;

  private static final String NOBODY = "65534";

  /** A group that every system has; nobody is not in it. */
  private static final String GROUP = "daemon";

  @TempDir private static Path folder;
  private static Pmd pmd;

  @BeforeAll
  static void start() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectories(folder.resolve("config"));
    Files.writeString(
        folder.resolve("config/pmd.yaml"), "socket: {group: " + GROUP + ", mode: \"0666\"}\n");
    pmd = new Pmd(folder).with(PROGRAMS).start();
    pmd.await("web@1", "IDLE");
  }

  @AfterAll
  static void end() {
    pmd.close();
  }

  @Test
  void twoThousandIdleConnectionsAreNoBurden() throws Exception {
    assumeTrue(DaemonIT.isRoot(), "an ordinary user has half as many");
    long before = connections();
    List<Wire> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 2_000; i++) {
        Wire wire = Wire.connect(pmd.socket());
        idle.add(wire);
        if (i % 10 == 0) {
          wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"me");
        }
      }
      Await.until("all are accepted", () -> connections() >= before + 2_000, pmd::said);
      assertThat(pmd.pmctl("restart", "web").exit()).isZero();
      assertThat(pmd.pmctl("status").exit()).isZero();
      for (Wire wire : idle.subList(1, 10)) {
        assertThat(wire.ask("ping").has("pong")).isTrue();
      }
    } finally {
      for (Wire wire : idle) {
        wire.close();
      }
    }
    Await.until("all are gone", () -> connections() <= before, pmd::said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          -32700 | {"jsonrpc":"2.0","id":1,"method":"pi
          -32700 | GET / HTTP/1.1
          -32700 | {"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}
          -32600 | [{"jsonrpc":"2.0","id":1,"method":"ping"}]
          -32600 | {"jsonrpc":"1.0","id":1,"method":"ping"}
          -32600 | {"jsonrpc":"2.0","id":null,"method":"ping"}
          -32600 | 42
          -32601 | {"jsonrpc":"2.0","id":1,"method":"pin"}
          -32602 | {"jsonrpc":"2.0","id":1,"method":"ping","params":{"loud":true}}
          -32602 | {"jsonrpc":"2.0","id":1,"method":"stop"}
          -32602 | {"jsonrpc":"2.0","id":1,"method":"stop","params":{"selectors":"web"}}
          -32602 | {"jsonrpc":"2.0","id":1,"method":"stop","params":{"selectors":[]}}
          -32602 | {"jsonrpc":"2.0","id":1,"method":"stop","params":{"selectors":["web"],"timeout_seconds":-1}}
          -32602 | {"jsonrpc":"2.0","id":1,"method":"signal","params":{"selectors":["web"],"signal":"HUPP"}}
          -32602 | {"jsonrpc":"2.0","id":1,"method":"status","params":{"cursor":"what"}}
          -32001 | {"jsonrpc":"2.0","id":1,"method":"stop","params":{"selectors":["web","wbe"]}}
          """)
  void aMalformedRequestIsAnsweredAndTheConnectionGoesOn(int code, String line) throws Exception {
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.send(line + "\n");
      Members answer = wire.message();
      Members error = Wire.members(answer.value("error").orElseThrow());
      assertThat(Wire.number(error, "code")).as("%s", answer).isEqualTo(code);
      assertThat(wire.ask("ping").has("pong")).isTrue();
    }
    assertThat(Pmd.is(pmd.status("web@1"), "IDLE")).isTrue();
  }

  @Test
  void aLineThatIsTooLongEndsItsConnectionOnly() throws Exception {
    try (Wire good = Wire.connect(pmd.socket());
        Wire wire = Wire.connect(pmd.socket())) {
      wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"");
      Optional<Exception> refused = Optional.empty();
      try {
        for (int i = 0; i < 40; i++) {
          wire.send("x".repeat(32 * 1024));
        }
      } catch (IOException closed) {
        refused = Optional.of(closed);
      }
      if (refused.isEmpty()) {
        Members error = Wire.members(wire.message().value("error").orElseThrow());
        assertThat(Wire.number(error, "code")).isEqualTo(-32600);
        assertThat(wire.line()).isEmpty();
      }
      assertThat(good.ask("ping").has("pong")).isTrue();
    }
  }

  /** Seeded noise on many connections, some of it half a request, while others work. */
  @Test
  void noiseHarmsNobody() throws Exception {
    long seed = Long.getLong("socket.seed", System.nanoTime());
    System.out.println("socket.seed=" + seed);
    Random random = new Random(seed);
    long descriptors = descriptors();
    List<String> parts =
        List.of(
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "\\u0000",
            "\n",
            "\r\n",
            "1e999",
            "-",
            "null",
            "\"jsonrpc\":\"2.0\"",
            "\"id\":1",
            "\"method\":\"status\"",
            "\"params\":{}",
            "\u00e4",
            "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"events\",\"params\":{\"since\":0}}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"logs\",\"params\":{\"follow\":true}}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"unsubscribe\",\"params\":{\"subscription\":1}}\n");
    try (Wire good = Wire.connect(pmd.socket())) {
      for (int i = 0; i < 500; i++) {
        try (Wire bad = Wire.connect(pmd.socket())) {
          for (int j = random.nextInt(30); j >= 0; j--) {
            byte[] bytes = parts.get(random.nextInt(parts.size())).getBytes(UTF_8);
            if (random.nextInt(20) == 0) {
              random.nextBytes(bytes);
            }
            bad.send(bytes);
          }
          if (random.nextBoolean()) {
            bad.endOutput();
          }
          if (random.nextBoolean()) {
            good.ask("ping");
          }
        }
      }
      assertThat(Wire.text(good.ask("daemon.status"), "loop_failures")).isEqualTo("0");
    }
    Await.until("no descriptor is left over", () -> descriptors() <= descriptors, pmd::said);
    assertThat(pmd.said()).doesNotContain("Exception");
  }

  @Test
  void aRequestMayComeByteByByteAndItsSenderMayGo() throws Exception {
    try (Wire slow = Wire.connect(pmd.socket())) {
      byte[] request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n".getBytes(UTF_8);
      for (byte each : request) {
        slow.send(new byte[] {each});
        assertThat(pmd.ask("ping").has("pong")).isTrue();
      }
      assertThat(slow.message().has("result")).isTrue();
    }
    long before = Wire.number(pmd.status("web@1"), "pid");
    try (Wire gone = Wire.connect(pmd.socket())) {
      gone.request("restart", "selectors", List.of("web"));
    }
    // Other tests restart it too, so the log does not tell this one.
    Await.until(
        "web was restarted",
        () -> {
          Members web = pmd.status("web@1");
          return Pmd.is(web, "IDLE") && Wire.number(web, "pid") != before;
        },
        pmd::said);
  }

  /** Who does not read is not waited for: neither by programs nor by other clients. */
  @Test
  void aClientThatDoesNotReadIsNotWaitedFor() throws Exception {
    try (Wire deaf = Wire.connect(pmd.socket())) {
      for (int i = 0; i < 60; i++) {
        deaf.request("events", "since", 0, "follow", true);
        deaf.request("describe", "selectors", List.of("all"));
      }
      long size = Files.size(pmd.log("web@1"));
      Await.until(
          "the log grows",
          () -> {
            try {
              return Files.size(pmd.log("web@1")) > size + 20;
            } catch (IOException gone) {
              return false;
            }
          },
          pmd::said);
      assertThat(pmd.pmctl("restart", "web").exit()).isZero();
    }
  }

  /** Root and the daemon's user may all, the socket's group all but the daemon, others nothing. */
  @Test
  void whoMayWhat() throws Exception {
    assumeTrue(DaemonIT.isRoot(), "only root can become somebody else");
    Optional<String> group = groupId();
    assumeTrue(group.isPresent(), "there is a group " + GROUP);

    Pmd.Outcome stranger = as(NOBODY, "", "status");
    assertThat(stranger.exit()).as("%s", stranger).isEqualTo(77);
    assertThat(stranger.err()).startsWith("pmctl: ").contains("only root");
    assertThat(as(NOBODY, "", "ping").exit()).isEqualTo(77);
    assertThat(as(NOBODY, "", "stop", "web").exit()).isEqualTo(77);

    String member = group.get();
    assertThat(as(NOBODY, member, "status").exit()).isZero();
    assertThat(as(NOBODY, member, "restart", "web").exit()).isZero();
    assertThat(as(NOBODY, member, "logs", "web").exit()).isZero();
    assertThat(as(NOBODY, member, "apply", "--dry-run").exit()).isZero();
    Pmd.Outcome shutdown = as(NOBODY, member, "daemon", "shutdown");
    assertThat(shutdown.exit()).as("%s", shutdown).isEqualTo(77);
    assertThat(as(NOBODY, member, "daemon", "status").exit()).isEqualTo(77);

    assertThat(pmd.pmctl("daemon", "status").exit()).isZero();
    assertThat(Pmd.is(pmd.status("web@1"), "IDLE")).isTrue();
    // Every change is in the log with who made it.
    assertThat(pmd.said()).contains("uid " + NOBODY);
  }

  /** The usual group is for the system's daemon, and must not keep others from having one. */
  @Test
  void whoIsNoMemberOfTheGroupHasADaemonNonetheless() throws Exception {
    assumeTrue(DaemonIT.isRoot(), "only root can become somebody else");
    Path folder = Files.createTempDirectory(Path.of("/tmp"), "pm-");
    Files.setAttribute(folder, "unix:uid", Integer.valueOf(NOBODY));
    List<String> stranger =
        List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
    try (Pmd own = new Pmd(stranger, folder)) {
      own.start();
      assertThat(own.pmctl("daemon", "shutdown").exit()).isZero();
      assertThat(own.awaitEnd()).isZero();
    }
  }

  /** Runs the client as another user, with one more group or none. */
  private static Pmd.Outcome as(String uid, String group, String... words) throws Exception {
    ProcessBuilder client = pmd.clientForAll(words);
    List<String> command = new ArrayList<>(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid));
    command.add(group.isEmpty() ? "--clear-groups" : "--groups=" + group);
    command.addAll(client.command());
    return Pmd.Outcome.of(client.command(command));
  }

  private static Optional<String> groupId() throws IOException {
    try (Stream<String> groups = Files.lines(Path.of("/etc/group"))) {
      return groups
          .filter(line -> line.startsWith(GROUP + ":"))
          .map(line -> line.substring(GROUP.length() + 1))
          .map(rest -> rest.substring(rest.indexOf(':') + 1))
          .map(rest -> rest.substring(0, rest.indexOf(':')))
          .findFirst();
    }
  }

  private static long connections() {
    try {
      return Wire.number(pmd.ask("daemon.status"), "connections");
    } catch (IOException broken) {
      throw new AssertionError(pmd.said(), broken);
    }
  }

  private static long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pmd.pid() + "/fd"))) {
      return open.count();
    } catch (IOException gone) {
      throw new AssertionError(pmd.said(), gone);
    }
  }
}
