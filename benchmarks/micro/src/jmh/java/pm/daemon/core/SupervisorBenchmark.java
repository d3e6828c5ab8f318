package pm.daemon.core;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InvocationId;

/** What the core decides when something happens to instances. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SupervisorBenchmark {
  private static final int STOPPED = 200;

  /** Programs that run and are restarted at once. */
  @State(Scope.Thread)
  public static class Running {
    @Param({"1", "1000"})
    public int instances;

    private World world = new World("programs: {}");
    private int next;

    /** Begins. */
    @Setup
    public void begin() {
      world = running(instances);
    }
  }

  /** Workers that are pinged, one after the other. */
  @State(Scope.Thread)
  public static class Pinged {
    @Param({"1", "1000"})
    public int instances;

    private World world = new World("programs: {}");

    /** Begins; each one's pings are due at times of their own. */
    @Setup
    public void begin() {
      world =
          new World(
              """
              programs:
                child:
                  type: worker
                  command: [/bin/child]
                  instances: %d
                  autostart: false
                  readiness: {uptime: 0s}
              """
                  .formatted(instances));
      for (int number = 1; number <= instances; number++) {
        world.later(5_000_000_000L / instances);
        world.handle(
            new Command.Start(
                number, World.ALICE, List.of("child@" + number), Command.Patience.NONE));
      }
    }
  }

  /** Two hundred programs. */
  @State(Scope.Thread)
  public static class TwoHundred {
    private final World world = running(STOPPED);
    private long request;
  }

  private static World running(int instances) {
    return new World(
        """
        programs:
          child:
            command: [/bin/child]
            instances: %d
            readiness: {uptime: 0s}
            restart: {policy: always, delay: 0s, max_restarts: unlimited}
        """
            .formatted(instances));
  }

  /** Exited, restarted, spawned, ready: as many events as that takes. */
  @Benchmark
  public void restart(Running state) {
    state.world.later(1_000_000);
    state.next = state.next % state.instances + 1;
    state.world.handle(
        new Report.Exited(
            state.world.invocation("child", state.next), new ExitStatus.Code(1), false));
  }

  /** A ping is due, sent and answered. */
  @Benchmark
  public void ping(Pinged state) {
    state.world.due();
  }

  /** A report of an invocation that is over. */
  @Benchmark
  public Decision late(Running state) {
    return state.world.supervisor.handle(
        new Report.RemainsGone(new InvocationId("f".repeat(32))), state.world.now());
  }

  /** Two commands about two hundred instances, for each of which it ends and starts. */
  @Benchmark
  @OperationsPerInvocation(STOPPED)
  public void stopAndStart(TwoHundred state) {
    List<String> all = List.of("child");
    state.world.later(1_000_000);
    state.world.handle(
        new Command.Stop(++state.request, World.ALICE, all, Command.Patience.ENDLESS));
    state.world.handle(
        new Command.Start(++state.request, World.ALICE, all, Command.Patience.ENDLESS));
  }
}
