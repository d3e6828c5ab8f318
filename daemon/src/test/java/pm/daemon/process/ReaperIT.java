package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.config.StopSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.posix.Signals;

@Timeout(60)
class ReaperIT {
  private static final ExitStatus KILLED = new ExitStatus.Signalled("KILL", 9, false);
  private static final ExitStatus TERMINATED = new ExitStatus.Signalled("TERM", 15, false);

  /** Forks twice, so that the grandchild is nobody's, in a session of its own, and says its pid. */
  private static final String DAEMONIZE =
      """
      import os, sys, time, signal
      def daemonize(ignoring=False, env=None, keep_output=True):
          r, w = os.pipe()
          if os.fork() == 0:
              os.setsid()
              if os.fork() == 0:
                  if ignoring: signal.signal(signal.SIGTERM, signal.SIG_IGN)
                  os.write(w, str(os.getpid()).encode())
                  os.close(w); os.close(r)
                  if not keep_output:
                      n = os.open('/dev/null', os.O_RDWR)
                      os.dup2(n, 1); os.dup2(n, 2)
                  if env is not None: os.execve('/bin/sleep', ['sleep', '1000'], env)
                  while True: time.sleep(1000)
              os._exit(0)
          os.wait()
          os.close(w)
          pid = os.read(r, 20)
          os.close(r)
          print(int(pid), flush=True)
      """;

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

  private static ProgramSpec scoped(StopScope scope, ProgramSpec.Builder program) {
    return program.stop(new StopSpec("TERM", StopSpec.DEFAULT.timeout(), scope)).build();
  }

  private int pid(World.Started started) throws InterruptedException {
    return Integer.parseInt(world.output.line(started.invocation()));
  }

  @Test
  void given200Processes_whenTheyAreKilledAtOnce_thenEachIsReportedWithItsStatus()
      throws Exception {
    List<World.Started> all = new ArrayList<>();
    List<InvocationId> ids = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      ids.add(world.spawn(World.quiet(World.sh("exec sleep 1000"))));
    }
    for (InvocationId id : ids) {
      all.add(new World.Started(id, world.await(id, Report.Spawned.class).process()));
    }

    for (World.Started started : all) {
      Signals.killGroup(started.process().pid(), Signals.KILL);
    }

