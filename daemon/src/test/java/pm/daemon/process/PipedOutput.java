package pm.daemon.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import pm.config.LogSpec;
import pm.config.LogTarget;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.OpenFlags;
import pm.daemon.posix.Stdio;

/** Keeps the lines that children print in memory. Children write to named pipes, as they will. */
final class PipedOutput implements ChildOutput {
  private final EventLoop loop;
  private final Path pipes;
  private final Map<InvocationId, Reading> readings = new ConcurrentHashMap<>();

  /** What is said when a pipe is asked for; empty: nothing is wrong. */
  volatile Optional<OutputRefusedException> refusal = Optional.empty();

  private static final class Reading {
    final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    final StringBuilder partial = new StringBuilder();
    int fd = -1;
  }

  PipedOutput(EventLoop loop, Path folder) {
    this.loop = loop;
    this.pipes = folder.resolve("pipes");
    try {
      Files.createDirectories(pipes);
    } catch (IOException refused) {
      throw new UncheckedIOException(refused);
    }
  }

  private String path(InstanceName instance, InvocationId invocation) {
    return pipes.resolve(instance + "." + invocation + ".out").toString();
  }

  /** Waits for the next line of a child. */
  String line(InvocationId invocation) throws InterruptedException {
    return Objects.requireNonNull(readings.get(invocation), "no output").lines.take();
  }

  @Override
  public Ends open(SpawnPlan plan) throws OutputRefusedException {
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    if (plan.logs().file() instanceof LogTarget.None) {
      return new PipeEnds(new Stdio.Null(), -1);
    }
    String path = path(plan.instance(), plan.invocation());
    try {
      FilePath.mkfifo(path, 0600);
      FilePath.chown(path, plan.account().uid(), -1);
      int fd = Fd.open(path, OpenFlags.RDWR, 0);
      read(plan.invocation(), path);
      return new PipeEnds(new Stdio.Descriptor(fd), fd);
    } catch (ErrnoException refused) {
      throw new OutputRefusedException(
          String.valueOf(refused.getMessage()), refused.isShortage(), refused);
    }
  }

  private void read(InvocationId invocation, String path) throws ErrnoException {
    Reading reading = new Reading();
    readings.put(invocation, reading);
    reading.fd = Fd.open(path, OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
    loop.post(
        () -> {
          try {
            if (reading.fd >= 0) {
              loop.watch(reading.fd, Epoll.IN, (fd, events) -> readAll(reading));
            }
          } catch (ErrnoException refused) {
            throw new UncheckedIOException(refused);
          }
        });
  }

  private void readAll(Reading reading) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(64 * 1024);
    try {
      int count = Fd.read(reading.fd, bytes);
      if (count == 0) {
        loop.unwatch(reading.fd);
      }
      reading.partial.append(StandardCharsets.UTF_8.decode(bytes.flip()));
    } catch (ErrnoException refused) {
      throw new UncheckedIOException(refused);
    }
    int end = reading.partial.indexOf("\n");
    while (end >= 0) {
      reading.lines.add(reading.partial.substring(0, end));
      reading.partial.delete(0, end + 1);
      end = reading.partial.indexOf("\n");
    }
  }

  @Override
  public Runnable holdUnread(InstanceName instance, InvocationId invocation) {
    return () -> {};
  }

  @Override
  public void reattach(
      InstanceName instance, InvocationId invocation, OptionalInt pid, LogSpec logs)
      throws OutputRefusedException {
    try {
      read(invocation, path(instance, invocation));
    } catch (ErrnoException refused) {
      throw new OutputRefusedException(
          String.valueOf(refused.getMessage()), refused.isShortage(), refused);
    }
  }

  @Override
  public void drain(InvocationId invocation, Runnable whenDone) {
    Reading reading = readings.get(invocation);
    if (reading != null && reading.fd >= 0) {
      readAll(reading);
    }
    loop.post(whenDone);
  }

  @Override
  public void release(InvocationId invocation) {
    Reading reading = readings.get(invocation);
    if (reading == null || reading.fd < 0) {
      return;
    }
    loop.unwatch(reading.fd);
    try {
      Fd.close(reading.fd);
    } catch (ErrnoException refused) {
      throw new UncheckedIOException(refused);
    }
    reading.fd = -1;
  }

  private record PipeEnds(Stdio stdout, int fd) implements Ends {
    @Override
    public Stdio stderr() {
      return stdout;
    }

    @Override
    public void close() {
      if (fd >= 0) {
        try {
          Fd.close(fd);
        } catch (ErrnoException refused) {
          throw new UncheckedIOException(refused);
        }
      }
    }
  }
}
