package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.LimitsSpec;
import pm.config.OnMemory;
import pm.config.StopScope;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;

/** Programs in control groups of their own, in a part of the real tree. */
@Timeout(90)
class ControlGroupIT {
  private static final Path ROOT = Path.of("/sys/fs/cgroup/unified");

  /** Leaves its session, its parent, its environment and its descriptors. */
  private static final String ESCAPES =
      """
      import os
      print('up', flush=True)
      if os.fork() == 0:
          os.setsid()
          if os.fork() == 0:
              os.closerange(0, 3)
              os.execve('/bin/sleep', ['sleep', '1000'], {})
          os._exit(0)
      os.execve('/bin/sleep', ['sleep', '1000'], {})
      """;

  private static LimitsSpec limits(OnMemory onMemory) {
    return new LimitsSpec(
        new TreeMap<>(),
        OptionalLong.of(64 << 20),
        onMemory,
        OptionalInt.of(50),
        OptionalInt.of(20),
        OptionalInt.empty(),
        Optional.empty(),
        List.of(),
        OptionalInt.empty());
  }

  @TempDir Path folder;
  private Path base;
  private World world;

  @BeforeEach
  void open() throws Exception {
    assumeTrue(Files.isWritable(ROOT.resolve("cgroup.procs")), "no tree that we may write");
    base = Files.createDirectory(ROOT.resolve("pm-test-" + Host.randomHex()));
    world = new World(folder, new CgroupTree(new CgroupPlace.Delegated(base)));
  }

  @AfterEach
  void close() throws Exception {
    if (base != null) {
      world.close();
      new ControlGroup(base).kill();
      Proc.await("an empty group", this::isRemoved);
    }
  }

  private boolean isRemoved() {
    try {
      return new ControlGroup(base).remove();
    } catch (ErrnoException refused) {
      throw new AssertionError(refused);
    }
  }

  private static List<String> groups(Path base) {
    try (Stream<Path> below = Files.list(base)) {
      return below.filter(Files::isDirectory).map(path -> path.getFileName().toString()).toList();
    } catch (IOException refused) {
      throw new AssertionError(refused);
    }
  }

  @Test
  void givenAGroup_whenItsProgramIsKilled_thenNothingEscapesAndTheGroupIsRemoved()
      throws Exception {
    World.Started started = world.start(World.python(ESCAPES).build());
    world.output.line(started.invocation());
    String name = "web@1." + started.invocation().hex();
    ControlGroup group = new ControlGroup(base.resolve(name));
    Proc.await("two sleep", () -> names(group).equals(List.of("sleep", "sleep")));
    assertThat(Files.readString(Path.of("/proc/" + started.process().pid() + "/cgroup")))
        .contains("0::/" + base.getFileName() + "/" + name + "\n");

    world.kill(started.invocation(), StopScope.TREE);

    if (world.await(started.invocation(), Report.Exited.class).remains()) {
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    assertThat(group.processes()).isEmpty();
    world.release(started.invocation());
    Proc.await("no group", () -> groups(base).isEmpty());
    Proc.await("all reaped", () -> Proc.zombies() == 0);
  }

  private static List<String> names(ControlGroup group) {
    try {
      return group.processes().stream().map(ControlGroupIT::name).toList();
    } catch (ErrnoException refused) {
      throw new AssertionError(refused);
    }
  }

  private static String name(int pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
    } catch (IOException gone) {
      return "";
    }
  }

  @Test
  void givenWhatEscaped_whenTheMainProcessEnds_thenItRemains() throws Exception {
    World.Started started = world.start(World.python(ESCAPES).build());
    world.output.line(started.invocation());
    ControlGroup group = new ControlGroup(base.resolve("web@1." + started.invocation().hex()));
    Proc.await("two sleep", () -> names(group).equals(List.of("sleep", "sleep")));

    world.signal(started, "TERM", StopScope.PROCESS, true);

    assertThat(world.await(started.invocation(), Report.Exited.class).remains()).isTrue();
    world.kill(started.invocation(), StopScope.TREE);
    world.await(started.invocation(), Report.RemainsGone.class);
    world.release(started.invocation());
  }

  @Test
  void givenNoControllers_whenItIsSpawned_thenItSaysWhatIsOnlyWatched() throws Exception {
    assumeTrue(
        !Files.readString(ROOT.resolve("cgroup.controllers")).contains("memory"),
        "the controllers are there");
    InvocationId invocation =
        world.spawn(World.sh("exec sleep 1000").limits(limits(OnMemory.KILL)).build());

    Report.Spawned spawned = world.await(invocation, Report.Spawned.class);

    assertThat(spawned.isEnforced()).isFalse();
    assertThat(spawned.notes())
        .containsExactly(
            "memory: watched by pmd, not held by the kernel: there is no memory controller here",
            "cpu: watched by pmd, not held by the kernel: there is no cpu controller here",
            "tasks: watched by pmd, not held by the kernel: there is no pids controller here");
    world.kill(invocation, StopScope.TREE);
    world.end(invocation);
  }

  @Test
  void givenAProgramThatCannotBeExecuted_whenItIsStarted_thenNoGroupIsLeft() throws Exception {
    InvocationId invocation = world.spawn(World.sh("exit").workingDir("/nowhere").build());

    assertThat(world.await(invocation, Report.SpawnFailed.class).stage()).isEqualTo("working_dir");

    assertThat(groups(base)).isEmpty();
    world.release(invocation);
  }

  @Test
  void givenProcesses_whenTheirUseIsRead_thenItIsThatOfAll() throws Exception {
    World.Started started =
        world.start(
            World.sh(
                    "sleep 1000 & setsid sleep 1000 & i=0;"
                        + " while [ $$i -lt 200000 ]; do i=$$((i+1)); done; echo up; wait")
                .build());
    world.output.line(started.invocation());

    Report.Used used = world.usage(started.invocation());

    assertThat(used.tasks()).hasValue(3);
    assertThat(used.memoryBytes().orElseThrow()).isBetween(1L << 20, 1L << 27);
    assertThat(used.cpuNanosTotal().orElseThrow()).isGreaterThan(10_000_000L);
    world.kill(started.invocation(), StopScope.TREE);
    if (world.await(started.invocation(), Report.Exited.class).remains()) {
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    world.release(started.invocation());
  }

  @Test
  void givenNobody_whenItsUseIsRead_thenItIsUnknown() throws Exception {
    InvocationId nobody = World.id();

    assertThat(world.usage(nobody))
        .isEqualTo(
            new Report.Used(
                nobody, OptionalLong.empty(), OptionalLong.empty(), OptionalInt.empty()));
  }

  @Test
  void givenAProcessInTheWay_whenTheTreeIsPrepared_thenItIsMovedAside() throws Exception {
    Process keeper = new ProcessBuilder("sleep", "1000").start();
    try {
      Files.writeString(base.resolve("cgroup.procs"), Long.toString(keeper.pid()));
      World.Started started = world.start(World.sh("exec sleep 1000").build());

      assertThat(new ControlGroup(base.resolve("pm-rest")).processes())
          .containsExactly((int) keeper.pid());
      assertThat(Files.readString(base.resolve("cgroup.procs"))).isEmpty();
      world.kill(started.invocation(), StopScope.TREE);
      world.end(started.invocation());
    } finally {
      keeper.destroyForcibly().waitFor();
    }
  }
}