    for (World.Started started : all) {
      assertThat(world.end(started.invocation()).status()).isEqualTo(KILLED);
    }
    world.assertNothingElseIsReported();
  }

  @Test
  void givenAnExitThatIsNotReleased_whenItIsLookedAt_thenItsPidIsStillItsOwn() throws Exception {
    World.Started started = world.start(World.quiet(World.sh("exit 4")));
    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);

    assertThat(exited.status()).isEqualTo(new ExitStatus.Code(4));
    assertThat(Proc.state(started.process().pid())).isEqualTo('Z');
    world.release(started.invocation());
    assertThat(Proc.state(started.process().pid())).isEqualTo('-');
  }

  @Test
  void givenAStoppedProcess_whenItIsSignalledWithContinue_thenItActs() throws Exception {
    World.Started started = world.start(World.sh("echo up; exec sleep 1000").build());
    world.output.line(started.invocation());
    world.signal(started, "STOP", StopScope.PROCESS, false);
    Proc.await("stopped", () -> Proc.state(started.process().pid()) == 'T');

    world.signal(started, "TERM", StopScope.TREE, true);

    assertThat(world.end(started.invocation()).status()).isEqualTo(TERMINATED);
  }

  @Test
  void givenAGroup_whenItIsSignalled_thenAllOfItGetsTheSignal() throws Exception {
    World.Started started =
        world.start(World.sh("sleep 1000 & sleep 1000 & echo up; wait").build());
    world.output.line(started.invocation());

    world.signal(started, "TERM", StopScope.TREE, true);

    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited.status()).isEqualTo(TERMINATED);
    if (exited.remains()) {
      world.kill(started.invocation(), StopScope.TREE);
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    world.release(started.invocation());
  }

  /** As on a kernel that cannot signal the group of a process by its pidfd. */
  @Test
  void givenAGroup_whenItIsSignalledMemberByMember_thenAllOfItGetsTheSignal() throws Exception {
    World.Started started =
        world.start(
            World.sh("sleep 1000 & echo $$!; setsid sh -c 'echo $$$$; exec sleep 1000' & wait")
                .build());
    int one = pid(started);
    int other = pid(started);
    ProcessIdentity main = started.process();
    Sweep.Order order =
        new Sweep.Order(
            started.invocation(),
            main.pid(),
            main.startTicks(),
            0,
            true,
            Map.of(),
            Optional.empty(),
            StopScope.GROUP,
            new Sweep.Action.Send(Signals.TERM, true));

    List<Sweep.Result> results = new Sweep(Host.pid(), Set.of()).run(List.of(order));

    results.forEach(result -> result.living().forEach(Held::close));
    assertThat(world.await(started.invocation(), Report.Exited.class).status())
        .isEqualTo(TERMINATED);
    Set<Integer> leaders = Set.of(one, other);
    Proc.await("one of them", () -> leaders.stream().filter(ReaperIT::isAliveNow).count() == 1);
    world.kill(started.invocation(), StopScope.TREE);
    world.await(started.invocation(), Report.RemainsGone.class);
    world.release(started.invocation());
  }

  @Test
  void givenScopeProcess_whenItIsSignalled_thenOnlyTheMainProcessIs() throws Exception {
    World.Started started =
        world.start(scoped(StopScope.PROCESS, World.sh("sleep 1000 & echo $!; exec sleep 1000")));
    int other = pid(started);

    world.signal(started, "TERM", StopScope.PROCESS, true);

    world.end(started.invocation());
    assertThat(Proc.isAlive(other)).isTrue();
    Signals.killGroup(started.process().pid(), Signals.KILL);
    Proc.await("gone", () -> Proc.state(other) == '-');
  }

  @Test
  void givenADaemonThatForksTwice_whenItsParentEnds_thenItRemainsAndIsKilled() throws Exception {
    World.Started started =
        world.start(World.python(DAEMONIZE + "daemonize(); sys.exit(5)").build());
    int daemon = pid(started);

    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited)
        .isEqualTo(new Report.Exited(started.invocation(), new ExitStatus.Code(5), true));
    assertThat(Proc.isAlive(daemon)).isTrue();

    world.kill(started.invocation(), StopScope.TREE);

    world.await(started.invocation(), Report.RemainsGone.class);
    assertThat(Proc.isAlive(daemon)).isFalse();
    world.release(started.invocation());
    world.assertNothingElseIsReported();
  }

  @Test
  void givenADaemonWithAnEmptyEnvironment_whenItsParentEnds_thenItsPipeTells() throws Exception {
    World.Started started =
        world.start(World.python(DAEMONIZE + "daemonize(env={}); sys.exit(0)").build());
    int daemon = pid(started);

    assertThat(world.await(started.invocation(), Report.Exited.class).remains()).isTrue();
    world.kill(started.invocation(), StopScope.TREE);

    world.await(started.invocation(), Report.RemainsGone.class);
    assertThat(Proc.isAlive(daemon)).isFalse();
    world.release(started.invocation());
  }

  @Test
  void givenAChildInASessionOfItsOwnThatShowsNothing_whenAllIsKilled_thenItsParentTells()
      throws Exception {
    World.Started started =
        world.start(
            World.sh(
                    "env -i setsid sh -c 'echo $$$$; exec >/dev/null 2>&1; exec sleep 1000' &"
                        + " exec sleep 1000")
                .build());
    int child = pid(started);

    world.kill(started.invocation(), StopScope.TREE);

    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited.status()).isEqualTo(KILLED);
    if (exited.remains()) {
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    assertThat(Proc.isAlive(child)).isFalse();
    world.release(started.invocation());
    world.assertNothingElseIsReported();
  }

  @Test
  void givenTheRemainsOfOne_whenAnotherEnds_thenTheyAreNotMixedUp() throws Exception {
    World.Started first =
        world.start(World.python(DAEMONIZE + "daemonize(); time.sleep(1000)").build());
    int daemon = pid(first);
    World.Started second = world.start(World.quiet(World.sh("exit 0")));

    world.end(second.invocation());
    assertThat(Proc.isAlive(daemon)).isTrue();
    world.kill(first.invocation(), StopScope.TREE);

    if (world.await(first.invocation(), Report.Exited.class).remains()) {
      world.await(first.invocation(), Report.RemainsGone.class);
    }
    assertThat(Proc.isAlive(daemon)).isFalse();
    world.release(first.invocation());
  }

  @Test
  void givenRemains_whenTheyAreSignalled_thenTheyMayEndByThemselves() throws Exception {
    World.Started started =
        world.start(World.python(DAEMONIZE + "daemonize(); sys.exit(0)").build());
    int daemon = pid(started);
    world.await(started.invocation(), Report.Exited.class);

    world.onLoop(
        p ->
            p.signalRemains(
                new Effect.SignalRemains(World.WEB, started.invocation(), StopScope.TREE, "TERM")));

    world.await(started.invocation(), Report.RemainsGone.class);
    assertThat(Proc.isAlive(daemon)).isFalse();
    world.release(started.invocation());
  }

  @Test
  void givenRemainsThatIgnoreTheSignal_whenTheyAreKilledThen_thenTheyAreGone() throws Exception {
    World.Started started =
        world.start(World.python(DAEMONIZE + "daemonize(ignoring=True); sys.exit(0)").build());
    int daemon = pid(started);
    world.await(started.invocation(), Report.Exited.class);

    world.onLoop(
        p ->
            p.signalRemains(
                new Effect.SignalRemains(World.WEB, started.invocation(), StopScope.TREE, "TERM")));
    assertThat(Proc.isAlive(daemon)).isTrue();
    world.kill(started.invocation(), StopScope.TREE);

    world.await(started.invocation(), Report.RemainsGone.class);
    assertThat(Proc.isAlive(daemon)).isFalse();
    world.release(started.invocation());
    world.assertNothingElseIsReported();
  }

  @Test
  void givenAProgramThatForksWithoutEnd_whenItIsKilled_thenNothingIsLeft() throws Exception {
    World.Started started =
        world.start(
            World.python(
                    """
                    import os, time
                    print('up', flush=True)
                    for i in range(100000):
                        if os.fork() == 0:
                            os.setsid()
                            if os.fork() == 0: time.sleep(0.3)
                            os._exit(0)
                        os.wait()
                        time.sleep(0.0005)
                    """)
                .build());
    world.output.line(started.invocation());
    Proc.await("many", () -> descendants(started.invocation()) > 20);

    world.kill(started.invocation(), StopScope.TREE);

    Report.OfInvocation end = afterThoseLeft(started.invocation());
    assertThat(end).isInstanceOf(Report.Exited.class);
    if (end instanceof Report.Exited exited && exited.remains()) {
      assertThat(afterThoseLeft(started.invocation())).isInstanceOf(Report.RemainsGone.class);
    }
    assertThat(descendants(started.invocation())).isZero();
    world.release(started.invocation());
  }

  /** Whoever goes on forking while it is killed may make a second look necessary, which is told. */
  private Report.OfInvocation afterThoseLeft(InvocationId invocation) throws InterruptedException {
    Report.OfInvocation next = world.next(invocation);
    return next instanceof Report.RemainsLeft ? world.next(invocation) : next;
  }

  private static long descendants(InvocationId invocation) {
    ProcessTable table = Proc.table();
    return table.all().stream()
        .filter(process -> !process.isZombie() && Proc.shows(table, process, invocation))
        .count();
  }

  @Test
  void givenScopeGroup_whenAllIsKilled_thenWhatLeftTheGroupStays() throws Exception {
    World.Started started =
        world.start(
            scoped(
                StopScope.GROUP,
                World.sh(
                    "setsid sh -c 'echo $$$$; exec sleep 1000' & sleep 0.01;"
                        + " sh -c 'echo $$$$; exec sleep 1000' & wait")));
    int one = pid(started);
    int other = pid(started);

    world.kill(started.invocation(), StopScope.GROUP);

    if (world.await(started.invocation(), Report.Exited.class).remains()) {
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    world.release(started.invocation());
    assertThat(List.of(Proc.isAlive(one), Proc.isAlive(other)))
        .containsExactlyInAnyOrder(true, false);
    Signals.killGroup(Proc.isAlive(one) ? one : other, Signals.KILL);
    Proc.await("gone", () -> !isAliveNow(one) && !isAliveNow(other));
    Proc.await("reaped", () -> Proc.zombies() == 0);
  }

  private static boolean isAliveNow(int pid) {
    char state = Proc.state(pid);
    return state != '-' && state != 'Z';
  }

  @Test
  void givenStrangersInPlenty_whenTheyDie_thenAllAreReapedAndNothingIsReported() throws Exception {
    Set<Integer> before = children();
    World.Started started =
        world.start(
            World.python(
                    """
                    import os, time
                    r, w = os.pipe()
                    if os.fork() == 0:
                        for i in range(500):
                            if os.fork() == 0:
                                os.close(w); os.read(r, 1); os._exit(i % 256)
                        print('up', flush=True)
                        os._exit(0)
                    os.wait()
                    print('left', flush=True)
                    os.close(w)
                    time.sleep(1000)
                    """)
                .build());
    world.output.line(started.invocation());
    world.output.line(started.invocation());
    int main = started.process().pid();

    Proc.await("reaped", () -> children().stream().allMatch(p -> p == main || before.contains(p)));

    assertThat(Proc.isAlive(main)).isTrue();
    world.kill(started.invocation(), StopScope.TREE);
    world.end(started.invocation());
    world.assertNothingElseIsReported();
  }

  private static Set<Integer> children() {
    return Proc.table().childrenOf(Host.pid()).stream()
        .map(ProcessStat::pid)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Test
  void givenAnUnknownInvocation_whenItIsKilled_thenNothingOfItIsLeft() throws Exception {
    InvocationId unknown = World.id();

    world.kill(unknown, StopScope.TREE);

    world.await(unknown, Report.RemainsGone.class);
    world.release(unknown);
  }
}
