package pm.daemon.worker;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import pm.config.WorkerSpec;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;
import pm.daemon.posix.Stdio;

/**
 * How many tasks a second go through the channels to workers and back, with nothing else: no queue,
 * no store. Not a test; run by hand with the JVM flags of {@code pmd}:
 *
 * <pre>
 * java FLAGS pm.daemon.worker.ChannelBenchmark WORKER COUNT IN-HAND [WORKERS]
 * </pre>
 *
 * <p>where WORKER is {@code benchmarks/drivers/worker.c}, compiled.
 */
final class ChannelBenchmark {
  private static final byte[] DATA = "{}".getBytes(StandardCharsets.UTF_8);
  private static final int ROUNDS = 6;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final SystemTime time = new SystemTime();
  private final EventLoop loop;
  private final Workers workers;
  private final List<Process> processes = new ArrayList<>();
  private final List<InvocationId> invocations = new ArrayList<>();
  private final Map<InvocationId, Long> sequences = new HashMap<>();
  private final List<InvocationId> answered = new ArrayList<>();
  private final long deadline = System.currentTimeMillis() + 300_000;
  private final long count;
  private final int inHand;
  private int ready;
  private int round;
  private long next;
  private long done;
  private long began;
  private long turns;
  private long cpuBegan;

  private ChannelBenchmark(Path folder, long count, int inHand) throws IOException {
    this.count = count;
    this.inHand = inHand;
    loop = EventLoop.open(time, 1_000);
    workers =
        new Workers(folder, loop, time::nanos, new Heard(), (task, whenRead) -> {}, "benchmark");
    workers.epoch("k3f9");
  }

  private final class Heard implements WorkerListener {
    @Override
    public void checked(InvocationId invocation, long number, boolean passed, String detail) {}

    @Override
    public void ready(InvocationId invocation) {
      ready++;
      if (ready == invocations.size()) {
        begin();
      }
    }

    @Override
    public void task(TaskReport report) {
      if (!(report instanceof TaskReport.Succeeded succeeded)) {
        throw new IllegalStateException("not asked for: " + report);
      }
      done++;
      answered.add(succeeded.invocation());
    }

    @Override
    public void remarked(InstanceName instance, String type, String detail) {
      throw new IllegalStateException(instance + " " + type + ": " + detail);
    }
  }

  private void begin() {
    began = time.nanos();
    cpuBegan = THREADS.getCurrentThreadCpuTime();
    next = 0;
    done = 0;
    turns = 0;
    for (InvocationId invocation : invocations) {
      for (int i = 0; i < inHand && next < count; i++) {
        send(invocation);
      }
    }
  }

  private void send(InvocationId invocation) {
    long task = ++next;
    workers.send(
        new TaskEffect.Send(
            invocation,
            sequences.merge(invocation, 1L, Long::sum),
            task,
            "",
            1,
            "noop",
            DATA,
            deadline));
  }

  private void endOfBatch() {
    turns++;
    for (int i = 0; i < answered.size() && next < count; i++) {
      send(answered.get(i));
    }
    answered.clear();
    if (done == count && count > 0) {
      double seconds = (time.nanos() - began) / 1e9;
      double cpu = (THREADS.getCurrentThreadCpuTime() - cpuBegan) / 1e3;
      System.out.printf(
          "%d in hand: %,.0f tasks/s, %.2f us of the loop's processor time each, %.1f a turn%n",
          inHand, count / seconds, cpu / count, (double) count / turns);
      round++;
      if (round == ROUNDS) {
        loop.stop();
      } else {
        begin();
      }
    }
    workers.kept();
  }

  private void start(String command, int number) throws IOException, WorkerException {
    InstanceName instance = InstanceName.parse("echo@" + number).orElseThrow();
    InvocationId invocation = InvocationId.draw(new SplittableRandom());
    invocations.add(invocation);
    try (WorkerEnds ends =
        workers.open(instance, invocation, WorkerSpec.DEFAULT, Path.of("/no/log"), -1, -1)) {
      processes.add(
          new ProcessBuilder(command)
              .redirectInput(own(ends.in()))
              .redirectOutput(own(ends.out()))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
  }

  private static java.io.File own(Stdio end) {
    return new java.io.File("/proc/self/fd/" + ((Stdio.Descriptor) end).fd());
  }

  private void run() {
    loop.run(
        new Turn() {
          @Override
          public void endOfBatch() {
            ChannelBenchmark.this.endOfBatch();
          }

          @Override
          public long nextDeadlineNanos() {
            return Long.MAX_VALUE;
          }

          @Override
          public void timePassed() {}
        });
    processes.forEach(Process::destroyForcibly);
    workers.close();
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createTempDirectory("channel");
    ChannelBenchmark benchmark =
        new ChannelBenchmark(folder, Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
    int count = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 4;
    for (int i = 1; i <= count; i++) {
      benchmark.start(arguments[0], i);
    }
    benchmark.run();
    try (var files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
