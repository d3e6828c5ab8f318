package pm.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static pm.daemon.control.ControlFixture.program;
import static pm.daemon.control.ControlFixture.stopped;
import static pm.daemon.control.ControlFixture.world;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Command;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.posix.ResourceLimit;
import pm.protocol.Method;

/** Who may do what, and what happens when there are too many of them. */
@Timeout(120)
@SuppressWarnings("try")
final class AccessIT {
  private static final int STRANGER = 54_321;
  private static final int GROUP = 54_322;
  private static final Path PYTHON = Path.of("/usr/bin/python3");
  private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

  /** Connects as often as it is told, sends what it is given, and prints the lines that come. */
  private static final String CLIENT =
      """
      import socket, sys
      path, times, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
      all = []
      for i in range(times):
          s = socket.socket(socket.AF_UNIX)
          s.settimeout(30)
          try:
              s.connect(path)
          except OSError as e:
              print("cannot connect: " + e.strerror, flush=True)
              continue
          all.append(s)
      for s in all:
          try:
              s.sendall(text.encode())
          except OSError:
              pass
      for s in all:
          print(s.makefile().readline().strip(), flush=True)
      """;

  @TempDir Path folder;

  @Test
  void rolesFollowFromUserAndGroups() {
    Access access = new Access(1000, OptionalInt.of(50));
    assertThat(access.roleOf(0, 0, List.of())).isEqualTo(Role.ADMINISTRATOR);
    assertThat(access.roleOf(1000, 1000, List.of())).isEqualTo(Role.ADMINISTRATOR);
    assertThat(access.roleOf(1001, 50, List.of())).isEqualTo(Role.OPERATOR);
    assertThat(access.roleOf(1001, 1001, List.of(7, 50))).isEqualTo(Role.OPERATOR);
    assertThat(access.roleOf(1001, 1001, List.of(7, 51))).isEqualTo(Role.STRANGER);
    assertThat(new Access(1000, OptionalInt.empty()).roleOf(1001, 50, List.of(50)))
        .isEqualTo(Role.STRANGER);
  }

  @Test
  void onlyTheDaemonItselfIsForAdministrators() {
    for (Method method : Method.values()) {
      boolean isDaemons = method.wireName().startsWith("daemon.");
      assertThat(Role.OPERATOR.may(method.access())).as(method.wireName()).isEqualTo(!isDaemons);
      assertThat(Role.ADMINISTRATOR.may(method.access())).isTrue();
      assertThat(Role.STRANGER.may(method.access())).isFalse();
    }
  }

  @Test
  void strangersAreTurnedAwayAndMembersAreNot() throws Exception {
    try (ControlFixture daemon = daemonForOthers()) {
      String status = Client.line(1, "status", "{}");
      assertThat(as(STRANGER, List.of(), 1, status))
          .singleElement()
          .asString()
          .contains("-32003")
          .contains("socket's group");
      assertThat(daemon.server.connections()).isZero();
      // By a supplementary group, and by the group it acts with.
      assertThat(as(STRANGER, List.of("--groups=" + GROUP), 1, status))
          .singleElement()
          .asString()
          .contains("\"items\"");
      assertThat(as(STRANGER, List.of("--regid=" + GROUP, "--clear-groups"), 1, status))
          .singleElement()
          .asString()
          .contains("\"items\"");
      for (String method : List.of("daemon.status", "daemon.shutdown")) {
        assertThat(as(STRANGER, List.of("--groups=" + GROUP), 1, Client.line(1, method, "{}")))
            .singleElement()
            .asString()
            .contains("-32003")
            .contains("only for root");
      }
      assertThat(daemon.commands).isEmpty();

      daemon.answers = command -> Optional.of(new Answer.Outcomes(List.of()));
      as(
          STRANGER,
          List.of("--groups=" + GROUP),
          1,
          Client.line(1, "stop", "{\"selectors\":[\"web\"]}"));
      Command stop = daemon.command();
      assertThat(stop.actor().uid()).isEqualTo(STRANGER);
      assertThat(stop.actor().name()).isEqualTo(String.valueOf(STRANGER));
      assertThat(stop.actor().pid()).isPositive();
    }
  }

  @Test
  void oneUserCannotTakeAllConnections() throws Exception {
    try (ControlFixture daemon = daemonForOthers()) {
      List<String> lines =
          as(
              STRANGER,
              List.of("--groups=" + GROUP),
              Bounds.CONNECTIONS_PER_USER + 5,
              Client.line(1, "ping", "{}"));
      assertThat(lines).hasSize(Bounds.CONNECTIONS_PER_USER + 5);
      assertThat(lines.stream().filter(line -> line.contains("pong")))
          .hasSize(Bounds.CONNECTIONS_PER_USER);
      assertThat(lines.stream().filter(line -> line.contains("-32004"))).hasSize(5);
      daemon.untilConnections(0);
    }
  }

