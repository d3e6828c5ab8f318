package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import pm.config.Command;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.config.ProgramSpec;
import pm.config.StopScope;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;
import pm.daemon.posix.ErrnoException;

/** A loop with processes, in a thread of its own. Effects go in, reports come out. */
final class World implements AutoCloseable {
  static final InstanceName WEB = new InstanceName("web", 1);

  /** Longer than anything here takes; only a failure reaches it. */
  private static final long LIMIT_SECONDS = 30;

  private final EventLoop loop;
  private final Thread thread;
  private final LinkedBlockingQueue<Report> reports = new LinkedBlockingQueue<>();
  private final List<Report> others = new ArrayList<>();
  private final Processes processes;
  final PipedOutput output;

  World(Path folder) throws ErrnoException {
    this(folder, CgroupTree.none());
  }

  World(Path folder, CgroupTree cgroups) throws ErrnoException {
    SystemTime time = new SystemTime();
    Deadlines deadlines = new Deadlines();
    loop = EventLoop.open(time, 1024);
    output = new PipedOutput(loop, folder);
    processes =
        Processes.open(
            loop,
            (nanos, work) -> deadlines.at(time.nanos() + nanos, work),
            new Processes.Settings(
                Map.of("PATH", "/usr/bin:/bin"),
                "/none.sock",
                8,
                cgroups,
                Optional.empty(),
                List.of(),
                pid -> false),
            output,
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

  static ProgramSpec.Builder sh(String script) {
    return new ProgramSpec.Builder("web", new Command(List.of("/bin/sh", "-c", script), false));
  }

  static ProgramSpec.Builder python(String script) {
    return new ProgramSpec.Builder("web", new Command(List.of("python3", "-c", script), false));
  }

  static ProgramSpec quiet(ProgramSpec.Builder program) {
    return program.logs(new LogSpec(LogTarget.NONE, LogTarget.MERGE, 1 << 20, 1)).build();
  }

  static InvocationId id() {
    return InvocationId.draw(RandomGenerator.getDefault());
  }

  /** Does something on the loop thread and waits until it is done. */
  void onLoop(Consumer<Processes> work) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    loop.post(
        () -> {
          try {
            work.accept(processes);
            done.complete(true);
          } catch (RuntimeException | Error thrown) {
            done.completeExceptionally(thrown);
          }
        });
    done.join();
  }

  InvocationId spawn(ProgramSpec spec) {
    InvocationId invocation = id();
    onLoop(p -> p.spawn(new Effect.Spawn(WEB, invocation, spec)));
    return invocation;
  }

  /** Waits for a report about an invocation; those about others are kept for later. */
  <T extends Report.OfInvocation> T await(InvocationId invocation, Class<T> type)
      throws InterruptedException {
    Report.OfInvocation next = next(invocation);
    assertThat(next).isInstanceOf(type);
    return type.cast(next);
  }

  Report.OfInvocation next(InvocationId invocation) throws InterruptedException {
    for (int i = 0; i < others.size(); i++) {
      if (others.get(i) instanceof Report.OfInvocation about
          && about.invocation().equals(invocation)) {
        others.remove(i);
        return about;
      }
    }
    while (true) {
      Report report = reports.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (report == null) {
        throw new AssertionError("nothing is reported about " + invocation);
      }
      if (report instanceof Report.OfInvocation about && about.invocation().equals(invocation)) {
        return about;
      }
      others.add(report);
    }
  }

  /** Starts a process and waits until it runs. */
  Started start(ProgramSpec spec) throws InterruptedException {
    InvocationId invocation = spawn(spec);
    return new Started(invocation, await(invocation, Report.Spawned.class).process());
  }

  record Started(InvocationId invocation, ProcessIdentity process) {}

  void signal(Started started, String signal, StopScope scope, boolean thenContinue) {
    onLoop(
        p -> {
          p.signal(
              new Effect.Signal(
                  started.invocation(), started.process(), signal, scope, thenContinue));
          p.continueSignalled();
        });
  }

  void kill(InvocationId invocation, StopScope scope) {
    onLoop(p -> p.killRemains(new Effect.KillRemains(WEB, invocation, scope)));
  }

  void release(InvocationId invocation) {
    onLoop(p -> p.release(new Effect.Release(WEB, invocation)));
  }

  /** Has another process be the main one. */
  void follow(InvocationId invocation, int pid) {
    onLoop(p -> p.follow(new Effect.Follow(WEB, invocation, identity(pid))));
  }

  static ProcessIdentity identity(int pid) {
    try {
      return new ProcessIdentity(pid, new ProcFs().stat(pid).orElseThrow().startTicks(), 0);
    } catch (ErrnoException refused) {
      throw new AssertionError(refused);
    }
  }

  Report.Used usage(InvocationId invocation) throws InterruptedException {
    onLoop(p -> p.readUsage(new Effect.ReadUsage(WEB, invocation)));
    return await(invocation, Report.Used.class);
  }

  /** Waits for the end of something that nothing is left of, and releases it. */
  Report.Exited end(InvocationId invocation) throws InterruptedException {
    Report.Exited exited = await(invocation, Report.Exited.class);
    assertThat(exited.remains()).isFalse();
    release(invocation);
    return exited;
  }

  void assertNothingElseIsReported() {
    onLoop(p -> {});
    others.addAll(reports);
    assertThat(others).isEmpty();
  }

  long failures() {
    return loop.failures();
  }

  @Override
  public void close() throws ErrnoException {
    loop.stop();
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    processes.close();
    loop.close();
    assertThat(loop.failures()).isZero();
  }
}
