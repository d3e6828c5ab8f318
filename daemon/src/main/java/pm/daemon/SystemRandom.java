package pm.daemon;

import java.util.random.RandomGenerator;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;

/** The kernel's random numbers, so that an invocation id has all of its 128 bits. */
final class SystemRandom implements RandomGenerator {

  private String hex = "";

  @Override
  public long nextLong() {
    if (hex.isEmpty()) {
      try {
        hex = Host.randomHex();
      } catch (ErrnoException impossible) {
        throw new IllegalStateException("the kernel gives no random numbers", impossible);
      }
    }
    long drawn = Long.parseUnsignedLong(hex, 0, 16, 16);
    hex = hex.substring(16);
    return drawn;
  }
}
