package pm.daemon.process;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/**
 * What the numbers in {@code /proc} count in.
 *
 * @param ticksPerSecond clock ticks a second
 * @param pageBytes size of a page of memory, in bytes
 */
public record HostFacts(long ticksPerSecond, long pageBytes) {
  private static final long PAGE_SIZE = 6;
  private static final long CLOCK_TICKS = 17;
  private static final int MOST_BYTES = 4096;

  /** Reads them from what the kernel gave this process when it began; getauxval(3). */
  public static HostFacts read() throws ErrnoException {
    ByteBuffer vector = ByteBuffer.allocateDirect(MOST_BYTES).order(ByteOrder.nativeOrder());
    int fd = Fd.open("/proc/self/auxv", OpenFlags.RDONLY, 0);
    try {
      Fd.read(fd, vector);
    } finally {
      Fd.close(fd);
    }
    vector.flip();
    long ticks = 100;
    long page = 4096;
    while (vector.remaining() >= 2 * Long.BYTES) {
      long type = vector.getLong();
      long value = vector.getLong();
      if (type == PAGE_SIZE) {
        page = value;
      } else if (type == CLOCK_TICKS) {
        ticks = value;
      }
    }
    return new HostFacts(ticks, page);
  }

  /** Returns the present in clock ticks since boot, as the kernel says when a process began. */
  long nowTicks() {
    // Nobody divides a second into more ticks than it has nanoseconds.
    return Host.bootNanos() / (1_000_000_000L / ticksPerSecond);
  }
}
