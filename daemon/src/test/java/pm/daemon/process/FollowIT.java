package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.StopScope;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.posix.ErrnoException;

/** A process names another as the main one. */
@Timeout(90)
class FollowIT {
  /** Starts a process of its own session, says which, and ends when it is told to. */
  private static final String DAEMON =
      """
      import os, signal, sys, time
      signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
      pid = os.fork()
      if pid == 0:
          os.setsid()
          signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
          signal.signal(signal.SIGUSR1, lambda *a: os._exit(7))
          print(os.getpid(), flush=True)
          while True: signal.pause()
      signal.sigwait([signal.SIGUSR1])
      sys.exit(3)
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

  private int pid(World.Started started) throws InterruptedException {
    return Integer.parseInt(world.output.line(started.invocation()));
  }

  private static void tell(int pid) throws Exception {
    assertThat(new ProcessBuilder("kill", "-USR1", Integer.toString(pid)).start().waitFor())
        .isZero();
  }

  @Test
  void givenADaemonThatForked_whenItsParentEnds_thenOnlyTheEndOfTheDaemonCounts() throws Exception {
    World.Started started = world.start(World.python(DAEMON).build());
    int leader = started.process().pid();
    int main = pid(started);
    world.follow(started.invocation(), main);

    tell(leader);
    Proc.await("the leader is reaped", () -> Proc.state(leader) == '-');
    world.assertNothingElseIsReported();
    tell(main);

    assertThat(world.end(started.invocation()).status()).isEqualTo(new ExitStatus.Code(7));
    Proc.await("it is reaped", () -> Proc.state(main) == '-');
  }

  @Test
  void givenALeaderThatStays_whenTheMainProcessEnds_thenTheLeaderRemains() throws Exception {
    World.Started started = world.start(World.python(DAEMON).build());
    int leader = started.process().pid();
    int main = pid(started);
    world.follow(started.invocation(), main);

    tell(main);

    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited.status()).isEqualTo(new ExitStatus.Code(7));
    assertThat(exited.remains()).isTrue();
    world.kill(started.invocation(), StopScope.TREE);
    world.await(started.invocation(), Report.RemainsGone.class);
    world.release(started.invocation());
    assertThat(Proc.state(leader)).isEqualTo('-');
  }

  @Test
  void givenALeaderThatEndsAtOnce_whenItIsNotNoticedYet_thenTheNamedOneIsFollowed()
      throws Exception {
    World.Started started = world.start(World.python(DAEMON).build());
    int leader = started.process().pid();
    int main = pid(started);
    world.onLoop(
        p -> {
          try {
            tell(leader);
            Proc.await("the leader has ended", () -> Proc.state(leader) == 'Z');
          } catch (Exception thrown) {
            throw new AssertionError(thrown);
          }
          p.follow(
              new pm.daemon.core.event.Effect.Follow(
                  World.WEB, started.invocation(), World.identity(main)));
        });

    Proc.await("the leader is reaped", () -> Proc.state(leader) == '-');
    world.assertNothingElseIsReported();
    tell(main);

    assertThat(world.end(started.invocation()).status()).isEqualTo(new ExitStatus.Code(7));
  }

  @Test
  void givenBothLive_whenTheyAreSignalled_thenBothGetIt() throws Exception {
    World.Started started = world.start(World.python(DAEMON).build());
    int leader = started.process().pid();
    int main = pid(started);
    world.follow(started.invocation(), main);

    world.signal(started, "TERM", StopScope.TREE, true);

    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited.status()).isEqualTo(new ExitStatus.Signalled("TERM", 15, false));
    if (exited.remains()) {
      world.kill(started.invocation(), StopScope.TREE);
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    world.release(started.invocation());
    assertThat(Proc.state(leader)).isEqualTo('-');
    assertThat(Proc.state(main)).isEqualTo('-');
  }

  @Test
  void givenAProcessThatIsGone_whenItIsNamed_thenNobodyKnowsHowTheMainProcessEnded()
      throws Exception {
    World.Started started = world.start(World.sh("sleep 1000 & echo $$!; exec sleep 1000").build());
    int main = pid(started);
    pm.daemon.core.model.ProcessIdentity named = World.identity(main);
    assertThat(new ProcessBuilder("kill", "-KILL", Integer.toString(main)).start().waitFor())
        .isZero();
    Proc.await("it has ended", () -> Proc.state(main) != 'S');
    world.onLoop(
        p ->
            p.follow(
                new pm.daemon.core.event.Effect.Follow(
                    World.WEB,
                    started.invocation(),
                    new pm.daemon.core.model.ProcessIdentity(
                        named.pid(), named.startTicks() + 1, 0))));

    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited.status()).isEqualTo(new ExitStatus.Unknown());
    world.kill(started.invocation(), StopScope.TREE);
    if (exited.remains()) {
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    world.release(started.invocation());
  }
}
