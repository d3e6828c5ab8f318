package pm.daemon.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;

/** HTTP and TCP probes against servers, most of them hostile. */
class NetworkProbesIT {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(300);

  @TempDir private Path folder;
  private ProbeWorld world;

  @BeforeEach
  void open() throws Exception {
    world = new ProbeWorld(folder);
  }

  @AfterEach
  void close() throws Exception {
    world.close();
  }

  /** What a server does with a connection, after it has read the request's first bytes. */
  private interface Behaviour {
    void serve(Socket socket, String request) throws IOException;
  }

  /** A server on a port of its own. */
  private static final class Server implements AutoCloseable {
    private final ServerSocket listener;
    private final LinkedBlockingQueue<String> requests = new LinkedBlockingQueue<>();

    Server(Behaviour behaviour) throws IOException {
      listener = new ServerSocket(0, 1024, InetAddress.ofLiteral("127.0.0.1"));
      Thread thread = new Thread(() -> accept(behaviour), "server");
      thread.setDaemon(true);
      thread.start();
    }

    private void accept(Behaviour behaviour) {
      while (true) {
        try {
          Socket socket = listener.accept();
          Thread thread = new Thread(() -> serve(behaviour, socket), "connection");
          thread.setDaemon(true);
          thread.start();
        } catch (IOException closed) {
          return;
        }
      }
    }

    private void serve(Behaviour behaviour, Socket socket) {
      try (socket) {
        byte[] bytes = new byte[4096];
        InputStream in = socket.getInputStream();
        StringBuilder request = new StringBuilder();
        while (request.indexOf("\r\n\r\n") < 0) {
          int count = in.read(bytes);
          if (count < 0) {
            break;
          }
          request.append(new String(bytes, 0, count, StandardCharsets.US_ASCII));
        }
        requests.add(request.toString());
        behaviour.serve(socket, request.toString());
      } catch (IOException gone) {
        requests.add("gone: " + gone.getMessage());
      }
    }

    String url(String path) {
      return "http://127.0.0.1:" + port() + path;
    }

