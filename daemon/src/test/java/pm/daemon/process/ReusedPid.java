package pm.daemon.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.FutureTask;
import pm.config.StopScope;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.model.Run;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;
import pm.daemon.posix.Spawn;
import pm.daemon.posix.SpawnRequest;
import pm.daemon.posix.Stdio;

/**
 * To be run as PID 1 of a PID namespace, where it can say which pid comes next: gives the pid of a
 * process that has ended to a stranger, and asks for the first to be taken over and killed.
 */
final class ReusedPid {
  /** Begins the last line, among those of the log. */
  static final String MARK = "strangers: ";

  /** The last line, where no stranger came to harm. */
  static final String UNHARMED = MARK + "unharmed";

  private static final int MOST_TRIES = 200;

  private ReusedPid() {}

  public static void main(String[] arguments) {
    try {
      run(arguments);
    } catch (Exception | AssertionError thrown) {
      check(false, thrown.toString());
    }
  }

  private static void run(String[] arguments) throws Exception {
    World world = new World(Path.of(arguments[0]));
    World.Started ended = world.start(World.quiet(World.sh("exec sleep 1000")));
    int pid = ended.process().pid();
    Signals.killGroup(pid, Signals.KILL);
    world.end(ended.invocation());

    spawnAs(pid, "sleep 1001 & exec sleep 1002");
    Proc.await("the stranger's child", () -> inSession(pid) == 2);
    // With the inode, and as a kernel without it would have recorded it.
    takeOverAndKill(world, ended.process());
    takeOverAndKill(world, new ProcessIdentity(pid, ended.process().startTicks(), 0));
    check(inSession(pid) == 2, "the stranger");

    // Its leader gone, the session looks like one that our process has left behind.
    try (PidFd leader = PidFd.open(pid)) {
      leader.send(Signals.KILL);
    }
    Proc.await("the stranger's leader", () -> Proc.state(pid) == '-');
    takeOverAndKill(world, ended.process());
    check(inSession(pid) == 1, "the stranger's child");
    System.out.println(UNHARMED);
    System.exit(0);
  }

  private static void takeOverAndKill(World world, ProcessIdentity identity)
      throws InterruptedException {
    InvocationId first = World.id();
    adopt(world, first, identity, false);
    check(!world.await(first, Report.Exited.class).remains(), "no remains");
    World.Started started = new World.Started(first, identity);
    world.signal(started, "KILL", StopScope.TREE, true);
    world.signal(started, "KILL", StopScope.PROCESS, true);
    world.kill(first, StopScope.TREE);
    world.release(first);
    for (StopScope scope : StopScope.values()) {
      InvocationId second = World.id();
      adopt(world, second, identity, true);
      world.kill(second, scope);
      world.await(second, Report.RemainsGone.class);
      world.release(second);
    }
  }

  private static void adopt(
      World world, InvocationId invocation, ProcessIdentity identity, boolean exited) {
    Moment then = new Moment(0, Instant.EPOCH);
    Run run = Run.intended(invocation, then, "test").spawned(identity, then);
    world.onLoop(
        p -> p.adopt(new Effect.Adopt(World.WEB, run, World.quiet(World.sh("true")), exited)));
  }

  private static void spawnAs(int pid, String script) throws Exception {
    SpawnRequest request =
        new SpawnRequest(
            List.of("/bin/sh", "-c", script),
            "/usr/bin:/bin",
            Map.of("PATH", "/usr/bin:/bin"),
            "/",
            new Stdio.Null(),
            new Stdio.Null(),
            new Stdio.Null(),
            Optional.empty(),
            OptionalInt.empty());
    for (int i = 0; i < MOST_TRIES; i++) {
      int got = spawnNext(pid, request);
      if (got == pid) {
        return;
      }
      Signals.killGroup(got, Signals.KILL);
    }
    throw new AssertionError("pid " + pid + " cannot be had");
  }

  /** On a thread that ends, so that the child becomes that of the first, as an orphan does. */
  private static int spawnNext(int pid, SpawnRequest request) throws Exception {
    FutureTask<Integer> spawn =
        new FutureTask<>(
            () -> {
              Files.writeString(Path.of("/proc/sys/kernel/ns_last_pid"), Integer.toString(pid - 1));
              return new Spawn().spawn(request);
            });
    Thread thread = new Thread(spawn);
    thread.start();
    thread.join();
    return spawn.get();
  }

  private static long inSession(int session) {
    return Proc.table().all().stream()
        .filter(process -> process.session() == session && !process.isZombie())
        .count();
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      System.out.println(MARK + "not so: " + what);
      System.exit(1);
    }
  }
}
