package pm.daemon.output;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.ErrnoException;

/**
 * A JVM that a test kills: takes the output of programs, which it starts unless they run already.
 * Arguments: folder, bytes of rotation, form of lines, then for each program its name, the bytes
 * that it will have printed at last (its last line, where lines become records), and its script. It
 * says {@code ready}, and ends when all have been written.
 */
final class Relay {

  private Relay() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    LogLimits limits = new LogLimits(Long.parseLong(arguments[1]), 1000);
    LineForm form = LineForm.valueOf(arguments[2]);
    try (Lab lab = new Lab(folder)) {
      for (int i = 3; i < arguments.length; i += 3) {
        String name = arguments[i];
        Path started = folder.resolve(name + ".started");
        if (Files.exists(started)) {
          List<String> known = Files.readAllLines(started);
          InvocationId invocation = new InvocationId(known.getFirst());
          lab.pump.adopt(
              Lab.instance(name), invocation, FormsIT.plan(lab, name + ".log", form, limits));
          lab.pump.began(invocation, Integer.parseInt(known.get(1)));
        } else {
          Lab.Program program =
              lab.start(name, arguments[i + 2], FormsIT.plan(lab, name + ".log", form, limits));
          lab.pump.began(program.invocation(), program.pid());
          Files.writeString(started, program.invocation() + "\n" + program.pid() + "\n");
        }
      }
      System.out.println("ready");
      for (int i = 3; i < arguments.length; i += 3) {
        Path log = lab.log(arguments[i] + ".log");
        long bytes = Long.parseLong(arguments[i + 1]);
        switch (form) {
          case RAW -> lab.await(log, () -> size(log) >= bytes);
          // Some lines come twice, so their number says nothing: the last one does.
          case TIME, JSON -> lab.await(log, () -> endsWith(log, Long.toString(bytes)));
        }
      }
    }
  }

  private static boolean endsWith(Path log, String line) {
    try {
      LogReader reader = new LogReader(log.resolveSibling("nowhere"));
      LogChunk last = reader.read(log, reader.lastLines(log, 1), true);
      return last.lines().stream()
          .anyMatch(
              each -> each.text().endsWith(" " + line) || each.text().endsWith('"' + line + "\"}"));
    } catch (ErrnoException e) {
      throw new IllegalStateException(e);
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
