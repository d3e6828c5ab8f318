package pm.daemon.core.pool;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.TaskCommand;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.event.Turn;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;

/**
 * How many tasks a second the pools alone decide about: 4 workers, 64 in hand of each, results in
 * batches, and for each result a new task. Not a test; run as a program, with the daemon's own
 * options: {@code -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx24m -Xmn2m}.
 */
final class DispatchBenchmark {
  private static final int WORKERS = 4;
  private static final int CONCURRENCY = 64;
  private static final int WARM_UP = 2_000_000;
  private static final int MEASURED = 6_000_000;
  private static final int WAITING = 1_000;

  /** What a batch has decided; lives as long as the batch. */
  private static final class Batch implements Turn {
    private final TaskEffect.@Nullable Send[] sent = new TaskEffect.Send[4096];
    private int sends;
    private long entries;

    @Override
    public void keep(TaskEntry entry) {
      entries++;
    }

    @Override
    public void run(Effect effect) {
      if (effect instanceof TaskEffect.Send send) {
        sent[sends++] = send;
      }
    }
  }

  private final Pools pools = new Pools(new SplittableRandom(1));
  private final Batch batch = new Batch();
  private final byte[] data = Yard.bytes("{\"n\":1}");
  private final Fleet fleet;
  private long nanos = 1_000_000_000L;

  private DispatchBenchmark() {
    ProgramSpec spec =
        Yard.program(
            new Rules()
                .workers(WORKERS, WORKERS)
                .concurrency(CONCURRENCY)
                .queue(100_000, Duration.ofMinutes(5))
                .build());
    fleet = new Fleet(spec);
    pools.begin(Yard.EPOCH, 0, true, now());
    pools.define(spec, now(), batch);
    fleet.tell(pools, batch);
    pools.settle(now(), batch, fleet);
    for (int slot = 1; slot <= WORKERS; slot++) {
      fleet.up(slot);
    }
    fleet.tell(pools, batch);
    submit(WAITING + WORKERS * CONCURRENCY);
    pools.settle(now(), batch, fleet);
    fleet.tell(pools, batch);
    pools.settle(now(), batch, fleet);
  }

  private Moment now() {
    return new Moment(nanos, Instant.EPOCH.plusNanos(nanos));
  }

  private void submit(int tasks) {
    NewTask[] wanted = new NewTask[tasks];
    for (int i = 0; i < tasks; i++) {
      wanted[i] =
          new NewTask(
              "", NewTask.DEFAULT_TYPE, Priority.NORMAL, NewTask.POOLS, NewTask.POOLS, 0, data);
    }
    pools.handle(
        new TaskCommand.Submit(
            Command.UNANSWERED, Yard.ALICE, "p", Arrays.asList(wanted), false, 0, 0),
        now(),
        batch);
  }

  private long cycles(int count) {
    TaskEffect.Send[] taken = new TaskEffect.Send[4096];
    long begun = cpuNanos();
    for (int done = 0; done < count; ) {
      nanos += 100_000;
      Moment now = now();
      int size = batch.sends;
      for (int i = 0; i < size; i++) {
        TaskEffect.Send send = batch.sent[i];
        if (send == null) {
          throw new IllegalStateException("nothing was sent");
        }
        taken[i] = send;
      }
      batch.sends = 0;
      for (int i = 0; i < size; i++) {
        TaskEffect.Send send = taken[i];
        pools.handle(
            new TaskReport.Succeeded(send.invocation(), send.task(), "", send.attempt(), data),
            now,
            batch);
      }
      submit(size);
      pools.settle(now, batch, fleet);
      pools.settle(now, batch, fleet);
      done += size;
    }
    return cpuNanos() - begun;
  }

  /** Time of the processor, with the collector's, so that others on the machine do not count. */
  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  public static void main(String[] args) {
    DispatchBenchmark benchmark = new DispatchBenchmark();
    benchmark.cycles(WARM_UP);
    for (int i = 0; i < 5; i++) {
      long nanos = benchmark.cycles(MEASURED);
      System.out.printf(
          "%,d tasks a second, %d ns each, %d entries%n",
          MEASURED * 1_000_000_000L / nanos, nanos / MEASURED, benchmark.batch.entries);
    }
  }
}
