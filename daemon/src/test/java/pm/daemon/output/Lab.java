package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Credentials;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.PidFd;
import pm.daemon.posix.Signals;
import pm.daemon.posix.Spawn;
import pm.daemon.posix.SpawnRequest;
import pm.daemon.posix.Stdio;
import pm.daemon.posix.WaitStatus;
import pm.daemon.posix.Waits;

/** A pump over a folder of its own, and real programs whose output it takes. */
final class Lab implements AutoCloseable {
  static final long LIMIT_SECONDS = 60;
  static final LogLimits NO_LIMITS = new LogLimits(0, 10);

  private static final RandomGenerator RANDOM = new SplittableRandom();

  final Path folder;
  final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
  final OutputPump pump;
  private final Spawn spawn;

  Lab(Path folder) throws IOException {
    this(folder, InstantSource.system());
  }

  Lab(Path folder, InstantSource wall) throws IOException {
    this(folder, OwnOutput.of(new Object()), wall);
  }

  Lab(Path folder, OwnOutput own, InstantSource wall) throws IOException {
    this.folder = folder;
    spawn = new Spawn();
    pump =
        new OutputPump(
            folder.resolve("pipes"),
            folder.resolve("log"),
            folder.resolve("index"),
            own,
            new OutputListener() {
              @Override
              public void blocked(InstanceName instance, Path file, String reason) {
                heard.add(instance + " blocked " + file.getFileName() + ": " + reason);
              }

              @Override
              public void flows(InstanceName instance, Path file) {
                heard.add(instance + " flows " + file.getFileName());
              }

              @Override
              public void found(InvocationId invocation, String line) {
                heard.add("found " + line);
              }

              @Override
              public void failed(Throwable cause) {
                heard.add("failed: " + cause);
              }
            },
            wall);
  }

  static InstanceName instance(String name) {
    return InstanceName.parse(name).orElseThrow();
  }

  static InvocationId invocation() {
    return InvocationId.draw(RANDOM);
  }

  Path log(String name) {
    return folder.resolve("log").resolve(name);
  }

  LogPlan plan(String name, LogLimits limits) {
    return new LogPlan(new OutputTarget.ToFile(log(name)), new OutputTarget.WithStdout(), limits);
  }

  /** A program that runs. */
  record Program(InvocationId invocation, int pid, PidFd pidFd) {

    void kill() throws ErrnoException {
      pidFd.send(Signals.KILL);
    }

    /** Waits until it has ended, and reaps it. */
    WaitStatus end() throws ErrnoException {
      if (Fd.poll(pidFd.fd(), Fd.POLLIN, TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)) == 0) {
        kill();
        throw new AssertionError("process " + pid + " did not end");
      }
      WaitStatus status = Waits.reap(pidFd).orElseThrow();
      pidFd.close();
      return status;
    }
  }

  /** Runs a script whose output goes to {@code web@1.log}. */
  Program start(String script) throws Exception {
    return start("web@1", script, plan("web@1.log", NO_LIMITS));
  }

  Program start(String name, String script, LogPlan plan) throws Exception {
    return start(name, script, plan, Optional.empty());
  }

  Program start(String name, String script, LogPlan plan, Optional<Credentials> as)
      throws Exception {
    InvocationId invocation = invocation();
    int uid = as.map(Credentials::uid).orElse(-1);
    int gid = as.map(Credentials::gid).orElse(-1);
    try (ChildEnds ends = pump.open(instance(name), invocation, plan, uid, gid)) {
      SpawnRequest request =
          new SpawnRequest(
              List.of("/bin/sh", "-c", script),
              "/usr/local/bin:/usr/bin:/bin",
              Map.of("PATH", "/usr/local/bin:/usr/bin:/bin", "LC_ALL", "C"),
              "/",
              new Stdio.Null(),
              ends.stdout(),
              ends.stderr(),
              as,
              OptionalInt.empty());
      FutureTask<Integer> task = new FutureTask<>(() -> spawn.spawn(request));
      Thread thread = new Thread(task, "spawn");
      thread.start();
      thread.join();
      try {
        int pid = task.get();
        return new Program(invocation, pid, PidFd.open(pid));
      } catch (ExecutionException e) {
        pump.abandon(invocation);
        throw e;
      }
    }
  }

  /** Waits for the end of a program and of its output. */
  WaitStatus finish(Program program) throws Exception {
    WaitStatus status = program.end();
    drain(program);
    pump.release(program.invocation());
    return status;
  }

  void drain(Program program) throws InterruptedException {
    CountDownLatch drained = new CountDownLatch(1);
    pump.drain(program.invocation(), drained::countDown);
    assertThat(drained.await(LIMIT_SECONDS, TimeUnit.SECONDS)).as("drained").isTrue();
  }

  /** Waits until the writer thread has done what it was asked for. */
  void settle() throws InterruptedException {
    CountDownLatch settled = new CountDownLatch(1);
    pump.drain(invocation(), settled::countDown);
    assertThat(settled.await(LIMIT_SECONDS, TimeUnit.SECONDS)).as("settled").isTrue();
  }

  /**
   * Waits until all pipes are closed: their ends are seen in a later turn, of which nobody tells.
   */
  void awaitNoPipes() {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (pump.meters().pipes() > 0 && System.nanoTime() - limit < 0) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(pump.meters().pipes()).isZero();
  }

  /** Waits until a log has so many bytes, or more. */
  void awaitBytes(Path log, long bytes) throws Exception {
    await(log, () -> Files.exists(log) && log.toFile().length() >= bytes);
  }

  /** Waits until something is so that becomes so by a write to a log. */
  void await(Path log, BooleanSupplier isSo) throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    AtomicReference<LogFollowers.Follower> follower = new AtomicReference<>();
    Runnable look =
        () -> {
          if (isSo.getAsBoolean()) {
            there.countDown();
          } else {
            follower.get().arm();
          }
        };
    try (LogFollowers.Follower following = pump.followers().follow(log, look)) {
      follower.set(following);
      following.arm();
      // What was written before it was armed is seen here.
      if (!isSo.getAsBoolean()) {
        assertThat(there.await(LIMIT_SECONDS, TimeUnit.SECONDS)).as("awaited of %s", log).isTrue();
      }
    }
  }

  static long openDescriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  String hear() throws InterruptedException {
    String next = heard.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing was heard");
    }
    return next;
  }

  static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  /** What {@code seq 1 LAST} prints. */
  static byte[] numbers(int last) {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= last; i++) {
      text.append(i).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() {
    pump.close();
    assertThat(heard).noneMatch(message -> message.startsWith("failed"));
  }
}