  @Test
  void connectionsLeaveDescriptorsToProgramsAndMembersTheLastOnesToRoot() throws Exception {
    String ping = Client.line(1, "ping", "{}");
    try (ControlFixture daemon = daemonForOthers(80)) {
      try (Client root = daemon.connect()) {
        root.result("ping", "{}");
        List<String> members = as(STRANGER, List.of("--groups=" + GROUP), 40, ping);
        assertThat(members.stream().filter(line -> line.contains("pong"))).hasSize(34);
        assertThat(members.stream().filter(line -> line.contains("-32004"))).hasSize(6);
        daemon.untilConnections(1);
        List<String> administrators = as(0, List.of("--clear-groups"), 45, ping);
        assertThat(administrators.stream().filter(line -> line.contains("pong"))).hasSize(39);
        assertThat(administrators.stream().filter(line -> line.contains("-32004"))).hasSize(6);
        root.result("ping", "{}");
      }
      daemon.untilConnections(0);
    }
  }

  @Test
  void soManyConnectionsAsThereAreDescriptorsFor() {
    assertThat(Bounds.connections(65_536)).isEqualTo(12_288);
    assertThat(Bounds.connections(-1)).isEqualTo(12_288);
    assertThat(Bounds.connections(20_000)).isEqualTo(11_808);
    assertThat(Bounds.connections(1_024)).isEqualTo(512);
    assertThat(Bounds.connectionsOfMembers(12_288)).isEqualTo(12_032);
    assertThat(Bounds.connectionsOfMembers(512)).isEqualTo(448);
  }

  @Test
  void withoutDescriptorsClientsAreToldAndTheLoopDoesNotSpin() throws Exception {
    assumeTrue(Files.isExecutable(PYTHON), "python3 is the client here");
    try (ControlFixture daemon =
        new ControlFixture(folder, world(List.of(program("web").build()), stopped("web@1")))) {
      try (Client first = daemon.connect()) {
        first.result("ping", "{}");
        // Classes are files here, where in the shipped daemon they are in one open archive: what
        // is met without a descriptor must have been met before.
        LoggerFactory.getLogger(AccessIT.class)
            .warn("{}", new ErrnoException("accept4", "fd 1", Errno.EMFILE).getMessage());
        // Started before there are none left, it waits for our word.
        Process client = python(List.of(), "input()\n" + CLIENT, 5, Client.line(1, "ping", "{}"));
        ResourceLimit before = Host.limit(ResourceLimit.Resource.FILES);
        List<String> lines = new ArrayList<>();
        try (BufferedReader output = output(client)) {
          Host.setLimit(
              ResourceLimit.Resource.FILES, new ResourceLimit(nextDescriptor(), before.hard()));
          try {
            client.outputWriter().append('\n').flush();
            for (int i = 0; i < 5; i++) {
              lines.add(String.valueOf(output.readLine()));
            }
            assertThat(first.result("ping", "{}").bool("pong", false)).isTrue();
          } finally {
            Host.setLimit(ResourceLimit.Resource.FILES, before);
          }
        }
        client.waitFor();
        assertThat(lines)
            .hasSize(5)
            .allSatisfy(line -> assertThat(line).contains("no descriptor left"));
        assertThat(daemon.onLoop(daemon.server::refused)).isEqualTo(5);
        try (Client later = daemon.connect()) {
          assertThat(later.result("ping", "{}").bool("pong", false)).isTrue();
        }
      }
    }
  }

  /** The lowest number that is not in use: with it as the limit, there is none to be had. */
  private static int nextDescriptor() throws Exception {
    int lowest = 0;
    while (Files.exists(
        Path.of("/proc/self/fd/" + lowest), java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      lowest++;
    }
    return lowest;
  }

  private ControlFixture daemonForOthers() throws Exception {
    return daemonForOthers(65_536);
  }

  private ControlFixture daemonForOthers(long descriptors) throws Exception {
    assumeTrue(Host.euid() == 0, "only root can become others");
    assumeTrue(
        Files.isExecutable(PYTHON) && Files.isExecutable(SETPRIV),
        "python3 and setpriv are the client here");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new ControlFixture(
        folder,
        world(List.of(program("web").build()), stopped("web@1")),
        new FakeEvents(10, 0),
        OptionalInt.of(GROUP),
        descriptors);
  }

  private List<String> as(int uid, List<String> rights, int times, String text) throws Exception {
    List<String> change = new ArrayList<>(List.of(SETPRIV.toString(), "--reuid=" + uid));
    if (rights.stream().noneMatch(right -> right.startsWith("--regid"))) {
      change.add("--regid=" + uid);
    }
    change.addAll(rights.isEmpty() ? List.of("--clear-groups") : rights);
    Process client = python(change, CLIENT, times, text);
    try (BufferedReader output = output(client)) {
      return output.lines().toList();
    } finally {
      client.waitFor();
    }
  }

  private Process python(List<String> before, String program, int times, String text)
      throws Exception {
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            PYTHON.toString(),
            "-c",
            program,
            folder.resolve("pmd.sock").toString(),
            String.valueOf(times),
            text));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static BufferedReader output(Process client) {
    return new BufferedReader(
        new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
  }
}
