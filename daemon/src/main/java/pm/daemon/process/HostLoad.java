package pm.daemon.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How loaded this machine is, as {@code /proc/stat} and {@code /proc/meminfo} say; proc(5). A look
 * does file work. One look at a time, any thread.
 */
public final class HostLoad {

  /** In place of what is not known. */
  public static final double UNKNOWN = -1;

  private static final int IDLE = 4;
  private static final int IO_WAIT = 5;

  /** user to steal; the guests after it are counted in user already. */
  private static final int LAST = 8;

  private final Path proc;
  private long lastIdle;
  private long lastAll;

  /** Of this machine. */
  public HostLoad() {
    this(Path.of("/proc"));
  }

  HostLoad(Path proc) {
    this.proc = proc;
  }

  /**
   * What one look has seen.
   *
   * @param cpuPercent 0 to 100, of all processors together since the look before; {@link #UNKNOWN}
   *     in the first
   * @param memoryPercent 0 to 100, what is not available to programs without swapping
   */
  public record Seen(double cpuPercent, double memoryPercent) {}

  /**
   * Looks.
   *
   * @throws IOException if the files cannot be read
   */
  public synchronized Seen look() throws IOException {
    return new Seen(cpu(Files.readAllLines(proc.resolve("stat"))), memory());
  }

  private double cpu(List<String> lines) throws IOException {
    String[] fields = lines.isEmpty() ? new String[0] : lines.getFirst().split(" +", -1);
    if (fields.length <= LAST || !fields[0].equals("cpu")) {
      throw new IOException(proc.resolve("stat") + " has no line of all processors");
    }
    long idle = 0;
    long all = 0;
    for (int i = 1; i <= LAST; i++) {
      long ticks = Long.parseLong(fields[i]);
      all += ticks;
      if (i == IDLE || i == IO_WAIT) {
        idle += ticks;
      }
    }
    double busy = lastAll == 0 ? UNKNOWN : percent(1.0 - share(idle - lastIdle, all - lastAll));
    lastIdle = idle;
    lastAll = all;
    return busy;
  }

  private double memory() throws IOException {
    long total = 0;
    long available = 0;
    for (String line : Files.readAllLines(proc.resolve("meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        total = kilobytes(line);
      } else if (line.startsWith("MemAvailable:")) {
        available = kilobytes(line);
      }
    }
    return total == 0 ? UNKNOWN : percent(1.0 - share(available, total));
  }

  private static long kilobytes(String line) {
    return Long.parseLong(line.replaceAll("[^0-9]", ""));
  }

  private static double share(long part, long whole) {
    return whole <= 0 ? 1.0 : (double) part / whole;
  }

  private static double percent(double share) {
    return 100 * Math.clamp(share, 0.0, 1.0);
  }
}
