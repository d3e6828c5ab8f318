package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UnixSocketsIT {
  @TempDir Path folder;

  private String path() {
    return folder.resolve("pmd.sock").toString();
  }

  @Test
  void listensWithExactlyThePermissionsAskedFor() throws Exception {
    int listener = UnixSockets.listen(path(), 0662, -1, 16);
    try {
      FileStatus status = FilePath.status(path());
      assertThat(status.isSocket()).isTrue();
      assertThat(status.permissions()).isEqualTo(0662);
      assertThat(status.uid()).isEqualTo(Host.euid());
      try (var files = Files.list(folder)) {
        assertThat(files.map(file -> file.getFileName().toString())).containsExactly("pmd.sock");
      }
    } finally {
      Fd.close(listener);
    }
  }

  @Test
  void theGroupOfTheSocket() throws Exception {
    assumeTrue(Host.euid() == 0, "only root can give any group");
    int listener = UnixSockets.listen(path(), 0660, 4321, 16);
    assertThat(FilePath.status(path()).gid()).isEqualTo(4321);
    Fd.close(listener);
  }

  @Test
  void aFailureLeavesNothingBehind() throws Exception {
    assertThatThrownBy(() -> UnixSockets.listen(folder + "/none/pmd.sock", 0600, -1, 16))
        .hasMessage("open " + folder + "/none: No such file or directory");
    Files.createDirectory(Path.of(path()));
    assertThatThrownBy(() -> UnixSockets.listen(path(), 0600, -1, 16))
        .hasMessageEndingWith("File exists");
    try (var files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString())).containsExactly("pmd.sock");
    }
  }

  @Test
  void aPathThatNoClientCouldUseIsRefused() {
    String path = folder + "/" + "x".repeat(108 - folder.toString().length() - 1);
    assertThatThrownBy(() -> UnixSockets.listen(path, 0600, -1, 16))
        .hasMessage("bind " + path + ": File name too long");
    assertThatThrownBy(() -> UnixSockets.connect(path)).hasMessageContaining("too long");
  }

  @Test
  void theLongestPathWorks() throws Exception {
    String path = folder + "/" + "x".repeat(107 - folder.toString().length() - 1);
    int listener = UnixSockets.listen(path, 0600, -1, 16);
    Fd.close(UnixSockets.connect(path));
    Fd.close(listener);
  }

  @Test
  void talksToAJavaClientAndKnowsWhoItIs() throws Exception {
    int listener = UnixSockets.listen(path(), 0600, -1, 16);
    assertThat(UnixSockets.accept(listener)).isEqualTo(Fd.WOULD_BLOCK);
    int connection;
    ByteBuffer buffer = ByteBuffer.allocateDirect(10);
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(path()));
      connection = UnixSockets.accept(listener);
      assertThat(PeerCredentials.of(connection))
          .isEqualTo(new PeerCredentials(Host.pid(), Host.euid(), Host.egid()));
      assertThat(Fd.read(connection, buffer)).isEqualTo(Fd.WOULD_BLOCK);
      client.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      assertThat(Fd.read(connection, buffer)).isEqualTo(3);
      assertThat(Fd.write(connection, buffer.flip())).isEqualTo(3);
      assertThat(client.read(ByteBuffer.allocate(10))).isEqualTo(3);
    } finally {
      Fd.close(listener);
    }
    assertThat(Fd.read(connection, buffer.clear())).as("at the end").isZero();
    Fd.close(connection);
  }

  @Test
  void aStaleSocketRefusesAndIsReplaced() throws Exception {
    Fd.close(UnixSockets.listen(path(), 0600, -1, 16));
    assertThatThrownBy(() -> UnixSockets.connect(path()))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED));
    int listener = UnixSockets.listen(path(), 0600, -1, 1);
    int client = UnixSockets.connect(path());
    int connection = UnixSockets.accept(listener);
    assertThat(connection).isPositive();
    Fd.close(connection);
    Fd.close(client);
    Fd.close(listener);
  }

  @Test
  void whatIsNoSocketIsNotReplaced() throws Exception {
    Path file = Files.writeString(folder.resolve("precious"), "precious");
    assertThatThrownBy(() -> UnixSockets.listen(file.toString(), 0600, -1, 16))
        .hasMessage("bind " + file + ": File exists");
    assertThat(file).hasContent("precious");
  }

  @Test
  void aFullQueueIsNoStaleSocket() throws Exception {
    int listener = UnixSockets.listen(path(), 0600, -1, 0);
    int first = UnixSockets.connect(path());
    assertThatThrownBy(() -> UnixSockets.connect(path()))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
    Fd.close(first);
    Fd.close(listener);
  }

  @Test
  void theGroupsOfAnotherUser() throws Exception {
    assumeTrue(Host.euid() == 0, "only root can become another user");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "python3 is the client");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    int listener = UnixSockets.listen(path(), 0666, -1, 16);
    String client =
        "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)";
    int pid =
        Child.start(
            new Spawn(),
            Child.as(
                new Credentials(65534, 4321, List.of(5, 7, 4321)),
                Child.request(
                    List.of("/usr/bin/python3", "-c", client, path()), new Stdio.Null())));
    try {
      assertThat(Fd.poll(listener, Fd.POLLIN, Child.LIMIT_NANOS)).isEqualTo(Fd.POLLIN);
      int connection = UnixSockets.accept(listener);
      assertThat(PeerCredentials.of(connection)).isEqualTo(new PeerCredentials(pid, 65534, 4321));
      assertThat(PeerCredentials.groups(connection)).containsExactlyInAnyOrder(5, 7, 4321);
      Fd.close(connection);
    } finally {
      Fd.close(listener);
      Child.end(pid);
    }
  }

  @Test
  void ownGroupsHoweverMany() throws Exception {
    int listener = UnixSockets.listen(path(), 0600, -1, 16);
    int client = UnixSockets.connect(path());
    int connection = UnixSockets.accept(listener);
    assertThat(PeerCredentials.groups(connection))
        .containsExactlyInAnyOrderElementsOf(Host.groups());
    Fd.close(connection);
    Fd.close(client);
    Fd.close(listener);
  }
}
