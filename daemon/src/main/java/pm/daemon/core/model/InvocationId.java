package pm.daemon.core.model;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * Names one run of an instance: 128 random bits, new for each.
 *
 * @param hex 32 lower-case hexadecimal digits
 */
public record InvocationId(String hex) {

  public InvocationId {
    if (hex.length() != 32) {
      throw new IllegalArgumentException("an invocation id has 32 digits, not " + hex.length());
    }
  }

  /** Draws a new one. */
  public static InvocationId draw(RandomGenerator random) {
    HexFormat format = HexFormat.of();
    return new InvocationId(
        format.toHexDigits(random.nextLong()) + format.toHexDigits(random.nextLong()));
  }

  @Override
  public String toString() {
    return hex;
  }
}
