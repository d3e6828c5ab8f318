package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pm.daemon.posix.ResourceLimit.Resource;

/** This process, the machine, its users, and the words for errors. */
final class HostIT {
  private static final int SET_CHILD_SUBREAPER = 36;

  @Test
  void whoWeAre() throws Exception {
    assertThat(Host.pid()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(Host.uid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    assertThat(Host.euid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    assertThat(Host.egid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:gid"));
    assertThat(Host.groups()).doesNotHaveDuplicates();
    assertThat(Host.cores()).isPositive();
  }

  @Test
  void umaskIsReadAndNotTouched() throws Exception {
    int umask = Host.umask();
    assertThat(umask).isBetween(0, 0777);
    assertThat(Host.umask()).isEqualTo(umask);
  }

  @Test
  void largeMemoryComesFromTheKernelAndGoesBackToIt() {
    assumeTrue(Libc.find("mallopt").isPresent(), "another C library has its own ways");
    Host.giveBackLargeMemory();
    long malloc = Libc.function("malloc");
    long free = Libc.function("free");
    for (int i = 0; i < 16; i++) {
      long memory = Libc.call(malloc, 1 << 20);
      // What glibc maps for a piece alone begins with a page, after two words of its own; left to
      // itself it takes every piece but the first from what it keeps.
      assertThat(memory & 0xfff).isEqualTo(2 * Long.BYTES);
      Libc.call(free, memory);
    }
  }

  @Test
  void freeMemoryBelowWhatIsInUseGoesBackToo() throws Exception {
    assumeTrue(Libc.find("malloc_trim").isPresent(), "another C library has its own ways");
    long malloc = Libc.function("malloc");
    long free = Libc.function("free");
    int pieces = 2_000;
    int bytes = 16 * 1024;
    long[] memory = new long[pieces];
    for (int i = 0; i < pieces; i++) {
      memory[i] = Libc.call(malloc, bytes);
      Libc.call(Libc.function("memset"), memory[i], 1, bytes);
    }
    // The last one stays, so that the end of the arena is in use.
    for (int i = 0; i < pieces - 1; i++) {
      Libc.call(free, memory[i]);
    }
    long before = residentKiB();
    Host.giveBackFreeMemory();
    assertThat(before - residentKiB()).isGreaterThan(pieces * (bytes / 1024) / 2);
    Libc.call(free, memory[pieces - 1]);
  }

  private static long residentKiB() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new AssertionError("no VmRSS");
  }

  @Test
  void monotonicTimeIsThatOfTheKernel() throws Exception {
    long first = Host.monotonicNanos();
    double uptime = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0]);
    long second = Host.monotonicNanos();
    assertThat(second).isGreaterThanOrEqualTo(first);
    // The up-time also counts suspension, and comes in hundredths of a second.
    assertThat(first / 1e9).isLessThan(uptime + 0.02);
  }

  @Test
  void bootIdAndRandomNumbers() throws Exception {
    assertThat(Host.bootId()).matches("[0-9a-f-]{36}").isEqualTo(Host.bootId());
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      seen.add(Host.randomHex());
    }
    assertThat(seen).hasSize(1000).allMatch(text -> text.matches("[0-9a-f]{32}"));
  }

  @Test
  void limitsCanBeLoweredAndRaisedAgain() throws Exception {
    ResourceLimit before = Host.limit(Resource.CORE);
    ResourceLimit lower = new ResourceLimit(0, before.hard());
    Host.setLimit(Resource.CORE, lower);
    assertThat(Host.limit(Resource.CORE)).isEqualTo(lower);
    Host.setLimit(Resource.CORE, before);
    assertThat(Host.limit(Resource.CORE)).isEqualTo(before);
    assertThat(Host.limit(Resource.FILES).soft()).isPositive();
    assertThatThrownBy(() -> Host.setLimit(Resource.FILES, new ResourceLimit(10, 5)))
        .hasMessage("setrlimit FILES: Invalid argument");
  }

