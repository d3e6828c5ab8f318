package pm.daemon.output;

import java.util.List;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.FilePath;

/**
 * Gives a full file the name {@code .1} after its predecessors have moved on by one, those that
 * have been compressed ({@code .1.gz}) like the others.
 *
 * <p>Only files up to the first unused number move, from the oldest to the newest. A death between
 * two renames therefore leaves an unused number and nothing else, and the next rotation fills it:
 * no file is replaced but the one that is one too many.
 */
final class Rotation {
  private static final String COMPRESSED = ".gz";

  private Rotation() {}

  /**
   * Makes room for a new file called {@code name}.
   *
   * @param keep how many rotated files stay; 0: the full file is removed
   */
  static void rotate(LogFolder folder, String name, int keep) throws ErrnoException {
    if (keep == 0) {
      FilePath.unlink(folder.entry(name));
    } else {
      int last = 1;
      while (last < keep && isUsed(folder, name, last)) {
        last++;
      }
      remove(folder, name, last);
      for (int number = last; number > 1; number--) {
        move(folder, numbered(name, number - 1), numbered(name, number));
        move(folder, compressed(name, number - 1), compressed(name, number));
      }
      FilePath.rename(folder.entry(name), folder.entry(numbered(name, 1)));
    }
    removeSurplus(folder, name, keep);
  }

  private static void move(LogFolder folder, String from, String to) throws ErrnoException {
    if (folder.has(from)) {
      FilePath.rename(folder.entry(from), folder.entry(to));
    }
  }

  /** Removes rotated files beyond {@code keep}, up to the first unused number. */
  static void removeSurplus(LogFolder folder, String name, int keep) throws ErrnoException {
    for (int number = keep + 1; isUsed(folder, name, number); number++) {
      remove(folder, name, number);
    }
  }

  /** Removes rotated files that were last written before a time, the oldest first. */
  static void removeOlder(LogFolder folder, String name, long thanMillis) throws ErrnoException {
    int last = 0;
    while (isUsed(folder, name, last + 1)) {
      last++;
    }
    for (int number = last; number > 0; number--) {
      for (String file : both(name, number)) {
        if (folder.has(file)
            && FilePath.linkStatus(folder.entry(file)).modifiedNanos() / 1_000_000 >= thanMillis) {
          return;
        }
      }
      remove(folder, name, number);
    }
  }

  /** Tells whether a rotated file has this number. */
  static boolean isUsed(LogFolder folder, String name, int number) throws ErrnoException {
    return folder.has(numbered(name, number)) || folder.has(compressed(name, number));
  }

  private static void remove(LogFolder folder, String name, int number) throws ErrnoException {
    for (String file : both(name, number)) {
      if (folder.has(file)) {
        FilePath.unlink(folder.entry(file));
      }
    }
  }

  private static List<String> both(String name, int number) {
    return List.of(numbered(name, number), compressed(name, number));
  }

  static String numbered(String name, int number) {
    return name + "." + number;
  }

  /** Returns the name of a rotated file that is compressed. */
  static String compressed(String name, int number) {
    return numbered(name, number) + COMPRESSED;
  }

  /** Returns the name under which a file is compressed. */
  static String unfinished(String name) {
    return name + COMPRESSED + ".new";
  }
}
