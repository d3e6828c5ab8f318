package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.cli.render.Output;
import pm.protocol.ExitCode;
import pm.protocol.LineSplitter;

/** What a client meets on a socket when all is not well. */
final class ConnectionTest {
  private static final String PONG = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pong\":true}}";

  @TempDir Path folder;

  private Path socket() {
    return folder.resolve("s");
  }

  private Call call(String... arguments) {
    return call(false, Duration.ofSeconds(20), arguments);
  }

  private Call call(boolean terminal, Duration answerLimit, String... arguments) {
    return Call.of(
        Map.of("PM_SOCKET", socket().toString()), List.of(arguments), terminal, answerLimit);
  }

  @Test
  void saysWhichSocketIsMissingAndHowToStartTheDaemon() {
    Call call = call("status");
    assertThat(call.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(call.err())
        .isEqualTo(
            "pmctl: cannot reach pmd: there is no socket %s. Start the daemon with: pmd, or say where it is by --home (PM_HOME) or --socket (PM_SOCKET).\n",
            socket());
    assertThat(call.out()).isEmpty();
  }

  @Test
  void namesTheOptionsThatTheDaemonNeeds() {
    Call call = Call.of(Map.of(), List.of("--home", folder.resolve("h").toString(), "ping"));
    assertThat(call.err())
        .contains("no socket " + folder.resolve("h/run/pmd.sock"))
        .contains("Start the daemon with: pmd --home " + folder.resolve("h"));
    call = Call.of(Map.of(), List.of("ping", "--socket=" + socket()));
    assertThat(call.err()).contains("pmd --socket " + socket());
    call = Call.of(Map.of("PM_HOME", folder.toString()), List.of("ping"));
    assertThat(call.err()).contains("no socket " + folder.resolve("run/pmd.sock"));
  }

  @Test
  void needsNoHomeFolderToFindTheSocket() {
    // As from cron or systemd.
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    new Pmctl(
            Map.of("PM_SOCKET", socket().toString()),
            Duration.ofSeconds(1),
            InputStream.nullInputStream(),
            new Output(OutputStream.nullOutputStream(), false),
            new Output(err, false))
        .run(List.of("ping"));
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("there is no socket " + socket());
  }

  @Test
  void aSocketThatNobodyListensOnIsNamed() throws IOException {
    // What a daemon leaves that was killed.
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket()));
    }
    Call call = call("ping");
    assertThat(call.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(call.err()).contains("nobody listens on the socket " + socket());
  }

  @Test
  void aFileThatIsNoSocketAndAPathThatIsTooLongAreNamed() throws IOException {
    Files.writeString(socket(), "");
    assertThat(call("ping").exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    Path deep = folder.resolve("d".repeat(200));
    Call call = Call.of(Map.of("PM_SOCKET", deep.toString()), List.of("ping"));
    assertThat(call.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(call.err()).contains(deep.toString()).doesNotContain("Exception");
  }

  @Test
  void anAnswerMayComeInPiecesOfOneByte() throws IOException {
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer -> {
              peer.read();
              for (byte b : (PONG + "\n").getBytes(StandardCharsets.UTF_8)) {
                peer.sendRaw(new byte[] {b});
              }
              peer.awaitEnd();
            })) {
      assertThat(call("ping").out()).isEqualTo("pong\n");
      assertThat(daemon.received()).hasSize(1);
    }
  }

  @Test
  void aLongListComesInPages() throws IOException {
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer -> {
              for (int i = 1; i <= 3; i++) {
                peer.read();
                String cursor = i < 3 ? ",\"cursor\":\"c" + i + "\"" : "";
                peer.send(
                    "{\"jsonrpc\":\"2.0\",\"id\":"
                        + i
                        + ",\"result\":{\"items\":[{\"name\":\"a@"
                        + i
                        + "\",\"state\":\"IDLE\"}]"
                        + cursor
                        + "}}");
              }
            })) {
      assertThat(call("status", "-o", "name", "a").out()).isEqualTo("a@1\na@2\na@3\n");
      assertThat(daemon.received().get(2))
          .contains("\"params\":{\"selectors\":[\"a\"],\"cursor\":\"c2\"}");
    }
  }

  @Test
  void aLineThatIsTooLongEndsTheCall() throws IOException {
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer -> {
              peer.read();
              peer.send("x".repeat(LineSplitter.MAX_LINE_BYTES + 1));
              peer.awaitEnd();
            })) {
      Call call = call("ping");
      assertThat(call.exitCode()).isEqualTo(ExitCode.FAILED);
      assertThat(call.err()).contains("more than 1 MiB");
      assertThat(daemon.received()).hasSize(1);
    }
  }

  @Test
  void anErrorWithoutAnIdAnswersWhatWasAsked() throws IOException {
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer ->
                peer.send(
                    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32003,\"message\":\"uid 5 may not use this socket\"}}"))) {
      Call call = call("ping");
      assertThat(call.exitCode()).isEqualTo(ExitCode.NOT_PERMITTED);
      assertThat(call.err()).isEqualTo("pmctl: uid 5 may not use this socket\n");
      assertThat(daemon.received()).isEmpty();
    }
  }

  @Test
  void aDaemonThatSaysNothingIsSaidToHang() throws IOException {
    try (FakeDaemon daemon = new FakeDaemon(socket(), FakeDaemon.Peer::awaitEnd)) {
      for (String command : List.of("ping", "status", "events")) {
        Call call = call(false, Duration.ofMillis(50), command);
        assertThat(call.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(call.err()).contains("has not answered for").contains(socket().toString());
      }
      assertThat(daemon.received()).isEmpty();
    }
  }

  @Test
  void aDaemonThatGoesAwayInTheMiddleOfAWaitIsNoticed() throws IOException {
    for (boolean terminal : List.of(true, false)) {
      try (FakeDaemon daemon = new FakeDaemon(socket(), FakeDaemon.Peer::read)) {
        for (String command : List.of("start", "stop", "restart")) {
          Call call = call(terminal, Duration.ofSeconds(20), command, "web");
          assertThat(call.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
          assertThat(call.err()).contains("has closed the connection").contains("programs go on");
        }
        assertThat(daemon.received()).hasSize(3);
      }
    }
  }

  @Test
  void onATerminalALongWaitShowsWhatIsWaitedFor() throws IOException {
    String status =
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"items\":[{\"name\":\"web@1\",\"state\":\"STARTING\",\"detail\":\"waiting for\\u001b db\"},"
            + "{\"name\":\"web@2\",\"state\":\"IDLE\"},{\"name\":\"web@3\",\"state\":\"DEAD\",\"reason\":\"waiting\"}]}}";
    String done =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"outcomes\":[{\"instance\":\"web@1\",\"result\":\"done\"}]}}";
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer -> {
              peer.read();
              peer.read();
              peer.send(status);
              peer.read();
              // The answer overtakes that to the question in between.
              peer.send(done);
              peer.awaitEnd();
            })) {
      Call call = call(true, Duration.ofSeconds(20), "start", "web");
      assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
      assertThat(call.out()).isEqualTo("web@1: started\n");
      assertThat(call.err())
          .contains("waiting for web@1 (STARTING: waiting for\\x1b db), web@3 (DEAD) 1s")
          .endsWith("\r\u001b[K");
      assertThat(daemon.received().get(1))
          .contains("\"method\":\"status\",\"params\":{\"selectors\":[\"web\"]}");
    }
  }

  @Test
  void aDaemonThatStopsAnsweringDuringAWaitIsSaidToHang() throws IOException {
    try (FakeDaemon daemon = new FakeDaemon(socket(), FakeDaemon.Peer::awaitEnd)) {
      Call call = call(true, Duration.ofMillis(100), "stop", "web");
      assertThat(call.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
      assertThat(call.err()).contains("has not answered for");
      assertThat(daemon.received()).isEmpty();
    }
  }

  @Test
  void randomBytesNeverShowAStackTrace() throws IOException {
    Random random = new Random(11);
    List<byte[]> answers = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      byte[] bytes = (PONG + "\n").getBytes(StandardCharsets.UTF_8);
      for (int n = random.nextInt(4); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      answers.add(bytes);
    }
    int[] next = {0};
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer -> {
              peer.read();
              peer.sendRaw(answers.get(next[0]));
            })) {
      for (next[0] = 0; next[0] < answers.size(); next[0]++) {
        Call call = call("ping", "-o", "jsonl");
        assertThat(call.err()).doesNotContain("Exception", "\tat ", "defect");
        assertThat(call.exitCode()).isIn(ExitCode.DONE, ExitCode.UNREACHABLE, ExitCode.FAILED);
      }
      assertThat(daemon.received()).hasSize(200);
    }
  }

  @Test
  void refusesARequestThatIsTooLongToBeSent() throws IOException {
    try (FakeDaemon daemon = new FakeDaemon(socket(), FakeDaemon.Peer::awaitEnd)) {
      Call call = call("start", "x".repeat(LineSplitter.MAX_LINE_BYTES));
      assertThat(call.exitCode()).isEqualTo(ExitCode.USAGE);
      assertThat(call.err()).contains("longer than 1 MiB");
      assertThat(daemon.received()).isEmpty();
    }
  }

  /** What a daemon before this version says, which knows no columns. */
  @Test
  void asksAnOlderDaemonForAllMembers() throws IOException {
    String items =
        "[{\"name\":\"web@1\",\"state\":\"DEAD\",\"reason\":\"stopped\",\"as_desired\":false}]";
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer -> {
              peer.read();
              peer.send(
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"unknown parameter columns\"}}");
              peer.read();
              peer.send("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"items\":" + items + "}}");
              peer.awaitEnd();
            })) {
      Call call = call("status", "web");
      assertThat(call.out()).contains("\nweb@1   DEAD").contains("stopped");
      assertThat(call.exitCode()).isEqualTo(ExitCode.NOT_AS_DESIRED);
      assertThat(daemon.received().getLast())
          .endsWith("\"method\":\"status\",\"params\":{\"selectors\":[\"web\"]}}");
    }
  }

  @Test
  void takesNoRowThatIsTooShort() throws IOException {
    try (FakeDaemon daemon =
        new FakeDaemon(
            socket(),
            peer -> {
              peer.read();
              peer.send(
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"items\":[[\"web@1\",\"IDLE\"]]}}");
              peer.awaitEnd();
            })) {
      Call call = call("status");
      assertThat(call.err()).contains("not as its protocol says: an item must be an object");
      assertThat(call.exitCode()).isEqualTo(ExitCode.FAILED);
      assertThat(daemon.received()).hasSize(1);
    }
  }
}
