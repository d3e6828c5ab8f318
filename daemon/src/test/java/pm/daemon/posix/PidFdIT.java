package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Processes by pidfd, their ends, and waiting for them and no other. */
final class PidFdIT {
  private final Spawn spawn = new Spawn();

  PidFdIT() throws ErrnoException {}

  private int start(String script) throws Exception {
    return spawn.spawn(Child.script(script, new Stdio.Null()));
  }

  private static void awaitEnd(PidFd process) throws ErrnoException {
    assertThat(Fd.poll(process.fd(), Fd.POLLIN, Child.LIMIT_NANOS)).isNotZero();
  }

  @Test
  void looksWithoutReapingAndReapsLast() throws Exception {
    int pid = start("exit 7");
    try (PidFd child = PidFd.open(pid)) {
      awaitEnd(child);
      assertThat(Waits.peek(child)).contains(new WaitStatus.Code(7));
      assertThat(Waits.peek(child)).as("still there").contains(new WaitStatus.Code(7));
      assertThat(Waits.peekPid(pid)).contains(new WaitStatus.Code(7));
      Signals.killGroup(pid, Signals.KILL);
      child.send(Signals.KILL);
      assertThat(Waits.reap(child)).contains(new WaitStatus.Code(7));
      assertThatThrownBy(() -> Waits.reap(child))
          .hasMessage("waitid pid " + pid + ": No child processes");
      assertThatThrownBy(() -> child.send(Signals.TERM))
          .hasMessage("pidfd_send_signal pid " + pid + ": No such process");
      assertThatThrownBy(() -> PidFd.open(pid))
          .hasMessage("pidfd_open pid " + pid + ": No such process");
    }
  }

