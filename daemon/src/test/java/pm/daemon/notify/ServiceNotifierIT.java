package pm.daemon.notify;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.SystemTime;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.UnixDatagrams;

/** What a service manager hears, at a real socket. */
class ServiceNotifierIT {
  @TempDir private Path folder;
  private final Deadlines deadlines = new Deadlines();
  private final SystemTime time = new SystemTime();
  private final UnixDatagrams.Receiver receiver = new UnixDatagrams.Receiver(4096);
  private String address = "";
  private int socket;
  private String status = "1 program: 1 starting";

  @BeforeEach
  void open() throws Exception {
    address = folder.resolve("notify").toString();
    socket = UnixDatagrams.bind(address, 0600, -1, -1);
  }

  @AfterEach
  void close() throws Exception {
    Fd.close(socket);
  }

  private ServiceNotifier notifier(Map<String, String> environment) {
    return new ServiceNotifier(deadlines, time, environment, () -> status);
  }

  private List<String> heard() throws Exception {
    List<String> heard = new ArrayList<>();
    Optional<UnixDatagrams.Message> message = receiver.receive(socket);
    while (message.isPresent()) {
      assertThat(message.get().sender().orElseThrow().pid()).isEqualTo(Host.pid());
      heard.add(new String(message.get().bytes(), StandardCharsets.UTF_8));
      message = receiver.receive(socket);
    }
    return heard;
  }

  @Test
  void itsLife() throws Exception {
    ServiceNotifier notifier = notifier(Map.of("NOTIFY_SOCKET", address));
    notifier.reloading();
    notifier.changed();
    assertThat(heard()).isEmpty();
    notifier.ready();
    notifier.ready();
    assertThat(heard())
        .containsExactly("READY=1\nMAINPID=" + Host.pid() + "\nSTATUS=1 program: 1 starting");
    notifier.reloading();
    notifier.reloading();
    status = "2 programs: 2 up";
    notifier.reloaded();
    notifier.reloaded();
    List<String> reload = heard();
    assertThat(reload).hasSize(2);
    assertThat(reload.getFirst()).matches("RELOADING=1\nMONOTONIC_USEC=\\d+");
    assertThat(reload.getLast()).isEqualTo("READY=1\nSTATUS=2 programs: 2 up");
    notifier.stopping();
    notifier.stopping();
    notifier.reloading();
    assertThat(heard()).containsExactly("STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000");
    notifier.close();
  }

  @Test
  void theStatusIsToldUponChangeButNotTooOften() throws Exception {
    ServiceNotifier notifier = notifier(Map.of("NOTIFY_SOCKET", address));
    notifier.ready();
    assertThat(heard()).hasSize(1);
    for (int i = 0; i < 1000; i++) {
      status = i + " programs";
      notifier.changed();
    }
    assertThat(heard()).isEmpty();
    long due = deadlines.next();
    assertThat(due - time.nanos()).isBetween(0L, TimeUnit.SECONDS.toNanos(1));
    deadlines.pass(due);
    assertThat(heard()).containsExactly("STATUS=999 programs");
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
    notifier.changed();
    deadlines.pass(deadlines.next());
    assertThat(heard()).as("nothing has changed").isEmpty();
    notifier.close();
  }

  @Test
  void theWatchdogIsFedAtHalfItsTime() throws Exception {
    ServiceNotifier notifier =
        notifier(
            Map.of(
                "NOTIFY_SOCKET",
                address,
                "WATCHDOG_USEC",
                "10000000",
                "WATCHDOG_PID",
                Integer.toString(Host.pid())));
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
    notifier.ready();
    assertThat(heard()).hasSize(2).contains("WATCHDOG=1");
    for (int i = 0; i < 3; i++) {
      assertThat(deadlines.next() - time.nanos())
          .isBetween(TimeUnit.SECONDS.toNanos(4), TimeUnit.SECONDS.toNanos(5));
      deadlines.pass(deadlines.next());
      assertThat(heard()).containsExactly("WATCHDOG=1");
    }
    notifier.close();
  }

  @Test
  void aWatchdogForAnotherIsNotFed() throws Exception {
    ServiceNotifier notifier =
        notifier(Map.of("NOTIFY_SOCKET", address, "WATCHDOG_USEC", "1000", "WATCHDOG_PID", "1"));
    notifier.ready();
    assertThat(heard()).hasSize(1);
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
    notifier.close();
  }

  @Test
  void withoutASocketNothingIsToldAndNothingWakes() throws Exception {
    for (Map<String, String> environment :
        List.of(
            Map.<String, String>of(),
            Map.of("NOTIFY_SOCKET", "", "WATCHDOG_USEC", "1000"),
            Map.of("NOTIFY_SOCKET", "vsock:2:1"))) {
      ServiceNotifier notifier = notifier(environment);
      notifier.ready();
      notifier.changed();
      notifier.reloading();
      notifier.reloaded();
      notifier.stopping();
      assertThat(heard()).isEmpty();
      assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
      notifier.close();
    }
  }

  @Test
  void aFullSocketIsTriedAgain() throws Exception {
    int sender = UnixDatagrams.socket();
    while (UnixDatagrams.send(sender, address, new byte[] {'x'})) {}
    Fd.close(sender);
    ServiceNotifier notifier = notifier(Map.of("NOTIFY_SOCKET", address));
    notifier.ready();
    heard();
    assertThat(deadlines.next()).isLessThan(Long.MAX_VALUE);
    deadlines.pass(deadlines.next());
    assertThat(heard()).hasSize(1).first().asString().startsWith("READY=1");
    notifier.close();
  }

  @Test
  void nobodyThereIsNoHarm() throws Exception {
    ServiceNotifier notifier =
        notifier(Map.of("NOTIFY_SOCKET", folder.resolve("nobody").toString()));
    notifier.ready();
    notifier.stopping();
    // Once more, and never again.
    deadlines.pass(deadlines.next());
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
    notifier.close();
  }

  @Test
  void abstractAddresses() throws Exception {
    String name = "pmd-test-" + Host.randomHex();
    Process python =
        new ProcessBuilder(
                "/usr/bin/python3",
                "-c",
                "import socket, sys\n"
                    + "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                    + "s.bind('\\0"
                    + name
                    + "')\nprint('bound', flush=True)\nprint(s.recv(100).decode().split()[0])\n")
            .redirectErrorStream(true)
            .start();
    try (var lines = python.inputReader()) {
      assertThat(lines.readLine()).isEqualTo("bound");
      ServiceNotifier notifier = notifier(Map.of("NOTIFY_SOCKET", "@" + name));
      notifier.ready();
      assertThat(lines.readLine()).isEqualTo("READY=1");
      notifier.close();
    } finally {
      python.destroyForcibly();
    }
  }
}
