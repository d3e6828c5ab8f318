package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Command;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.config.Template;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;

/** A daemon is killed, and another takes over what it had started. */
@Timeout(90)
class AdoptionIT {
  private static final ExitStatus UNKNOWN = new ExitStatus.Unknown();

  /**
   * Stands between us and the daemon that is killed, so that its processes do not become our
   * children. Reaps what is left to it at once, or never.
   */
  private static final String INIT =
      """
      import ctypes, os, signal, sys
      ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
      daemon = os.fork()
      if daemon == 0: os.execv(sys.argv[2], sys.argv[2:])
      print(daemon, flush=True)
      os.waitpid(daemon, 0)
      print('gone', flush=True)
      try:
          while sys.argv[1] == 'always': os.wait()
      except ChildProcessError:
          pass
      while True: signal.pause()
      """;

  /** How long those sleep that are to be found by it, behind the seconds; other tests sleep too. */
  private static final String OURS = "." + Host.pid();

  @TempDir Path folder;
  private World world;
  private Optional<World.Started> init = Optional.empty();
  private final List<World.Started> left = new ArrayList<>();

  @BeforeEach
  void open() throws ErrnoException {
    world = new World(folder);
  }

  @AfterEach
  void close() throws Exception {
    if (init.isPresent()) {
      InvocationId between = init.get().invocation();
      world.kill(between, StopScope.TREE);
      if (world.await(between, Report.Exited.class).remains()) {
        world.await(between, Report.RemainsGone.class);
      }
      world.release(between);
    }
    world.close();
  }

  /** Has an earlier daemon start the scripts, and kills it. */
  private void leave(boolean reaped, String... scripts) throws Exception {
    List<String> words =
        new ArrayList<>(List.of("python3", "-c", INIT, reaped ? "always" : "never"));
    String[] marked =
        Stream.of(scripts)
            .map(script -> script.replaceAll("sleep (100\\d)", "sleep $1" + OURS))
            .toArray(String[]::new);
    EarlierDaemon.command(folder, marked).stream().map(Template::escape).forEach(words::add);
    init =
        Optional.of(world.start(new ProgramSpec.Builder("web", new Command(words, false)).build()));
    InvocationId between = init.get().invocation();
    int daemon = Integer.parseInt(world.output.line(between));
    for (String script : scripts) {
      String[] fields = line(EarlierDaemon.MARK).split(" ");
      assertThat(fields).as(script).hasSize(5);
      left.add(
          new World.Started(
              new InvocationId(fields[1]),
              new ProcessIdentity(
                  Integer.parseInt(fields[2]),
                  Long.parseLong(fields[3]),
                  Long.parseLong(fields[4]))));
    }
    kill(daemon, Signals.KILL);
    line("gone");
  }

  /** Waits for a line of the earlier daemon, or of what is between, that begins like this. */
  private String line(String mark) throws InterruptedException {
    InvocationId between = init.orElseThrow().invocation();
    String line = world.output.line(between);
    while (!line.startsWith(mark)) {
      line = world.output.line(between);
    }
    return line;
  }

  private static void kill(int pid, int signal) throws ErrnoException {
    try (PidFd process = PidFd.open(pid)) {
      process.send(signal);
    }
  }

  private static ProgramSpec anything() {
    return World.sh("true").build();
  }

  private static Run run(InvocationId invocation, Optional<ProcessIdentity> process) {
    Run intended = Run.intended(invocation, new Moment(0, Instant.EPOCH), "test");
    return process
        .map(identity -> intended.spawned(identity, new Moment(0, Instant.EPOCH)))
        .orElse(intended);
  }

  private void adopt(World.Started started) {
    adopt(run(started.invocation(), Optional.of(started.process())), false);
  }

  private void adopt(Run run, boolean exited) {
    world.onLoop(p -> p.adopt(new Effect.Adopt(World.WEB, run, anything(), exited)));
  }