  /** A pid that was read from a file may be in use again, and not only by processes. */
  @Test
  void aThreadIsNoProcess() throws Exception {
    String own = Integer.toString(Host.pid());
    String thread;
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      thread =
          threads
              .map(each -> each.getFileName().toString())
              .filter(each -> !each.equals(own))
              .findFirst()
              .orElseThrow();
    }
    assertThatThrownBy(() -> PidFd.open(Integer.parseInt(thread)))
        .hasMessage("pidfd_open pid " + thread + ": No such process");
  }

  @Test
  void aRunningChildHasNoStatusAndASignalledOneItsSignal() throws Exception {
    int pid = start("exec sleep 60");
    try (PidFd child = PidFd.open(pid)) {
      assertThat(child.pid()).isEqualTo(pid);
      assertThat(Waits.peek(child)).isEmpty();
      assertThat(Waits.reapPid(pid)).isEmpty();
      child.send(0);
      child.send(Signals.TERM);
      awaitEnd(child);
      assertThat(Waits.reapPid(pid)).contains(new WaitStatus.Signalled(Signals.TERM, false));
    }
  }

  @Test
  void notOurChild() throws Exception {
    try (PidFd first = PidFd.open(1)) {
      assertThatThrownBy(() -> Waits.peek(first)).hasMessage("waitid pid 1: No child processes");
    }
    assertThatThrownBy(() -> Waits.reapPid(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Waits.reapPid(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Signals.killGroup(0, 9)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Signals.killGroup(-1, 9)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void readsRawStatus() {
    assertThat(WaitStatus.fromRaw(0)).isEqualTo(new WaitStatus.Code(0));
    assertThat(WaitStatus.fromRaw(1792)).isEqualTo(new WaitStatus.Code(7));
    assertThat(WaitStatus.fromRaw(255 << 8)).isEqualTo(new WaitStatus.Code(255));
    assertThat(WaitStatus.fromRaw(15)).isEqualTo(new WaitStatus.Signalled(15, false));
    assertThat(WaitStatus.fromRaw(0x80 | 11)).isEqualTo(new WaitStatus.Signalled(11, true));
  }

  @Test
  void aGroupGetsTheSignalAlsoAfterItsLeaderHasEnded() throws Exception {
    Fd.Pipe alive = Fd.pipe(0);
    int pid =
        spawn.spawn(
            Child.script("sleep 60 & sleep 60 & exit 0", new Stdio.Descriptor(alive.writeEnd())));
    Fd.close(alive.writeEnd());
    try (PidFd leader = PidFd.open(pid)) {
      awaitEnd(leader);
      assertThat(Fd.poll(alive.readEnd(), Fd.POLLIN, 0)).as("the others live").isZero();
      Signals.killGroup(pid, Signals.KILL);
      assertThat(Fd.poll(alive.readEnd(), Fd.POLLIN, Child.LIMIT_NANOS)).isEqualTo(Fd.POLLHUP);
      Waits.reap(leader);
    } finally {
      Fd.close(alive.readEnd());
    }
  }

  @Test
  void aGroupGetsTheSignalByPidfd() throws Exception {
    Fd.Pipe alive = Fd.pipe(0);
    int pid =
        spawn.spawn(
            Child.script("sleep 60 & sleep 60 & wait", new Stdio.Descriptor(alive.writeEnd())));
    Fd.close(alive.writeEnd());
    try (PidFd leader = PidFd.open(pid)) {
      boolean isSupported = leader.sendGroup(0);
      if (isSupported) {
        assertThat(leader.sendGroup(Signals.KILL)).isTrue();
      } else {
        Signals.killGroup(pid, Signals.KILL);
      }
      assertThat(Fd.poll(alive.readEnd(), Fd.POLLIN, Child.LIMIT_NANOS)).isEqualTo(Fd.POLLHUP);
      awaitEnd(leader);
      Waits.reap(leader);
    } finally {
      Fd.close(alive.readEnd());
    }
  }

  @Test
  void aGroupThatIsGoneGetsNoSignalByPidfd() throws Exception {
    int pid = start("exec sleep 60");
    try (PidFd leader = PidFd.open(pid)) {
      boolean isSupported = leader.sendGroup(0);
      leader.send(Signals.KILL);
      awaitEnd(leader);
      Waits.reap(leader);
      assumeTrue(isSupported, "Linux 6.9");
      assertThatThrownBy(() -> leader.sendGroup(Signals.KILL))
          .hasMessage("pidfd_send_signal group of pid " + pid + ": No such process");
    }
  }

  @Test
  void inodeIsTheSameForOneProcessAndAnotherForTheNext() throws Exception {
    try (PidFd self = PidFd.open(Host.pid());
        PidFd again = PidFd.open(Host.pid());
        PidFd first = PidFd.open(1)) {
      assumeTrue(self.inode().isPresent(), "Linux 6.9");
      assertThat(again.inode()).isEqualTo(self.inode());
      assertThat(first.inode()).isNotEqualTo(self.inode());
    }
  }

  @Test
  void aProcessThatIsNotOurChildTellsHowItEnded() throws Exception {
    Fd.Pipe gate = Fd.pipe(0);
    Fd.Pipe output = Fd.pipe(0);
    SpawnRequest request =
        Child.script(
            "exec 3<&0; (read line <&3; exit 9) & echo $!; wait",
            new Stdio.Descriptor(output.writeEnd()));
    int parent = spawn.spawn(Child.with(Map.of(0, new Stdio.Descriptor(gate.readEnd())), request));
    Fd.close(output.writeEnd());
    Fd.close(gate.readEnd());
    ByteBuffer line = ByteBuffer.allocateDirect(32);
    while (line.position() == 0 || line.get(line.position() - 1) != '\n') {
      assertThat(Fd.read(output.readEnd(), line)).isPositive();
    }
    int pid = Integer.parseInt(StandardCharsets.US_ASCII.decode(line.flip()).toString().strip());
    try (PidFd grandchild = PidFd.open(pid)) {
      assertThat(grandchild.exitInfo()).as("while it lives").isEmpty();
      Fd.close(gate.writeEnd());
      awaitEnd(grandchild);
      Child.end(parent);
      assumeTrue(grandchild.exitInfo().isPresent(), "Linux 6.15");
      assertThat(WaitStatus.fromRaw(grandchild.exitInfo().getAsInt()))
          .isEqualTo(new WaitStatus.Code(9));
    } finally {
      Fd.close(output.readEnd());
    }
  }

  @Test
  void aPidfdNeverMeansTheNextProcessWithThatPid() throws Exception {
    Path lastPid = Path.of("/proc/sys/kernel/ns_last_pid");
    assumeTrue(Host.hasCapability(Capability.SYS_ADMIN), "only root can choose the next pid");
    for (int round = 0; round < 200; round++) {
      int pid = start("exit 0");
      try (PidFd old = PidFd.open(pid)) {
        Child.end(pid);
        Files.writeString(lastPid, String.valueOf(pid - 1));
        int next = start("exec sleep 60");
        try (PidFd stranger = PidFd.open(next)) {
          boolean isReused = next == pid;
          if (isReused) {
            assertThatThrownBy(() -> old.send(Signals.KILL))
                .hasMessageEndingWith("No such process");
            assertThat(Waits.peek(stranger)).as("the stranger lives").isEmpty();
            assertThatThrownBy(() -> Waits.peek(old)).hasMessageEndingWith("No child processes");
          }
          stranger.send(Signals.KILL);
          awaitEnd(stranger);
          Waits.reap(stranger);
          if (isReused) {
            return;
          }
        }
      }
    }
    assumeTrue(false, "no pid was reused in 200 rounds");
  }

  @Test
  void ourWaitsDoNotStealFromTheJvmNorItFromUs() throws Exception {
    List<Process> jvms = new ArrayList<>();
    List<Integer> ours = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      jvms.add(new ProcessBuilder("/bin/sh", "-c", "exit 7").start());
      ours.add(start("exit 9"));
    }
    for (int pid : ours) {
      assertThat(Child.end(pid)).isEqualTo(new WaitStatus.Code(9));
    }
    for (Process process : jvms) {
      assertThat(process.waitFor()).isEqualTo(7);
    }
  }
}
