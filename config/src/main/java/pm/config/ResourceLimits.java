package pm.config;

/**
 * The limits of one resource; its unit is that of the {@link ResourceKind}.
 *
 * @param soft what is enforced; not more than {@code hard}
 * @param hard up to where the process may raise the soft limit itself
 */
public record ResourceLimits(long soft, long hard) {
  /** No limit. */
  public static final long UNLIMITED = -1;

  public ResourceLimits {
    if (soft < UNLIMITED || hard < UNLIMITED) {
      throw new IllegalArgumentException("a limit is not negative: " + soft + ":" + hard);
    }
    if (hard != UNLIMITED && (soft == UNLIMITED || soft > hard)) {
      throw new IllegalArgumentException("soft is not more than hard: " + soft + ":" + hard);
    }
  }
}
