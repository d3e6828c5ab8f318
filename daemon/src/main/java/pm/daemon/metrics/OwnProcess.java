package pm.daemon.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the daemon's own process uses, under the names that all programs have for it; see proc(5).
 */
final class OwnProcess {
  private static final Path STAT = Path.of("/proc/self/stat");
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final String MOST_DESCRIPTORS = "Max open files";

  // Positions behind the name of the program, which may contain anything.
  private static final int USER_TICKS = 11;
  private static final int SYSTEM_TICKS = 12;
  private static final int THREADS = 17;
  private static final int VIRTUAL_BYTES = 20;
  private static final int RESIDENT_PAGES = 21;

  private final long ticksPerSecond;
  private final long pageBytes;
  private final Instant startedAt;

  OwnProcess(long ticksPerSecond, long pageBytes, Instant startedAt) {
    this.ticksPerSecond = ticksPerSecond;
    this.pageBytes = pageBytes;
    this.startedAt = startedAt;
  }

  /** Blocks. */
  void write(Exposition text) throws IOException {
    String stat = Files.readString(STAT);
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).strip().split(" "));
    double ticks = number(fields, USER_TICKS) + (double) number(fields, SYSTEM_TICKS);
    text.family(
            "process_cpu_seconds_total",
            Exposition.Type.COUNTER,
            "Processor time of the daemon itself.")
        .sample(ticks / ticksPerSecond);
    text.family(
            "process_resident_memory_bytes",
            Exposition.Type.GAUGE,
            "Resident memory of the daemon itself.")
        .sample(number(fields, RESIDENT_PAGES) * (double) pageBytes);
    text.family(
            "process_virtual_memory_bytes",
            Exposition.Type.GAUGE,
            "Virtual memory of the daemon itself.")
        .sample(number(fields, VIRTUAL_BYTES));
    text.family("process_threads", Exposition.Type.GAUGE, "Threads of the daemon itself.")
        .sample(number(fields, THREADS));
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      // One of them is the folder, while it is read.
      text.family(
              "process_open_fds", Exposition.Type.GAUGE, "Descriptors that the daemon has open.")
          .sample(open.count() - 1);
    }
    text.family(
            "process_max_fds", Exposition.Type.GAUGE, "Descriptors that the daemon may have open.")
        .sample(mostDescriptors());
    text.family(
            "process_start_time_seconds",
            Exposition.Type.GAUGE,
            "When the daemon was started, in seconds since 1970.")
        .sample(startedAt.toEpochMilli() / 1000.0);
  }

  private static long number(List<String> fields, int position) {
    return Long.parseLong(fields.get(position));
  }

  private static double mostDescriptors() throws IOException {
    for (String line : Files.readAllLines(LIMITS)) {
      if (line.startsWith(MOST_DESCRIPTORS)) {
        String soft = line.substring(MOST_DESCRIPTORS.length()).strip().split("\\s+", 2)[0];
        return soft.equals("unlimited") ? Double.POSITIVE_INFINITY : Long.parseLong(soft);
      }
    }
    throw new IOException(LIMITS + " says nothing of open files");
  }
}
