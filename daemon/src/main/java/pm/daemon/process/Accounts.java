package pm.daemon.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import pm.config.ProgramSpec;
import pm.daemon.core.plan.Account;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.posix.UserEntry;
import pm.daemon.posix.Users;

/**
 * Finds the user that a program runs as. Asks the name services of the machine, which may ask a
 * network: not for the loop. Any other thread.
 */
final class Accounts {
  private static final String NO_HOME = "/";
  private static final String NO_SHELL = "/bin/sh";

  private Accounts() {}

  /** Finds the account of a program; without {@code user} and {@code group} it is our own. */
  static Account of(ProgramSpec spec) throws StageException {
    Optional<UserEntry> user;
    int uid;
    if (spec.user().isPresent()) {
      String wanted = spec.user().get();
      user = user(wanted);
      uid = user.isPresent() ? user.get().uid() : number(wanted, "no such user: " + wanted);
      if (user.isEmpty() && spec.group().isEmpty()) {
        throw new StageException(
            "user", wanted + " is in no user database, so its group must be given too", false);
      }
    } else {
      uid = Host.euid();
      user = user(Integer.toUnsignedString(uid));
    }
    int gid = gid(spec, user);
    return new Account(
        user.map(UserEntry::name).orElseGet(() -> Integer.toUnsignedString(uid)),
        uid,
        gid,
        groups(spec, user, gid),
        user.map(UserEntry::home).filter(home -> !home.isEmpty()).orElse(NO_HOME),
        user.map(UserEntry::shell).filter(shell -> !shell.isEmpty()).orElse(NO_SHELL));
  }

  private static int gid(ProgramSpec spec, Optional<UserEntry> user) throws StageException {
    if (spec.group().isPresent()) {
      return group(spec.group().get());
    }
    return spec.user().isPresent() && user.isPresent() ? user.get().gid() : Host.egid();
  }

  private static List<Integer> groups(ProgramSpec spec, Optional<UserEntry> user, int gid)
      throws StageException {
    try {
      if (spec.supplementaryGroups().isPresent()) {
        List<Integer> gids = new ArrayList<>();
        for (String name : spec.supplementaryGroups().get()) {
          gids.add(group(name));
        }
        return gids;
      }
      if (spec.user().isEmpty()) {
        return Host.groups();
      }
      return user.isPresent() ? Users.supplementaryGroups(user.get().name(), gid) : List.of(gid);
    } catch (ErrnoException refused) {
      throw new StageException("group", refused);
    }
  }

  private static Optional<UserEntry> user(String nameOrUid) throws StageException {
    try {
      return Users.lookup(nameOrUid);
    } catch (ErrnoException refused) {
      throw new StageException("user", refused);
    }
  }

  private static int group(String nameOrGid) throws StageException {
    OptionalInt gid;
    try {
      gid = Users.groupId(nameOrGid);
    } catch (ErrnoException refused) {
      throw new StageException("group", refused);
    }
    if (gid.isEmpty()) {
      throw new StageException("group", "no such group: " + nameOrGid, false);
    }
    return gid.getAsInt();
  }

  private static int number(String text, String otherwise) throws StageException {
    try {
      long number = Long.parseLong(text);
      // The largest number means "none" to the kernel.
      if (number >= 0 && number < 0xffffffffL) {
        return (int) number;
      }
    } catch (NumberFormatException noNumber) {
      throw new StageException("user", otherwise, false);
    }
    throw new StageException("user", otherwise, false);
  }
}
