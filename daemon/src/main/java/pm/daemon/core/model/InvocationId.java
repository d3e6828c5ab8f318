package pm.daemon.core.model;

import java.util.HexFormat;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Names one run of an instance: 128 random bits, new for each.
 *
 * @param hex 32 lower-case hexadecimal digits
 */
public record InvocationId(String hex) {

  private static final int DIGITS = 32;

  public InvocationId {
    if (hex.length() != DIGITS) {
      throw new IllegalArgumentException(
          "an invocation id has " + DIGITS + " digits, not " + hex.length());
    }
  }

  /** Draws a new one. */
  public static InvocationId draw(RandomGenerator random) {
    HexFormat format = HexFormat.of();
    return new InvocationId(
        format.toHexDigits(random.nextLong()) + format.toHexDigits(random.nextLong()));
  }

  /** Returns the one that a file belongs to, by its name, such as {@code web@1.<id>.out}. */
  public static Optional<InvocationId> ofFile(String name) {
    int suffix = name.lastIndexOf('.');
    String id = name.substring(name.lastIndexOf('.', suffix - 1) + 1, Math.max(suffix, 0));
    return id.length() == DIGITS ? Optional.of(new InvocationId(id)) : Optional.empty();
  }

  @Override
  public String toString() {
    return hex;
  }
}
