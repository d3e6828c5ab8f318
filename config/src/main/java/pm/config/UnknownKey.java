package pm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Finds out what somebody meant who wrote a key that does not exist. */
final class UnknownKey {
  private static final int LONGEST = 40;
  private static final List<Keys> SECTIONS = sections();
  private static final List<Keys> DAEMON_SECTIONS =
      List.of(DaemonKeys.SOCKET, DaemonKeys.LOG, DaemonKeys.SHUTDOWN, DaemonKeys.TASKS);

  private UnknownKey() {}

  private static List<Keys> sections() {
    var sections =
        new ArrayList<Keys>(
            List.of(
                ProgramKeys.RESTART,
                ProgramKeys.STOP,
                ProgramKeys.LOGS,
                ProgramKeys.READINESS,
                ProgramKeys.LIVENESS,
                ProgramKeys.RELOAD,
                ProgramKeys.HOOKS,
                ProgramKeys.LIMITS,
                ProgramKeys.SECURITY,
                ProgramKeys.WORKER));
    sections.addAll(PoolKeys.ALL);
    return sections;
  }

  /** What to write instead of {@code key} in a mapping of these keys. */
  static String remedy(String key, Keys keys) {
    List<String> names = names(keys);
    if (key.length() <= LONGEST) {
      String folded = folded(key);
      for (String name : names) {
        if (folded(name).equals(folded)) {
          return didYouMean(name);
        }
      }
      String foreign = foreign(key, keys);
      if (!foreign.isEmpty()) {
        return foreign;
      }
      String elsewhere = elsewhere(key, keys);
      if (!elsewhere.isEmpty()) {
        return elsewhere;
      }
      String nearest = nearest(key, names);
      if (!nearest.isEmpty()) {
        return didYouMean(nearest);
      }
    }
    if (keys.is(ProgramKeys.PROGRAM)) {
      return "a program has no such key";
    }
    return keys.owner() + " takes " + String.join(", ", names);
  }

  /** The nearest of some words, if it is near enough to have been meant; else empty. */
  static String nearest(String word, List<String> candidates) {
    String nearest = "";
    // One slip in a short word, three in a long one: what is further away is another word.
    int nearestDistance = Math.min(3, Math.max(1, word.length() / 3)) + 1;
    for (String candidate : candidates) {
      int distance = distance(word, candidate);
      if (distance < nearestDistance) {
        nearest = candidate;
        nearestDistance = distance;
      }
    }
    return nearest;
  }

  private static List<String> names(Keys keys) {
    var names = new ArrayList<>(keys.known());
    for (LaterKey later : keys.later()) {
      names.add(later.name());
    }
    return names;
  }

  private static String foreign(String key, Keys keys) {
    if (keys.is(DaemonKeys.DAEMON) || keys.is(DaemonKeys.PROGRAMS_FILE)) {
      return ForeignKeys.ofDaemon(key);
    }
    String remedy = isOfPool(keys) ? ForeignKeys.ofPool(key) : ForeignKeys.ofProgram(key);
    if (keys.is(ProgramKeys.PROGRAM) || remedy.isEmpty()) {
      return remedy;
    }
    for (Keys section : SECTIONS) {
      if (section.is(keys)) {
        // Inside the section that it belongs to, its short name is enough.
        return remedy.replace(" " + section.owner() + ".", " ");
      }
    }
    return "";
  }

  /** The same name one level up or down. */
  private static String elsewhere(String key, Keys keys) {
    if (keys.is(DaemonKeys.PROGRAMS_FILE)) {
      return names(DaemonKeys.DAEMON).contains(key)
          ? key + " is for the daemon: write it in " + Folders.DAEMON_FILE
          : programKey(key);
    }
    if (keys.is(ProgramKeys.PROGRAM) || keys.is(DaemonKeys.DAEMON)) {
      for (Keys section : keys.is(ProgramKeys.PROGRAM) ? SECTIONS : DAEMON_SECTIONS) {
        if (names(section).contains(key)) {
          return didYouMean(section.owner() + "." + key);
        }
      }
      if (keys.is(DaemonKeys.DAEMON)) {
        return programKey(key);
      }
      if (names(DaemonKeys.DAEMON).contains(key)) {
        return key + " belongs to the daemon: write it at the beginning of a line in pmd.yaml";
      }
      return "";
    }
    if (isOfPool(keys)) {
      String inPool = elsewhereInPool(key, keys);
      if (!inPool.isEmpty()) {
        return inPool;
      }
    }
    for (Keys section : SECTIONS) {
      if (section.is(keys) && names(ProgramKeys.PROGRAM).contains(key)) {
        return key
            + " belongs to the program, "
            + (section.owner().contains(".") ? "further up" : "one level up");
      }
    }
    return "";
  }

  private static boolean isOfPool(Keys keys) {
    for (Keys each : PoolKeys.ALL) {
      if (each.is(keys)) {
        return true;
      }
    }
    return false;
  }

  /** The same name in another mapping of a pool, best in one below. */
  private static String elsewhereInPool(String key, Keys keys) {
    String found = "";
    for (Keys section : PoolKeys.ALL) {
      if (section.isKnown(key)) {
        if (section.owner().startsWith(keys.owner() + ".")) {
          return didYouMean(section.owner().substring(keys.owner().length() + 1) + "." + key);
        }
        found = found.isEmpty() ? didYouMean(section.owner() + "." + key) : found;
      }
    }
    return found;
  }

  private static String programKey(String key) {
    return names(ProgramKeys.PROGRAM).contains(key)
        ? key + " belongs to a program: write programs: {NAME: {" + key + ": …}}"
        : "";
  }

  private static String didYouMean(String name) {
    return "did you mean " + name + "?";
  }

  private static String folded(String key) {
    return key.replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
  }

  /**
   * Edit distance in which two letters that changed places count once (optimal string alignment).
   */
  private static int distance(String left, String right) {
    int width = right.length() + 1;
    int[] before = new int[width];
    int[] previous = new int[width];
    int[] current = new int[width];
    for (int j = 0; j < width; j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= left.length(); i++) {
      current[0] = i;
      for (int j = 1; j < width; j++) {
        int change = left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1;
        int best = Math.min(Math.min(current[j - 1], previous[j]) + 1, previous[j - 1] + change);
        if (i > 1
            && j > 1
            && left.charAt(i - 1) == right.charAt(j - 2)
            && left.charAt(i - 2) == right.charAt(j - 1)) {
          best = Math.min(best, before[j - 2] + 1);
        }
        current[j] = best;
      }
      int[] spare = before;
      before = previous;
      previous = current;
      current = spare;
    }
    return previous[width - 1];
  }
}
