package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import pm.config.WorkerSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.OpenFlags;
import pm.daemon.posix.Stdio;

/**
 * Workers on a loop of their own, whose other ends the test holds: it plays the worker. What they
 * say to the log comes together in memory.
 */
final class Workshop implements AutoCloseable {
  static final long LIMIT_SECONDS = 60;

  static final WorkerSpec LINES = WorkerSpec.DEFAULT;
  static final WorkerSpec HEADERS =
      new WorkerSpec(
          WorkerSpec.Framing.CONTENT_LENGTH, WorkerSpec.Transport.STDIO, "ping", 1L << 20);

  private static final RandomGenerator RANDOM = new SplittableRandom();

  final Path folder;
  final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();

  /** Why workers can be told nothing any more. */
  final LinkedBlockingQueue<String> lost = new LinkedBlockingQueue<>();

  final Map<Long, String> stored = new ConcurrentHashMap<>();
  final AtomicLong reads = new AtomicLong();
  final Workers workers;
  final EventLoop loop;
  final AtomicBoolean keeps = new AtomicBoolean(true);
  private final Thread thread;

  Workshop(Path folder) throws IOException {
    this(folder, "mark");
  }

  Workshop(Path folder, String mark) throws IOException {
    this.folder = folder;
    SystemTime time = new SystemTime();
    loop = EventLoop.open(time, 1_000);
    workers =
        new Workers(
            folder.resolve("workers"),
            loop,
            time::nanos,
            new HeardInWords(heard::add, lost::add),
            (task, reader) -> {
              reads.incrementAndGet();
              String data = stored.get(task);
              loop.post(
                  data != null
                      ? () -> reader.read(utf8(data))
                      : () -> reader.failed(true, "task " + task + " is damaged"));
            },
            mark);
    workers.epoch("ab12");
    thread =
        new Thread(
            () ->
                loop.run(
                    new Turn() {
                      @Override
                      public void endOfBatch() {
                        if (keeps.get()) {
                          workers.kept();
                        }
                      }

                      @Override
                      public long nextDeadlineNanos() {
                        return Long.MAX_VALUE;
                      }

                      @Override
                      public void timePassed() {}
                    }),
            "loop");
    thread.start();
  }

  Played start(WorkerSpec spec) throws Exception {
    return start("web@1", spec);
  }