    int port() {
      return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  private static Behaviour answer(String text) {
    return (socket, request) -> {
      OutputStream out = socket.getOutputStream();
      out.write(text.getBytes(StandardCharsets.US_ASCII));
      out.flush();
    };
  }

  private static Probe.Http http(String url) {
    return new Probe.Http(url, Probe.Http.USUAL_STATUS);
  }

  private Report.Checked get(Server server, Duration timeout) throws Exception {
    return world.check(ProbeWorld.program().build(), http(server.url("/healthz")), timeout);
  }

  @Test
  void aGoodStatusPassesAndTheRequestIsWhole() throws Exception {
    try (Server server = new Server(answer("HTTP/1.1 204 No Content\r\n\r\n"))) {
      Report.Checked checked =
          world.check(
              ProbeWorld.program().build(),
              http("http://me:secret@127.0.0.1:" + server.port() + "/a%20b?c=d"),
              LONG);
      assertThat(checked.passed()).isTrue();
      assertThat(checked.detail()).isEqualTo(server.url("/a%20b?c=d") + ": 204");
      assertThat(server.requests.poll(10, TimeUnit.SECONDS))
          .startsWith("GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() + "\r\n")
          .contains("Connection: close\r\n")
          .contains("Authorization: Basic bWU6c2VjcmV0\r\n");
    }
  }

  @Test
  void anotherStatusFailsAndIsNamed() throws Exception {
    try (Server server = new Server(answer("HTTP/1.0 503 Unavailable\r\n\r\nno"))) {
      Report.Checked checked = get(server, LONG);
      assertThat(checked.passed()).isFalse();
      assertThat(checked.detail()).isEqualTo(server.url("/healthz") + ": 503");
    }
  }

  @Test
  void redirectsCountByTheirStatusAndAreNotFollowed() throws Exception {
    try (Server server =
        new Server(answer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"))) {
      assertThat(get(server, LONG).passed()).isTrue();
      Probe strict = new Probe.Http(server.url("/"), List.of(new Probe.StatusRange(200, 299)));
      assertThat(world.check(ProbeWorld.program().build(), strict, LONG).passed()).isFalse();
    }
  }

  @Test
  void answersThatAnnounceAnotherArePassedOver() throws Exception {
    try (Server server =
        new Server(answer("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))) {
      assertThat(get(server, LONG).detail()).endsWith(": 200");
    }
  }

  @Test
  void nobodyListening() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Report.Checked checked =
        world.check(ProbeWorld.program().build(), http("http://localhost:" + port + "/"), LONG);
    assertThat(checked.passed()).isFalse();
    assertThat(checked.detail()).isEqualTo("http://localhost:" + port + "/: connection refused");
    Report.Checked tcp =
        world.check(ProbeWorld.program().build(), new Probe.Tcp("127.0.0.1:" + port), LONG);
    assertThat(tcp.passed()).isFalse();
    assertThat(tcp.detail()).isEqualTo("127.0.0.1:" + port + ": connection refused");
  }

  @Test
  void aServerThatNeverAnswersFailsInTime() throws Exception {
    try (Server server = new Server((socket, request) -> socket.getInputStream().read())) {
      long began = System.nanoTime();
      Report.Checked checked = get(server, SHORT);
      assertThat(checked.passed()).isFalse();
      assertThat(checked.detail()).isEqualTo(server.url("/healthz") + ": no answer within 300ms");
      assertThat(System.nanoTime() - began).isGreaterThan(SHORT.toNanos());
    }
  }

  @Test
  void aServerThatAnswersByteByByteFailsInTime() throws Exception {
    try (Server server =
        new Server(
            (socket, request) -> {
              for (char c : "HTTP/1.1 200 OK\r\n\r\n".toCharArray()) {
                socket.getOutputStream().write(c);
                LockSupport.parkNanos(100_000_000);
              }
            })) {
      assertThat(get(server, SHORT).detail()).endsWith("no answer within 300ms");
      assertThat(get(server, LONG).detail()).endsWith(": 200");
    }
  }

  @Test
  void aHugeHeaderDoesNoHarm() throws Exception {
    byte[] megabyte = "x".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
    try (Server server =
            new Server(
                (socket, request) -> {
                  socket
                      .getOutputStream()
                      .write("HTTP/1.1 200 OK\r\nX: ".getBytes(StandardCharsets.US_ASCII));
                  for (int i = 0; i < 10; i++) {
                    socket.getOutputStream().write(megabyte);
                  }
                });
        Server statusless =
            new Server(
                (socket, request) -> {
                  for (int i = 0; i < 10; i++) {
                    socket.getOutputStream().write(megabyte);
                  }
                })) {
      assertThat(get(server, LONG).detail()).endsWith(": 200");
      Report.Checked checked = get(statusless, LONG);
      assertThat(checked.passed()).isFalse();
      assertThat(checked.detail()).endsWith(": does not speak HTTP");
    }
  }

  @Test
  void whatIsNoHttpIsSaid() throws Exception {
    try (Server server = new Server(answer("220 mail ESMTP\r\n"));
        Server silent = new Server((socket, request) -> {})) {
      assertThat(get(server, LONG).detail()).endsWith(": does not speak HTTP");
      assertThat(get(silent, LONG).detail()).endsWith(": connection closed without an answer");
    }
  }

  @Test
  void urlsThatAreNone() throws Exception {
    assertThat(world.check(ProbeWorld.program().build(), http("http://[::1/"), LONG).detail())
        .startsWith("http://[::1/: is not a URL");
    assertThat(world.check(ProbeWorld.program().build(), http("ftp://a/"), LONG).detail())
        .isEqualTo("ftp://a/: begins with neither http:// nor https://");
    assertThat(world.check(ProbeWorld.program().build(), new Probe.Tcp("nowhere"), LONG).detail())
        .isEqualTo("nowhere: is not HOST:PORT, [IPV6]:PORT or unix:PATH");
  }

  @Test
  void aNameThatNobodyKnows() throws Exception {
    Report.Checked checked =
        world.check(ProbeWorld.program().build(), new Probe.Tcp("no-such-host.invalid:80"), LONG);
    assertThat(checked.passed()).isFalse();
    assertThat(checked.detail()).contains("no-such-host.invalid");
  }

  @Test
  void textsSeeTheEnvironmentOfTheProcess() throws Exception {
    try (Server server = new Server(answer("HTTP/1.1 200 OK\r\n\r\n"))) {
      Report.Checked checked =
          world.check(
              ProbeWorld.program()
                  .environment(Map.of("PORT", Integer.toString(server.port())))
                  .build(),
              http("http://127.0.0.1:${PORT}/${PM_NAME}"),
              LONG);
      assertThat(checked.detail()).isEqualTo(server.url("/web@1") + ": 200");
    }
    assertThat(
            world
                .check(ProbeWorld.program().build(), new Probe.Tcp("127.0.0.1:${PORT}"), LONG)
                .detail())
        .isEqualTo("127.0.0.1:${PORT}: ${PORT} is not set");
  }

  @Test
  void aThousandAtATimeNeedNoThreads() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 2048, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread server = new Thread(() -> answerOneAfterTheOther(listener), "server");
      server.setDaemon(true);
      server.start();
      ProgramSpec spec = ProbeWorld.program().build();
      Probe probe = http("http://127.0.0.1:" + listener.getLocalPort() + "/");
      int threads = Thread.activeCount();
      List<InvocationId> invocations = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        InvocationId invocation = ProbeWorld.id();
        invocations.add(invocation);
        world.begin(invocation, spec, probe, LONG);
      }
      assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads);
      for (InvocationId invocation : invocations) {
        assertThat(world.awaitCheck(invocation).passed()).isTrue();
      }
    }
  }

