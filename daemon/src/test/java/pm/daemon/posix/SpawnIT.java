package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.posix.SpawnException.Stage;

final class SpawnIT {
  private static final int NOBODY = 65534;
  private static final String STATUS = "cat /proc/self/status";

  @TempDir Path folder;

  private final Spawn spawn = new Spawn();

  SpawnIT() throws ErrnoException {}

  private static SpawnRequest script(String script) {
    return Child.script(script, new Stdio.Null());
  }

  private static SpawnRequest program(String... argv) {
    return Child.request(List.of(argv), new Stdio.Null());
  }

  private static String field(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip().replace('\t', ' '))
        .findFirst()
        .orElseThrow();
  }

  private Path file(String name, String content, String permissions) throws Exception {
    Path file = Files.writeString(folder.resolve(name), content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  private void openFolder() throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void assertFails(SpawnRequest request, Stage stage, int errno, String message) {
    assertThatThrownBy(() -> Child.start(spawn, request))
        .isInstanceOfSatisfying(
            SpawnException.class,
            refused -> {
              assertThat(refused.stage()).isEqualTo(stage);
              assertThat(refused.errno()).isEqualTo(errno);
            })
        .hasMessage(message);
  }

  // What a child finds.

  @Test
  void childHasNoSignalBlockedOrIgnored() throws Exception {
    String status = Child.output(spawn, program("/bin/cat", "/proc/self/status"));

    assertThat(field(status, "SigBlk")).isEqualTo("0000000000000000");
    assertThat(field(status, "SigIgn")).isEqualTo("0000000000000000");
    assertThat(field(status, "SigCgt")).isEqualTo("0000000000000000");
  }

  @Test
  void childLeadsItsOwnSessionAndGroup() throws Exception {
    Fd.Pipe gate = Fd.pipe(0);
    int pid = spawn.spawn(program("/bin/sleep", "60"));
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      assertThat(fields[2]).as("group").isEqualTo(String.valueOf(pid));
      assertThat(fields[3]).as("session").isEqualTo(String.valueOf(pid));
      assertThat(fields[1]).as("parent").isEqualTo(String.valueOf(Host.pid()));
    } finally {
      Signals.killGroup(pid, Signals.KILL);
      Child.end(pid);
      Fd.close(gate.readEnd());
      Fd.close(gate.writeEnd());
    }
  }

  @Test
  void childHasThreeDescriptorsAndNoMore() throws Exception {
    // The directory that ls itself reads is the fourth.
    String list = Child.output(spawn, program("/bin/ls", "/proc/self/fd"));

    assertThat(list.lines()).containsExactly("0", "1", "2", "3");
  }

  @Test
  void childHasItsEnvironmentAndNoOther() throws Exception {
    String environment =
        Child.output(
            spawn,
            new SpawnRequest(
                List.of("env"),
                "/usr/bin:/bin",
                Map.of("NAME", "with space", "GREETING", "grüß\ndich"),
                "/",
                new Stdio.Null(),
                new Stdio.Null(),
                new Stdio.Null(),
                Optional.empty(),
                OptionalInt.empty()));

    assertThat(environment.lines())
        .containsExactlyInAnyOrder("NAME=with space", "GREETING=grüß", "dich");
  }

  @Test
  void childRunsInItsWorkingDirectoryAndFindsARelativeProgramThere() throws Exception {
    file("where", "#!/bin/sh\npwd\n", "rwxr-xr-x");

    String text = Child.output(spawn, Child.in(folder.toString(), program("./where")));

    assertThat(text.strip()).isEqualTo(folder.toRealPath().toString());
  }

  @Test
  void childReadsNothingFromItsNullInput() throws Exception {
    assertThat(Child.output(spawn, script("cat; echo end"))).isEqualTo("end\n");
  }

  @Test
  void umaskIsTheChildsAlone() throws Exception {
    int before = Host.umask();
    int other = before == 0027 ? 0077 : 0027;
    SpawnRequest request = Child.withUmask(other, script(STATUS));

    assertThat(spawn.needsOwnThread(request)).isTrue();
    assertThat(field(Child.output(spawn, request), "Umask"))
        .isEqualTo(String.format("%04o", other));
    assertThat(Host.umask()).isEqualTo(before);
  }

  @Test
  void umaskIsSetByAShellWhereUnshareIsForbidden() throws Exception {
    Spawn contained = new Spawn(false);
    int other = Host.umask() == 0027 ? 0077 : 0027;
    SpawnRequest request =
        Child.withUmask(other, program("sh", "-c", "umask; echo \"$1\"", "x", "two  words"));

    assertThat(Child.output(contained, request).lines())
        .containsExactly(String.format("%04o", other), "two  words");
  }

  @Test
  void ownUmaskAndOwnUserNeedNoThread() throws Exception {
    SpawnRequest request =
        Child.as(
            new Credentials(Host.euid(), Host.egid(), Host.groups()),
            Child.withUmask(Host.umask(), script("true")));

    assertThat(spawn.needsOwnThread(request)).isFalse();
  }

  @Test
  void anotherUserIsTheChildsAlone() throws Exception {
    assumeTrue(Host.euid() == 0, "only root can become another user");
    String before = Files.readString(Path.of("/proc/self/status"));
    SpawnRequest request =
        Child.as(new Credentials(NOBODY, 4321, List.of(4321, 5, 7)), script(STATUS));

    String status = Child.output(spawn, request);

    assertThat(field(status, "Uid")).isEqualTo("65534 65534 65534 65534");
    assertThat(field(status, "Gid")).isEqualTo("4321 4321 4321 4321");
    assertThat(field(status, "Groups")).isEqualTo("5 7 4321");
    assertThat(field(status, "CapPrm")).isEqualTo("0000000000000000");
    assertThat(field(status, "CapEff")).isEqualTo("0000000000000000");
    assertThat(field(status, "CapAmb")).isEqualTo("0000000000000000");
    String after = Files.readString(Path.of("/proc/self/status"));
    for (String unchanged : List.of("Uid", "Gid", "Groups", "Umask", "CapEff", "CapPrm")) {
      assertThat(field(after, unchanged)).as(unchanged).isEqualTo(field(before, unchanged));
    }
  }

  @Test
  void noOtherThreadIsChanged() throws Exception {
    assumeTrue(Host.euid() == 0, "only root can become another user");
    Path own = Path.of("/proc/self/cwd").toRealPath();
    SpawnRequest request =
        Child.withUmask(0077, Child.as(new Credentials(NOBODY, NOBODY, List.of()), script("true")));

    Child.end(Child.start(spawn, request));

    List<String> changed = new ArrayList<>();
    try (var threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        try {
          String status = Files.readString(thread.resolve("status"));
          if (field(status, "Name").equals("spawn")) {
            // The one that was changed: for the kernel it ends a moment after it has for Java.
            continue;
          }
          boolean isOurs =
              field(status, "Uid").equals("0 0 0 0")
                  && field(status, "Gid").equals("0 0 0 0")
                  && field(status, "Umask").equals(String.format("%04o", Host.umask()))
                  && thread.resolve("cwd").toRealPath().equals(own);
          if (!isOurs) {
            changed.add(status);
          }
        } catch (java.nio.file.NoSuchFileException e) {
          assertThat(thread).as("a thread that has ended").doesNotExist();
        }
      }
    }
    assertThat(changed).isEmpty();
    assertThat(Files.getOwner(Path.of("/proc/self/stat")).getName()).isEqualTo("root");
  }

  // Every way to fail.

  @Test
  void missingProgram() {
    assertFails(
        program("/nope/x"), Stage.EXEC, Errno.ENOENT, "exec: /nope/x: No such file or directory");
  }

  @Test
  void programThatIsNotInThePath() {
    assertFails(
        Child.searching("/usr/bin:/bin", program("no-such-program")),
        Stage.EXEC,
        Errno.ENOENT,
        "exec: no-such-program: not found in PATH (/usr/bin:/bin)");
  }

  @Test
  void programInThePathThatMayNotBeExecuted() throws Exception {
    Path file = file("tool", "#!/bin/sh\n", "rw-r--r--");

    assertFails(
        Child.searching(folder + ":/bin", program("tool")),
        Stage.EXEC,
        Errno.EACCES,
        "exec: " + file + ": Permission denied");
  }

  @Test
  void firstExecutableInThePathWins() throws Exception {
    Files.createDirectory(folder.resolve("a"));
    Files.createDirectory(folder.resolve("b"));
    Files.createDirectory(folder.resolve("a/tool"));
    file("b/tool", "#!/bin/sh\necho b\n", "rwxr-xr-x");

    String path = folder + "/none:" + folder + "/a:" + folder + "/b";

    assertThat(Child.output(spawn, Child.searching(path, program("tool")))).isEqualTo("b\n");
  }

  @Test
  void programWithoutPermission() throws Exception {
    Path file = file("x", "#!/bin/sh\n", "rw-r--r--");

    assertFails(
        program(file.toString()),
        Stage.EXEC,
        Errno.EACCES,
        "exec: " + file + ": Permission denied");
  }

  @Test
  void programThatIsADirectory() {
    assertFails(program("/usr"), Stage.EXEC, Errno.EISDIR, "exec: /usr: Is a directory");
  }

  @Test
  void programOfNoKnownFormat() throws Exception {
    Path file = file("x", "echo hello\n", "rwxr-xr-x");

    assertFails(
        program(file.toString()),
        Stage.EXEC,
        Errno.ENOEXEC,
        "exec: " + file + ": Exec format error");
  }

  @Test
  void scriptWhoseInterpreterIsMissing() throws Exception {
    Path file = file("x", "#!/opt/no/python3 -u\n", "rwxr-xr-x");

    assertFails(
        program(file.toString()),
        Stage.EXEC,
        Errno.ENOENT,
        "exec: " + file + ": its interpreter /opt/no/python3: No such file or directory");
  }

  @Test
  void scriptWithWindowsLineEnds() throws Exception {
    Path file = file("x", "#!/bin/sh\r\necho\r\n", "rwxr-xr-x");

    assertFails(
        program(file.toString()),
        Stage.EXEC,
        Errno.ENOENT,
        "exec: "
            + file
            + ": its interpreter /bin/sh\\r (the file has Windows line ends):"
            + " No such file or directory");
  }

  @Test
  void scriptWhoseInterpreterMayNotBeExecuted() throws Exception {
    Path file = file("x", "#!/etc/passwd\n", "rwxr-xr-x");

    assertFails(
        program(file.toString()),
        Stage.EXEC,
        Errno.EACCES,
        "exec: " + file + ": its interpreter /etc/passwd: Permission denied");
  }

  @Test
  void argumentsThatAreTooLong() {
    assertFails(
        program("/bin/true", "x".repeat(200_000)),
        Stage.EXEC,
        Errno.E2BIG,
        "exec: /bin/true: Argument list too long");
  }

  @Test
  void argumentWithAZeroByte() {
    assertFails(
        program("/bin/true", "a\0b"),
        Stage.EXEC,
        Errno.EINVAL,
        "exec: an argument of the command contains a zero byte");
  }

  @Test
  void missingWorkingDirectory() {
    assertFails(
        Child.in("/nope", script("true")),
        Stage.WORKING_DIR,
        Errno.ENOENT,
        "working_dir: /nope: No such file or directory");
  }

  @Test
  void workingDirectoryThatIsAFile() {
    assertFails(
        Child.in("/etc/passwd", script("true")),
        Stage.WORKING_DIR,
        Errno.ENOTDIR,
        "working_dir: /etc/passwd: Not a directory");
  }

  @Test
  void workingDirectoryThatTheUserMayNotEnter() throws Exception {
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    openFolder();
    SpawnRequest request = Child.in(closed.toString(), script("true"));

    assertFails(
        Host.euid() == 0 ? Child.as(new Credentials(NOBODY, NOBODY, List.of()), request) : request,
        Stage.WORKING_DIR,
        Errno.EACCES,
        "working_dir: " + closed + ": Permission denied");
  }

  @Test
  void programThatTheUserMayNotExecute() throws Exception {
    assumeTrue(Host.euid() == 0, "only root can become another user");
    Path file = file("x", "#!/bin/sh\n", "rwx------");
    openFolder();
    SpawnRequest request = Child.as(new Credentials(NOBODY, NOBODY, List.of()), program("x"));

    assertFails(
        Child.searching(folder.toString(), request),
        Stage.EXEC,
        Errno.EACCES,
        "exec: " + file + ": Permission denied");
  }

  @Test
  void anotherUserWithoutTheRight() {
    assumeTrue(Host.euid() != 0, "root may become any user");
    assertFails(
        Child.as(new Credentials(0, Host.egid(), List.of()), script("true")),
        Stage.GROUP,
        Errno.EPERM,
        "group: cannot take group " + Host.egid() + ": Operation not permitted");
  }

  @Test
  void noMoreProcessesForThisUser() throws Exception {
    assumeTrue(Host.euid() == 0, "root itself has no such limit, so the JVM goes on");
    ResourceLimit before = Host.limit(ResourceLimit.Resource.PROCESSES);
    Host.setLimit(ResourceLimit.Resource.PROCESSES, new ResourceLimit(1, before.hard()));
    try {
      assertThatThrownBy(
              () ->
                  Child.start(
                      spawn,
                      Child.as(new Credentials(4242, 4242, List.of()), program("/bin/true"))))
          .isInstanceOfSatisfying(SpawnException.class, e -> assertThat(e.isShortage()).isTrue())
          .hasMessage("spawn: Resource temporarily unavailable");
    } finally {
      Host.setLimit(ResourceLimit.Resource.PROCESSES, before);
    }
  }

  @Test
  void descriptorThatIsClosed() throws Exception {
    assertFails(
        Child.script("true", new Stdio.Descriptor(9999)),
        Stage.PIPES,
        Errno.EBADF,
        "pipes: Bad file descriptor");
  }

  @Test
  void shellOfTheUmaskChecksTheProgramFirst() throws Exception {
    Spawn contained = new Spawn(false);
    int other = Host.umask() == 0027 ? 0077 : 0027;
    Path file = file("x", "echo hello\n", "rwxr-xr-x");

    assertThatThrownBy(
            () -> Child.start(contained, Child.withUmask(other, program(file.toString()))))
        .hasMessage("exec: " + file + ": Exec format error");
    assertThatThrownBy(() -> Child.start(contained, Child.withUmask(other, program("/nope/x"))))
        .hasMessage("exec: /nope/x: No such file or directory");
  }
}