  @Test
  void capabilitiesOfRootAndOthers() throws Exception {
    if (Host.euid() != 0) {
      assertThat(Host.hasCapability(Capability.SETUID)).isFalse();
      assertThat(Host.hasCapability(Capability.SYS_RESOURCE)).isFalse();
    } else {
      assertThat(Host.hasCapability(Capability.SETUID)).isTrue();
    }
  }

  @Test
  void subreaperGetsTheOrphans() throws Exception {
    Host.becomeChildSubreaper();
    String orphan =
        Child.output(
                new Spawn(), Child.script("(sleep 60 >/dev/null 2>&1 & echo $!)", new Stdio.Null()))
            .strip();
    int pid = Integer.parseInt(orphan);
    String parent =
        Files.readString(Path.of("/proc/" + pid + "/status"))
            .lines()
            .filter(line -> line.startsWith("PPid:"))
            .findFirst()
            .orElseThrow();
    try (PidFd process = PidFd.open(pid)) {
      assertThat(parent).isEqualTo("PPid:\t" + Host.pid());
      process.send(Signals.KILL);
      assertThat(Child.end(pid)).isEqualTo(new WaitStatus.Signalled(Signals.KILL, false));
    } finally {
      // Other tests share this process and expect their orphans to be no concern of theirs.
      Libc.call(Libc.function("prctl"), SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    }
  }

  @Test
  void usersByNameAndNumber() throws Exception {
    UserEntry root = Users.lookup("root").orElseThrow();
    assertThat(root.uid()).isZero();
    assertThat(root.gid()).isZero();
    assertThat(root.home()).startsWith("/");
    assertThat(root.shell()).startsWith("/");
    assertThat(Users.lookup("0")).contains(root);
    assertThat(Users.byUid(0)).contains(root);
    assertThat(Users.lookup("no-such-user")).isEmpty();
    assertThat(Users.lookup("")).isEmpty();
    assertThat(Users.lookup("root\0x")).isEmpty();
    assertThat(Users.lookup("3999999999")).isEmpty();
    assertThat(Users.lookup("99999999999999999999")).isEmpty();
    assertThat(Users.lookup("4294967295")).as("-1 to the kernel").isEmpty();
  }

  @Test
  void groupsByNameAndNumber() throws Exception {
    assertThat(Users.groupId("root")).hasValue(0);
    assertThat(Users.groupId("4321")).hasValue(4321);
    assertThat(Users.groupId("no-such-group")).isEmpty();
    assertThat(Users.groupId("")).isEmpty();
    assertThat(Users.groupName(0)).contains("root");
    assertThat(Users.groupName(1_999_999_999)).isEmpty();
    assertThat(Users.supplementaryGroups("root", 4321)).contains(4321);
    assertThat(Users.supplementaryGroups("no-such-user", 4321)).containsExactly(4321);
  }

  @Test
  void everyUserOfTheMachineIsFound() throws Exception {
    for (String line : Files.readAllLines(Path.of("/etc/passwd"))) {
      List<String> fields = List.of(line.split(":", -1));
      if (fields.size() == 7) {
        assertThat(Users.lookup(fields.get(0)))
            .contains(
                new UserEntry(
                    fields.get(0),
                    Integer.parseInt(fields.get(2)),
                    Integer.parseInt(fields.get(3)),
                    fields.get(5),
                    fields.get(6)));
      }
    }
  }

  @Test
  void errorsHaveNamesAndWords() {
    assertThat(Errno.name(Errno.ENOENT)).isEqualTo("ENOENT");
    assertThat(Errno.message(Errno.ENOENT)).isEqualTo("No such file or directory");
    assertThat(Errno.name(4095)).isEqualTo("errno 4095");
    assertThat(Errno.message(4095)).isEqualTo("Unknown error 4095");
    assertThat(Errno.name(Errno.ECONNREFUSED)).isEqualTo("ECONNREFUSED");
    assertThat(Errno.name(Errno.EDQUOT)).isEqualTo("EDQUOT");
    assertThat(Errno.name(Errno.ELOOP)).isEqualTo("ELOOP");
    assertThat(Errno.isShortage(Errno.EMFILE)).isTrue();
    assertThat(Errno.isShortage(Errno.EACCES)).isFalse();
  }
}
