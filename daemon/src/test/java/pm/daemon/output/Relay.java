package pm.daemon.output;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;

/**
 * A JVM that a test kills: takes the output of programs, which it starts unless they run already.
 * Arguments: folder, bytes of rotation, then for each program its name, the bytes that it will have
 * printed at last, and its script. It says {@code ready}, and ends when all have been written.
 */
final class Relay {

  private Relay() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    LogLimits limits = new LogLimits(Long.parseLong(arguments[1]), 1000);
    try (Lab lab = new Lab(folder)) {
      for (int i = 2; i < arguments.length; i += 3) {
        String name = arguments[i];
        Path started = folder.resolve(name + ".started");
        if (Files.exists(started)) {
          List<String> known = Files.readAllLines(started);
          lab.pump.adopt(
              Lab.instance(name),
              new InvocationId(known.getFirst()),
              lab.plan(name + ".log", limits));
        } else {
          Lab.Program program = lab.start(name, arguments[i + 2], lab.plan(name + ".log", limits));
          Files.writeString(started, program.invocation() + "\n" + program.pid() + "\n");
        }
      }
      System.out.println("ready");
      for (int i = 2; i < arguments.length; i += 3) {
        Path log = lab.log(arguments[i] + ".log");
        long bytes = Long.parseLong(arguments[i + 1]);
        lab.await(log, () -> size(log) >= bytes);
      }
    }
  }

  private static long size(Path log) {
    try {
      return new LogParts(log).all().stream().mapToLong(LogParts.Part::sizeBytes).sum();
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
    }
  }
}
