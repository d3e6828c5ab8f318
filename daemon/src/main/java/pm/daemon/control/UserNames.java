package pm.daemon.control;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.UserEntry;
import pm.daemon.posix.Users;

/** Names of users by their numbers, looked up once. */
final class UserNames {
  private static final int MOST = 256;
  private static final Logger LOG = LoggerFactory.getLogger(UserNames.class);

  private final Map<Integer, String> known = new LinkedHashMap<>(Map.of(0, "root"));

  /** Returns the name if it has been looked up. Loop thread only. */
  Optional<String> known(int uid) {
    return Optional.ofNullable(known.get(uid));
  }

  /** Keeps a name. Loop thread only. */
  void remember(int uid, String name) {
    if (known.size() >= MOST) {
      known.keySet().removeIf(each -> each != 0);
    }
    known.put(uid, name);
  }

  /** Returns the name, or the number where there is none. Blocks. */
  static String lookUp(int uid) {
    try {
      return Users.byUid(uid).map(UserEntry::name).orElseGet(() -> number(uid));
    } catch (ErrnoException e) {
      LOG.warn("the name of user {} is not known: {}", number(uid), e.getMessage());
      return number(uid);
    }
  }

  private static String number(int uid) {
    return Integer.toUnsignedString(uid);
  }
}
