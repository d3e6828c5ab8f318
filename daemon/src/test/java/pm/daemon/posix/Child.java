package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Real children for tests: short scripts, what they print, and how they end. */
final class Child {
  static final long LIMIT_NANOS = 30_000_000_000L;

  private Child() {}

  static SpawnRequest script(String script, Stdio stdout) {
    return request(List.of("/bin/sh", "-c", script), stdout);
  }

  static SpawnRequest request(List<String> argv, Stdio stdout) {
    return new SpawnRequest(
        argv,
        "/usr/local/bin:/usr/bin:/bin",
        Map.of("PATH", "/usr/bin:/bin"),
        "/",
        new Stdio.Null(),
        stdout,
        stdout,
        Optional.empty(),
        OptionalInt.empty());
  }

  static SpawnRequest in(String directory, SpawnRequest request) {
    return copy(
        request,
        request.searchPath(),
        directory,
        request.descriptors(),
        request.credentials(),
        request.umask(),
        request.settings());
  }

  static SpawnRequest as(Credentials credentials, SpawnRequest request) {
    return copy(
        request,
        request.searchPath(),
        request.workingDirectory(),
        request.descriptors(),
        Optional.of(credentials),
        request.umask(),
        request.settings());
  }

  static SpawnRequest withUmask(int umask, SpawnRequest request) {
    return copy(
        request,
        request.searchPath(),
        request.workingDirectory(),
        request.descriptors(),
        request.credentials(),
        OptionalInt.of(umask),
        request.settings());
  }

  static SpawnRequest searching(String path, SpawnRequest request) {
    return copy(
        request,
        path,
        request.workingDirectory(),
        request.descriptors(),
        request.credentials(),
        request.umask(),
        request.settings());
  }

  static SpawnRequest with(ChildSettings settings, SpawnRequest request) {
    return copy(
        request,
        request.searchPath(),
        request.workingDirectory(),
        request.descriptors(),
        request.credentials(),
        request.umask(),
        settings);
  }

  /** Gives it these descriptors beside those that it has, or instead of them. */
  static SpawnRequest with(Map<Integer, Stdio> descriptors, SpawnRequest request) {
    TreeMap<Integer, Stdio> all = new TreeMap<>(request.descriptors());
    all.putAll(descriptors);
    return copy(
        request,
        request.searchPath(),
        request.workingDirectory(),
        all,
        request.credentials(),
        request.umask(),
        request.settings());
  }

  private static SpawnRequest copy(
      SpawnRequest request,
      String searchPath,
      String directory,
      SortedMap<Integer, Stdio> descriptors,
      Optional<Credentials> credentials,
      OptionalInt umask,
      ChildSettings settings) {
    return new SpawnRequest(
        request.argv(),
        searchPath,
        request.environment(),
        directory,
        descriptors,
        credentials,
        umask,
        settings);
  }

  /** Starts a child on a thread that ends after it. */
  static int start(Spawn spawn, SpawnRequest request) throws Exception {
    FutureTask<Integer> task = new FutureTask<>(() -> spawn.spawn(request));
    Thread thread = new Thread(task, "spawn");
    thread.start();
    try {
      int pid = task.get();
      thread.join();
      return pid;
    } catch (ExecutionException e) {
      thread.join();
      if (e.getCause() instanceof SpawnException refused) {
        throw refused;
      }
      throw e;
    }
  }

  /** Waits until a child has ended and reaps it. */
  static WaitStatus end(int pid) throws ErrnoException {
    try (PidFd child = PidFd.open(pid)) {
      if (Fd.poll(child.fd(), Fd.POLLIN, LIMIT_NANOS) == 0) {
        child.send(Signals.KILL);
        throw new AssertionError("child " + pid + " did not end");
      }
      return Waits.reap(child).orElseThrow();
    }
  }

  /** Runs a script to its end and returns what it printed. */
  static String output(Spawn spawn, SpawnRequest request) throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    int pid;
    try {
      Stdio stdout = new Stdio.Descriptor(pipe.writeEnd());
      pid = start(spawn, with(Map.of(1, stdout, 2, stdout), request));
    } finally {
      Fd.close(pipe.writeEnd());
    }
    String text = readAll(pipe.readEnd());
    Fd.close(pipe.readEnd());
    end(pid);
    return text;
  }

  static String readAll(int fd) throws ErrnoException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    while (Fd.read(fd, buffer) > 0) {}
    byte[] bytes = new byte[buffer.position()];
    buffer.get(0, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
