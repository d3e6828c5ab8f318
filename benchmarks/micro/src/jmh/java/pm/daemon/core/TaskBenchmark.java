package pm.daemon.core;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Decision;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;

/** What the core decides about a task that comes, is given to a worker and ends. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TaskBenchmark {
  private static final int BATCH = 64;
  private static final byte[] DATA = "{\"n\":1}".getBytes(StandardCharsets.US_ASCII);

  /** Four workers with tasks in hand, and a thousand tasks that wait. */
  @State(Scope.Thread)
  public static class Pool implements Gatherer {
    private final World world =
        new World(
            """
            tasks: {store: memory}
            programs:
              child:
                type: worker
                command: [/bin/child]
                readiness: {uptime: 0s}
                liveness: none
                pool: {min: 4, max: 4, concurrency: 64, queue: {capacity: 50000}}
            """);
    private List<TaskEffect.Send> sent = new ArrayList<>();
    private List<TaskEffect.Send> taken = new ArrayList<>();
    private long entries;

    @Override
    public void keep(TaskEntry entry) {
      entries++;
    }

    @Override
    public void run(Effect effect) {
      if (effect instanceof TaskEffect.Send send) {
        sent.add(send);
      } else {
        world.act(effect);
      }
    }

    @Override
    public void add(Decision decision) {
      decision.effects().forEach(this::run);
    }

    /** Begins with full hands. */
    @Setup
    public void begin() {
      world.supervisor.settle(world.now(), this);
      world.catchUp();
      world.supervisor.settle(world.now(), this);
      submit(1_000 + 4 * 64);
      world.supervisor.settle(world.now(), this);
      if (sent.size() != 4 * 64) {
        throw new IllegalStateException(sent.size() + " tasks are in hand");
      }
    }

    private void submit(int count) {
      NewTask[] tasks = new NewTask[count];
      for (int i = 0; i < count; i++) {
        tasks[i] =
            new NewTask(
                "", NewTask.DEFAULT_TYPE, Priority.NORMAL, NewTask.POOLS, NewTask.POOLS, 0, DATA);
      }
      world.supervisor.take(
          new TaskCommand.Submit(
              Command.UNANSWERED, World.ALICE, "child", List.of(tasks), false, 0, 0),
          world.now(),
          this);
    }
  }

  /** Results of 64 tasks come in, 64 new tasks too, and 64 that wait are given out. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long task(Pool pool) {
    pool.world.later(100_000);
    List<TaskEffect.Send> inHand = pool.sent;
    pool.sent = pool.taken;
    pool.taken = inHand;
    pool.sent.clear();
    for (int i = BATCH; i < inHand.size(); i++) {
      pool.sent.add(inHand.get(i));
    }
    for (int i = 0; i < BATCH; i++) {
      TaskEffect.Send send = inHand.get(i);
      pool.world.supervisor.take(
          new TaskReport.Succeeded(send.invocation(), send.task(), "", send.attempt(), DATA),
          pool.world.now(),
          pool);
    }
    pool.submit(BATCH);
    pool.world.supervisor.settle(pool.world.now(), pool);
    return pool.entries;
  }
}