  @Test
  void givenALivingProcess_whenItIsAdopted_thenItsOutputAndItsExitCodeAreKnown() throws Exception {
    Path up = folder.resolve("up");
    leave(
        true,
        "trap 'echo bye; exit 7' TERM; echo up; : > %s; while :; do sleep 0.01; done"
            .formatted(up));
    World.Started started = left.getFirst();
    Proc.await("its trap is set", () -> Files.exists(up));

    adopt(started);

    assertThat(world.await(started.invocation(), Report.Adopted.class).process())
        .isEqualTo(started.process());
    world.signal(started, "TERM", StopScope.PROCESS, true);
    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited.status()).isEqualTo(new ExitStatus.Code(7));
    assertThat(exited.remains()).isFalse();
    String line = world.output.line(started.invocation());
    // Whether the earlier daemon had read its first line is a matter of chance.
    assertThat(line.equals("up") ? world.output.line(started.invocation()) : line).isEqualTo("bye");
    world.release(started.invocation());
    world.assertNothingElseIsReported();
  }

  @Test
  void givenProcessesThatNobodyReaps_whenTheyEndAdopted_thenTheirStatusIsExact() throws Exception {
    leave(false, "exec sleep 1000", "exec sleep 1000", "exec sleep 1000");
    left.forEach(this::adopt);
    for (World.Started started : left) {
      world.await(started.invocation(), Report.Adopted.class);
    }

    kill(left.get(0).process().pid(), Signals.KILL);
    world.signal(left.get(1), "TERM", StopScope.TREE, true);
    world.kill(left.get(2).invocation(), StopScope.TREE);

    assertThat(world.end(left.get(0).invocation()).status())
        .isEqualTo(new ExitStatus.Signalled("KILL", 9, false));
    assertThat(world.end(left.get(1).invocation()).status())
        .isEqualTo(new ExitStatus.Signalled("TERM", 15, false));
    assertThat(world.end(left.get(2).invocation()).status())
        .isEqualTo(new ExitStatus.Signalled("KILL", 9, false));
  }

  @Test
  void givenAProcessThatEndedMeanwhile_whenItIsAdopted_thenHowIsUnknownOrExact() throws Exception {
    leave(true, "exec sleep 1000");
    World.Started gone = left.getFirst();
    kill(gone.process().pid(), Signals.KILL);
    Proc.await("gone", () -> Proc.state(gone.process().pid()) == '-');

    adopt(gone);

    assertThat(world.end(gone.invocation()).status()).isEqualTo(UNKNOWN);
  }

  @Test
  void givenAZombie_whenItIsAdopted_thenItsStatusIsExact() throws Exception {
    leave(false, "sleep 0.05; exit 9");
    World.Started zombie = left.getFirst();
    Proc.await("a zombie", () -> Proc.state(zombie.process().pid()) == 'Z');

    adopt(zombie);

    assertThat(world.end(zombie.invocation()).status()).isEqualTo(new ExitStatus.Code(9));
    world.assertNothingElseIsReported();
  }

  @Test
  void givenAStranger_whenItHasThePidOfOurs_thenItIsNotTouched() throws Exception {
    leave(true, "exec sleep 1000");
    World.Started real = left.getFirst();
    ProcessIdentity other =
        new ProcessIdentity(real.process().pid(), real.process().startTicks() - 1, 0);
    InvocationId invocation = World.id();

    adopt(run(invocation, Optional.of(other)), false);
    assertThat(world.await(invocation, Report.Exited.class))
        .isEqualTo(new Report.Exited(invocation, UNKNOWN, false));
    world.signal(new World.Started(invocation, other), "KILL", StopScope.TREE, true);
    world.kill(invocation, StopScope.TREE);
    world.release(invocation);

    ProcessIdentity inode =
        new ProcessIdentity(
            real.process().pid(), real.process().startTicks(), real.process().inode() + 1);
    if (real.process().inode() != 0) {
      InvocationId another = World.id();
      adopt(run(another, Optional.of(inode)), false);
      assertThat(world.end(another).status()).isEqualTo(UNKNOWN);
    }
    assertThat(Proc.isAlive(real.process().pid())).isTrue();
  }

  @Test
  void givenASpawnThatNobodySaw_whenItIsLookedFor_thenItIsFoundByItsInvocation() throws Exception {
    leave(true, "exec sleep 1000", "exec env -i sleep 1000");
    InvocationId never = World.id();
    for (World.Started started : left) {
      adopt(run(started.invocation(), Optional.empty()), false);
    }
    adopt(run(never, Optional.empty()), false);

    for (World.Started started : left) {
      assertThat(world.await(started.invocation(), Report.Spawned.class).process())
          .isEqualTo(started.process());
    }
    world.await(never, Report.NeverSpawned.class);
    for (World.Started started : left) {
      world.kill(started.invocation(), StopScope.TREE);
      world.end(started.invocation());
    }
  }

  @Test
  void givenRemains_whenAnAdoptedProcessEnds_thenTheyAreFoundAndKilled() throws Exception {
    Path pids = folder.resolve("pids");
    leave(
        true,
        "setsid sh -c 'sleep 1000; :' & setsid env -i sleep 1001 & sh -c 'sleep 1002; :' &"
            + " env -i sh -c 'exec >/dev/null 2>&1; sleep 1003; :' & "
            + " sleep 0.05; pgrep -s 0 >> "
            + pids
            + "; exec sleep 1000");
    World.Started started = left.getFirst();
    Proc.await("pids", () -> Files.exists(pids));
    adopt(started);
    world.await(started.invocation(), Report.Adopted.class);

    kill(started.process().pid(), Signals.KILL);

    assertThat(world.await(started.invocation(), Report.Exited.class).remains()).isTrue();
    world.kill(started.invocation(), StopScope.TREE);
    world.await(started.invocation(), Report.RemainsGone.class);
    assertThat(sleepers()).isEmpty();
    world.release(started.invocation());
    world.assertNothingElseIsReported();
  }

  /** Returns what sleeps of that which was left, and of nobody else's. */
  private static List<Integer> sleepers() {
    return Proc.table().all().stream()
        .filter(process -> !process.isZombie())
        .map(ProcessStat::pid)
        .filter(pid -> words(pid).matches("sleep\0\\d+\\" + OURS + "\0"))
        .toList();
  }

  private static String words(int pid) {
    try {
      return Files.readString(Path.of("/proc", Integer.toString(pid), "cmdline"));
    } catch (IOException gone) {
      return "";
    }
  }

  @Test
  void givenOnlyRemains_whenTheyAreTakenOverAndKilled_thenNothingIsLeft() throws Exception {
    leave(true, "setsid sh -c 'echo $$$$; exec sleep 1000' & sleep 0.05; exec sleep 1000");
    World.Started started = left.getFirst();
    kill(started.process().pid(), Signals.KILL);
    Proc.await("gone", () -> Proc.state(started.process().pid()) == '-');

    world.onLoop(
        p -> {
          Run run = run(started.invocation(), Optional.of(started.process()));
          p.adopt(new Effect.Adopt(World.WEB, run, anything(), true));
          p.killRemains(new Effect.KillRemains(World.WEB, started.invocation(), StopScope.TREE));
        });

    world.await(started.invocation(), Report.RemainsGone.class);
    assertThat(sleepers()).isEmpty();
    world.release(started.invocation());
    world.assertNothingElseIsReported();
  }

  @Test
  void givenAnAdoptedGroup_whenItIsSignalled_thenAllOfItIs() throws Exception {
    leave(true, "sleep 1000 & sleep 1000 & sleep 0.05; echo up; exec sleep 1000");
    World.Started started = left.getFirst();
    adopt(started);
    world.await(started.invocation(), Report.Adopted.class);

    world.signal(started, "TERM", StopScope.TREE, true);

    Report.Exited exited = world.await(started.invocation(), Report.Exited.class);
    assertThat(exited.status()).isEqualTo(new ExitStatus.Signalled("TERM", 15, false));
    Proc.await("all gone", () -> sleepers().isEmpty());
    if (exited.remains()) {
      world.kill(started.invocation(), StopScope.TREE);
      world.await(started.invocation(), Report.RemainsGone.class);
    }
    world.release(started.invocation());
  }

  @Test
  void givenAStrangerWithTheNumberOfOurs_whenOursIsKilled_thenTheStrangerLives() throws Exception {
    assumeTrue(Host.euid() == 0, "only root can say which pid comes next");
    List<String> words =
        new ArrayList<>(List.of("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"));
    words.addAll(EarlierDaemon.java(ReusedPid.class));
    words.add(Files.createDirectory(folder.resolve("inside")).toString());
    init =
        Optional.of(
            world.start(
                new ProgramSpec.Builder(
                        "web", new Command(words.stream().map(Template::escape).toList(), false))
                    .build()));

    assertThat(line(ReusedPid.MARK)).isEqualTo(ReusedPid.UNHARMED);
  }
}
