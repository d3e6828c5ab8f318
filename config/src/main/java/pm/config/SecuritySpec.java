package pm.config;

import java.util.List;
import java.util.Optional;

/**
 * What a process may gain and keep.
 *
 * @param noNewPrivileges whether setuid programs and file capabilities gain it nothing (prctl(2),
 *     PR_SET_NO_NEW_PRIVS)
 * @param capabilities all that it may have, as names without {@code CAP_} in lower case; empty: as
 *     its user has them
 */
public record SecuritySpec(boolean noNewPrivileges, Optional<List<String>> capabilities) {
  /** Takes nothing away. */
  public static final SecuritySpec DEFAULT = new SecuritySpec(false, Optional.empty());

  public SecuritySpec {
    capabilities = capabilities.map(List::copyOf);
  }
}
