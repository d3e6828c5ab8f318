package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.StopScope;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;
import pm.daemon.posix.ResourceLimit;
import pm.daemon.posix.Signals;

/** What cannot be killed, and a machine that is short of descriptors. */
@Timeout(60)
class HardshipIT {
  private static final Path FREEZER = Path.of("/sys/fs/cgroup/freezer");

  @TempDir Path folder;
  private World world;

  @BeforeEach
  void open() throws ErrnoException {
    world = new World(folder);
  }

  @AfterEach
  void close() throws ErrnoException {
    assertThat(Proc.zombies()).isZero();
    world.close();
  }

  /** A process in a frozen cgroup of version 1 takes no signal, not even KILL, until it thaws. */
  @Test
  void givenWhatCannotBeKilled_whenItIsKilled_thenItIsSaidOnceEachTimeUntilItIsGone()
      throws Exception {
    assumeTrue(Files.isWritable(FREEZER), "no freezer that we may use");
    Path group = FREEZER.resolve("pm-test-" + Host.pid());
    Files.createDirectory(group);
    try {
      World.Started started =
          world.start(World.sh("sleep 1000 & echo $$!; exec sleep 1000").build());
      int main = started.process().pid();
      int other = Integer.parseInt(world.output.line(started.invocation()));
      Files.writeString(group.resolve("cgroup.procs"), Integer.toString(other));
      Files.writeString(group.resolve("freezer.state"), "FROZEN");
      Proc.await("frozen", () -> isFrozen(group));

      world.kill(started.invocation(), StopScope.TREE);

      assertThat(world.await(started.invocation(), Report.RemainsLeft.class).pids())
          .containsExactly(other);
      assertThat(world.await(started.invocation(), Report.Exited.class))
          .isEqualTo(
              new Report.Exited(
                  started.invocation(), new ExitStatus.Signalled("KILL", 9, false), true));
      assertThat(Proc.state(main)).isEqualTo('Z');
      world.kill(started.invocation(), StopScope.TREE);
      assertThat(world.await(started.invocation(), Report.RemainsLeft.class).pids())
          .containsExactly(other);

      Files.writeString(group.resolve("freezer.state"), "THAWED");

      world.await(started.invocation(), Report.RemainsGone.class);
      world.release(started.invocation());
      world.assertNothingElseIsReported();
    } finally {
      Files.writeString(group.resolve("freezer.state"), "THAWED");
      Proc.await("an empty cgroup", () -> delete(group));
    }
  }

  private static boolean isFrozen(Path group) {
    try {
      return Files.readString(group.resolve("freezer.state")).startsWith("FROZEN");
    } catch (IOException refused) {
      throw new AssertionError(refused);
    }
  }

  private static boolean delete(Path group) {
    try {
      Files.delete(group);
      return true;
    } catch (IOException busy) {
      return false;
    }
  }

  @Test
  void givenNoDescriptors_whenThereAreSomeAgain_thenNothingWasLostMeanwhile() throws Exception {
    // Once before, so that no class is missing later that would have to be read from a file.
    world.end(world.start(World.quiet(World.sh("exit 0"))).invocation());
    world.await(
        world.spawn(World.quiet(World.sh("exit 0").workingDir("/gone"))), Report.SpawnFailed.class);
    World.Started killed =
        world.start(World.sh("setsid sleep 1000 & echo up; exec sleep 1000").build());
    world.output.line(killed.invocation());
    world.kill(killed.invocation(), StopScope.TREE);
    if (world.await(killed.invocation(), Report.Exited.class).remains()) {
      world.await(killed.invocation(), Report.RemainsGone.class);
    }
    world.release(killed.invocation());
    World.Started plain = world.start(World.quiet(World.sh("exec sleep 1000")));
    World.Started forking =
        world.start(World.sh("setsid sleep 1000 & echo up; exec sleep 1000").build());
    world.output.line(forking.invocation());
    ResourceLimit before = Host.limit(ResourceLimit.Resource.FILES);
    List<Integer> taken = new ArrayList<>();
    InvocationId refused;
    try {
      takeAll(taken, before);

      refused = world.spawn(World.quiet(World.sh("exit 0")));
      Report.SpawnFailed failed = world.await(refused, Report.SpawnFailed.class);
      assertThat(failed.shortage()).as(failed.toString()).isTrue();
      assertThat(failed.reason()).contains("Too many open files");

      Signals.killGroup(plain.process().pid(), Signals.KILL);
      Report.Exited exited = world.await(plain.invocation(), Report.Exited.class);
      assertThat(exited.status()).isEqualTo(new ExitStatus.Signalled("KILL", 9, false));
      world.kill(forking.invocation(), StopScope.TREE);
      world.kill(plain.invocation(), StopScope.TREE);
    } finally {
      Host.setLimit(ResourceLimit.Resource.FILES, before);
      for (int fd : taken) {
        Fd.close(fd);
      }
    }
    if (world.await(forking.invocation(), Report.Exited.class).remains()) {
      world.await(forking.invocation(), Report.RemainsGone.class);
    }
    world.onLoop(p -> {});
    world.release(refused);
    world.release(plain.invocation());
    world.release(forking.invocation());
    Proc.await("all reaped", () -> Proc.zombies() == 0);
  }

  /** Leaves no number free below the limit. */
  private static void takeAll(List<Integer> taken, ResourceLimit before) throws ErrnoException {
    int highest = Fd.open("/dev/null", OpenFlags.RDONLY, 0) + 40;
    Host.setLimit(ResourceLimit.Resource.FILES, new ResourceLimit(highest, before.hard()));
    while (true) {
      try {
        taken.add(Fd.open("/dev/null", OpenFlags.RDONLY, 0));
      } catch (ErrnoException full) {
        return;
      }
    }
  }
}
