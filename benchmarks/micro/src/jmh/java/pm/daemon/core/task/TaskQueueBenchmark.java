package pm.daemon.core.task;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;

/** The queue of a pool, in which so many tasks of all four priorities wait. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TaskQueueBenchmark {
  private static final long AGING = 300_000_000_000L;

  /** A queue that keeps its size. */
  @State(Scope.Thread)
  public static class Queue {
    @Param({"1", "1000", "100000"})
    public int queued;

    private final Tasks tasks = new Tasks();
    private final TaskQueue waiting = tasks.pool("p").waiting();
    private final NewTask[] contents = new NewTask[Priority.values().length];
    private long nanos;
    private int next;

    /** Fills it. */
    @Setup
    public void fill() {
      for (Priority priority : Priority.values()) {
        contents[priority.rank()] =
            new NewTask(
                "",
                NewTask.DEFAULT_TYPE,
                priority,
                NewTask.POOLS,
                NewTask.POOLS,
                0,
                new byte[] {'1'});
      }
      for (int i = 0; i < queued; i++) {
        submit();
      }
    }

    private void submit() {
      nanos += 10_000;
      next = (next + 1) % contents.length;
      tasks.queue(
          new TaskEntry.Queued(
              tasks.nextNumber(), "p", contents[next], nanos, nanos / 1_000_000, nanos, "alice"));
    }

    private @Nullable Task first() {
      return waiting.first(nanos, AGING);
    }
  }

  /** One comes, and the one whose turn it is goes. */
  @Benchmark
  public long submitAndTake(Queue queue) {
    queue.submit();
    Task first = queue.first();
    if (first == null) {
      throw new IllegalStateException("the queue is empty");
    }
    long number = first.number();
    queue.tasks.forget(first);
    return number;
  }

  /** Only looks whose turn it is. */
  @Benchmark
  public @Nullable Task look(Queue queue) {
    return queue.first();
  }
}