  /** A worker with a log. */
  Played start(String name, WorkerSpec spec) throws Exception {
    InvocationId invocation = InvocationId.draw(RANDOM);
    Path log = folder.resolve(name + "." + invocation + ".log");
    FilePath.mkfifo(log.toString(), 0600);
    int reader = Fd.open(log.toString(), OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
    Fd.setNonBlocking(reader, false);
    InstanceName instance = InstanceName.parse(name).orElseThrow();
    WorkerEnds ends = workers.open(instance, invocation, spec, log, -1, -1);
    return new Played(instance, invocation, spec, ends, log, reader);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Has it done on the loop, and waits. */
  void onLoop(Runnable work) throws Exception {
    FutureTask<Void> task = new FutureTask<>(work, null);
    loop.post(task);
    task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  /** Two turns of the loop: what was ready when this was called has been handled and taken. */
  void settle() throws Exception {
    onLoop(() -> {});
    onLoop(() -> {});
  }

  String nextHeard() throws InterruptedException {
    String next = heard.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
    assertThat(next).as("something heard within %s s", LIMIT_SECONDS).isNotNull();
    return next;
  }

  String nextLost() throws InterruptedException {
    String next = lost.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
    assertThat(next).as("a worker lost within %s s", LIMIT_SECONDS).isNotNull();
    return next;
  }

  long count(String name) {
    return workers.meters().all().getOrDefault(name, -1L);
  }

  /** Waits for what no event tells. */
  static void await(String what, BooleanSupplier condition) {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(limit);
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Ends as an upgrade does. */
  void handOver() throws IOException {
    loop.stop();
    join(thread);
    workers.handOver();
    close();
  }

  /** Ends the loop and lets go of all, as a crash does. */
  @Override
  public void close() throws IOException {
    loop.stop();
    join(thread);
    workers.close();
    loop.close();
  }

  private static void join(Thread thread) {
    try {
      thread.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    assertThat(thread.isAlive()).as("%s goes on", thread).isFalse();
  }

  /** A worker that the test plays. */
  final class Played implements AutoCloseable {
    final InstanceName instance;
    final InvocationId invocation;
    final WorkerSpec spec;
    final WorkerEnds ends;
    final Path logPipe;
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Thread logThread;
    private boolean isInClosed;
    private boolean isOutClosed;

    Played(
        InstanceName instance,
        InvocationId invocation,
        WorkerSpec spec,
        WorkerEnds ends,
        Path logPipe,
        int logReader) {
      this.instance = instance;
      this.invocation = invocation;
      this.spec = spec;
      this.ends = ends;
      this.logPipe = logPipe;
      logThread =
          new Thread(
              () -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
                try {
                  // The first writer may not be there yet; the end is when the last is gone.
                  while (Fd.poll(logReader, Fd.POLLIN, -1) != 0
                      && Fd.read(logReader, buffer.clear()) > 0) {
                    byte[] bytes = new byte[buffer.flip().remaining()];
                    buffer.get(bytes);
                    synchronized (log) {
                      log.writeBytes(bytes);
                    }
                  }
                  Fd.close(logReader);
                } catch (ErrnoException e) {
                  heard.add("log: " + e.getMessage());
                }
              },
              "log-" + instance);
      logThread.setDaemon(true);
      logThread.start();
    }

    private static int fd(Stdio end) {
      return ((Stdio.Descriptor) end).fd();
    }

    int in() {
      return fd(ends.in());
    }

    int out() {
      return fd(ends.out());
    }

    void write(String text) throws ErrnoException {
      write(text.getBytes(StandardCharsets.UTF_8));
    }

    void write(byte[] bytes) throws ErrnoException {
      ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
      Fd.writeFully(out(), buffer);
    }

    /** Reads up to the next line feed. */
    String readLine() throws ErrnoException {
      ByteBuffer buffer = ByteBuffer.allocateDirect(1);
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      while (true) {
        assertThat(Fd.poll(in(), Fd.POLLIN, TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)))
            .as("a line to the worker")
            .isNotZero();
        Fd.read(in(), buffer.clear());
        if (buffer.get(0) == '\n') {
          return line.toString(StandardCharsets.UTF_8);
        }
        line.write(buffer.get(0));
      }
    }

    /** Reads so many bytes. */
    String read(int count) throws ErrnoException {
      ByteBuffer buffer = ByteBuffer.allocateDirect(count);
      while (buffer.hasRemaining()) {
        assertThat(Fd.poll(in(), Fd.POLLIN, TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)))
            .as("bytes to the worker")
            .isNotZero();
        Fd.read(in(), buffer);
      }
      return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
    }

    void ping(long number) throws Exception {
      onLoop(() -> workers.ping(invocation, number));
    }

    /** The id of a ping, which it reads. */
    String pingId(long number) throws Exception {
      ping(number);
      String line = readLine();
      assertThat(line)
          .matches("\\{\"jsonrpc\":\"2.0\",\"id\":\"hb-[a-z0-9]+-\\d+\",\"method\":\"ping\"}");
      return line.substring(line.indexOf("hb-"), line.indexOf("\",\"method"));
    }

    static String answer(String id) {
      return "{\"jsonrpc\":\"2.0\",\"id\":\"" + id + "\",\"result\":{}}\n";
    }

    /** Shows that it is understood. */
    void answersPing(long number) throws Exception {
      write(answer(pingId(number)));
      assertThat(nextHeard()).isEqualTo("passed " + number);
    }

    /** Shows that it is understood, behind words of progress. */
    void answersPingBehind(long progressTold, long number) throws Exception {
      write(answer(pingId(number)));
      String heard = nextHeard();
      for (long told = progressTold; heard.contains(" at "); told++) {
        assertThat(told).isLessThan(5_000_000);
        heard = nextHeard();
      }
      assertThat(heard).isEqualTo("passed " + number);
    }

    /** Answers a ping of another daemon. */
    void answersThrough(Workshop other, long number) throws Exception {
      other.onLoop(() -> other.workers.ping(invocation, number));
      String line = readLine();
      write(answer(line.substring(line.indexOf("hb-"), line.indexOf("\",\"method"))));
      assertThat(other.nextHeard()).isEqualTo("passed " + number);
    }

    String log() {
      synchronized (log) {
        return log.toString(StandardCharsets.UTF_8);
      }
    }

    int logBytes() {
      synchronized (log) {
        return log.size();
      }
    }

    void awaitLog(String text) {
      await("the log has what is expected", () -> log().equals(text));
    }

    boolean hasFile(WorkerFolder.File file) {
      return Files.exists(
          new WorkerFolder(folder.resolve("workers")).path(instance, invocation, file));
    }

    long partBytes() throws IOException {
      Path part =
          new WorkerFolder(folder.resolve("workers"))
              .path(instance, invocation, WorkerFolder.File.PART);
      return Files.exists(part) ? Files.size(part) : 0;
    }

    /** It has ended: everything is drained, then released. */
    void end() throws Exception {
      close();
      CountDownLatch drained = new CountDownLatch(1);
      onLoop(() -> workers.drain(invocation, drained::countDown));
      assertThat(drained.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      onLoop(() -> workers.release(invocation));
      join(logThread);
      for (WorkerFolder.File file : WorkerFolder.File.values()) {
        assertThat(hasFile(file)).isFalse();
      }
    }

    void closeInput() throws IOException {
      if (!isInClosed) {
        isInClosed = true;
        Fd.close(in());
      }
    }

    void closeOutput() throws IOException {
      if (!isOutClosed) {
        isOutClosed = true;
        Fd.close(out());
      }
    }

    @Override
    public void close() throws IOException {
      closeInput();
      closeOutput();
    }
  }
}
