package pm.daemon.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import pm.config.Command;
import pm.config.Hook;
import pm.config.Probe;
import pm.config.ProgramSpec;
import pm.config.Template;
import pm.daemon.ProcessNeighbours;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.HookFacts;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;
import pm.daemon.posix.ErrnoException;
import pm.daemon.process.NoOutput;
import pm.daemon.process.Processes;
import pm.daemon.process.StartPlans;

/** A loop with processes and probes, in a thread of its own. Effects go in, reports come out. */
final class ProbeWorld implements AutoCloseable {
  static final InstanceName WEB = new InstanceName("web", 1);

  /** Longer than anything here takes; only a failure reaches it. */
  private static final long LIMIT_SECONDS = 30;

  private final EventLoop loop;
  private final Thread thread;
  private final LinkedBlockingQueue<Report> reports = new LinkedBlockingQueue<>();
  private final List<Report> others = new ArrayList<>();
  private final Processes processes;
  private final Probes probes;
  private long number;

  ProbeWorld(Path folder) throws ErrnoException {
    SystemTime time = new SystemTime();
    Deadlines deadlines = new Deadlines();
    loop = EventLoop.open(time, 1024);
    Map<String, String> environment = Map.of("PATH", "/usr/bin:/bin");
    processes =
        Processes.open(
            loop,
            (nanos, work) -> deadlines.at(time.nanos() + nanos, work),
            new Processes.Settings(environment, "/none.sock", 8, List.of(), pid -> false),
            new NoOutput(),
            reports::add);
    probes =
        new Probes(
            loop,
            deadlines,
            time,
            new StartPlans(environment, "/none.sock")::plan,
            new ProcessNeighbours(processes.foreignChildren()),
            folder,
            reports::add);
    thread = new Thread(() -> loop.run(new Timed(deadlines, time)), "loop");
    thread.start();
  }

  private record Timed(Deadlines deadlines, SystemTime time) implements Turn {
    @Override
    public void endOfBatch() {}

    @Override
    public long nextDeadlineNanos() {
      return deadlines.next();
    }

    @Override
    public void timePassed() {
      deadlines.pass(time.nanos());
    }
  }

  static InvocationId id() {
    return InvocationId.draw(RandomGenerator.getDefault());
  }

  static ProgramSpec.Builder program() {
    return new ProgramSpec.Builder("web", new Command(List.of("/bin/true"), false));
  }

  /** A line for the shell, whose dollar signs are the shell's. */
  static Command sh(String script) {
    return new Command(List.of(Template.escape(script)), true);
  }

  /** Does something on the loop thread and waits until it is done. */
  void onLoop(Runnable work) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    loop.post(
        () -> {
          try {
            work.run();
            done.complete(true);
          } catch (RuntimeException | Error thrown) {
            done.completeExceptionally(thrown);
          }
        });
    done.join();
  }

  /** Makes a check and returns what came of it. */
  Report.Checked check(ProgramSpec spec, Probe probe, Duration timeout)
      throws InterruptedException {
    InvocationId invocation = id();
    begin(invocation, spec, probe, timeout);
    return awaitCheck(invocation);
  }

  void begin(InvocationId invocation, ProgramSpec spec, Probe probe, Duration timeout) {
    number++;
    Effect.Check check = new Effect.Check(WEB, invocation, number, probe, timeout, spec);
    onLoop(() -> probes.check(check));
  }

  Report.Checked awaitCheck(InvocationId invocation) throws InterruptedException {
    return (Report.Checked)
        await(
            report ->
                report instanceof Report.Checked checked
                    && checked.invocation().equals(invocation));
  }

  /** Runs a hook and returns how it ended. */
  Report.HookEnded hook(ProgramSpec spec, HookKind kind, Hook hook) throws InterruptedException {
    InvocationId invocation = id();
    begin(
        invocation,
        spec,
        kind,
        hook,
        new HookFacts(OptionalInt.empty(), Optional.empty(), "start", OptionalInt.empty()));
    return awaitHook(invocation);
  }

  void begin(InvocationId invocation, ProgramSpec spec, HookKind kind, Hook hook, HookFacts facts) {
    Effect.RunHook effect = new Effect.RunHook(WEB, invocation, kind, hook, facts, spec);
    onLoop(() -> probes.runHook(effect));
  }

  Report.HookEnded awaitHook(InvocationId invocation) throws InterruptedException {
    return (Report.HookEnded)
        await(
            report ->
                report instanceof Report.HookEnded ended && ended.invocation().equals(invocation));
  }

  Report await(java.util.function.Predicate<Report> wanted) throws InterruptedException {
    for (int i = 0; i < others.size(); i++) {
      if (wanted.test(others.get(i))) {
        return others.remove(i);
      }
    }
    while (true) {
      Report report = reports.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (report == null) {
        throw new AssertionError("it is not reported; but " + others);
      }
      if (wanted.test(report)) {
        return report;
      }
      others.add(report);
    }
  }

  Probes probes() {
    return probes;
  }

  Processes processes() {
    return processes;
  }

  @Override
  public void close() throws ErrnoException {
    loop.stop();
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    probes.close();
    processes.close();
    loop.close();
    assertThat(loop.failures()).isZero();
  }
}