  private static void answerOneAfterTheOther(ServerSocket listener) {
    byte[] answer = "HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    while (!listener.isClosed()) {
      try (Socket socket = listener.accept()) {
        socket.getInputStream().read(new byte[4096]);
        socket.getOutputStream().write(answer);
      } catch (IOException gone) {
        assertThat(gone).as("the next one, unless the test is over").isNotNull();
      }
    }
  }

  @Test
  void addressesOfOtherKinds() throws Exception {
    ProgramSpec spec = ProbeWorld.program().build();
    Path path = folder.resolve("socket");
    try (ServerSocketChannel unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      unix.bind(UnixDomainSocketAddress.of(path));
      assertThat(world.check(spec, new Probe.Tcp("unix:" + path), LONG).passed()).isTrue();
    }
    assertThat(world.check(spec, new Probe.Tcp("unix:" + path), LONG).detail())
        .isEqualTo("unix:" + path + ": connection refused");
    try (ServerSocket v6 = new ServerSocket()) {
      v6.bind(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0));
      Probe numeric = new Probe.Tcp("[::1]:" + v6.getLocalPort());
      assertThat(world.check(spec, numeric, LONG).passed()).isTrue();
      // Nobody listens at 127.0.0.1; the next address of the name is tried.
      Probe named = new Probe.Tcp("localhost:" + v6.getLocalPort());
      assertThat(world.check(spec, named, LONG).passed()).isTrue();
    } catch (java.net.BindException none) {
      Assumptions.abort("this machine has no IPv6");
    }
  }

  @Test
  void overTlsWithACertificateThatNobodyKnows() throws Exception {
    Path keys = folder.resolve("keys");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=nobody",
                "-keystore",
                keys.toString(),
                "-storepass",
                "secret",
                "-keypass",
                "secret")
            .redirectErrorStream(true)
            .start();
    keytool.getInputStream().readAllBytes();
    KeyStore store = KeyStore.getInstance(keys.toFile(), "secret".toCharArray());
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(store, "secret".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    ProgramSpec spec = ProbeWorld.program().build();
    try (ServerSocket listener =
        context
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread server = new Thread(() -> answerOneAfterTheOther(listener), "server");
      server.setDaemon(true);
      server.start();
      String url = "https://127.0.0.1:" + listener.getLocalPort() + "/";
      Report.Checked checked = world.check(spec, http(url), LONG);
      assertThat(checked.detail()).isEqualTo(url + ": 200");
      assertThat(checked.passed()).isTrue();
    }
    try (Server plain = new Server(answer("HTTP/1.1 200 OK\r\n\r\n"));
        Server silent = new Server((socket, request) -> socket.getInputStream().read())) {
      assertThat(
              world.check(spec, http("https://127.0.0.1:" + silent.port() + "/"), SHORT).detail())
          .endsWith(": no answer within 300ms");
      assertThat(plain.port()).isPositive();
    }
  }

  @Test
  void nothingIsHeardOfAnInvocationThatIsOver() throws Exception {
    try (Server server = new Server((socket, request) -> socket.getInputStream().read())) {
      InvocationId invocation = ProbeWorld.id();
      world.begin(invocation, ProbeWorld.program().build(), http(server.url("/")), LONG);
      server.requests.poll(10, TimeUnit.SECONDS);
      world.onLoop(() -> world.probes().release(invocation));
      // Answered after the other would have been.
      assertThat(get(server, SHORT).detail()).endsWith("no answer within 300ms");
    }
  }
}
