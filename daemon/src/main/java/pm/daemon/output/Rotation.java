package pm.daemon.output;

import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.FilePath;

/**
 * Gives a full file the name {@code .1} after its predecessors have moved on by one.
 *
 * <p>Only files up to the first unused number move, from the oldest to the newest. A death between
 * two renames therefore leaves an unused number and nothing else, and the next rotation fills it:
 * no file is replaced but the one that is one too many.
 */
final class Rotation {

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
      while (last < keep && folder.has(numbered(name, last))) {
        last++;
      }
      for (int number = last; number > 1; number--) {
        FilePath.rename(
            folder.entry(numbered(name, number - 1)), folder.entry(numbered(name, number)));
      }
      FilePath.rename(folder.entry(name), folder.entry(numbered(name, 1)));
    }
    removeSurplus(folder, name, keep);
  }

  /** Removes rotated files beyond {@code keep}, up to the first unused number. */
  static void removeSurplus(LogFolder folder, String name, int keep) throws ErrnoException {
    for (int number = keep + 1; folder.has(numbered(name, number)); number++) {
      FilePath.unlink(folder.entry(numbered(name, number)));
    }
  }

  /** Removes rotated files that were last written before a time, the oldest first. */
  static void removeOlder(LogFolder folder, String name, long thanMillis) throws ErrnoException {
    int last = 0;
    while (folder.has(numbered(name, last + 1))) {
      last++;
    }
    for (int number = last; number > 0; number--) {
      String file = folder.entry(numbered(name, number));
      if (FilePath.linkStatus(file).modifiedNanos() / 1_000_000 >= thanMillis) {
        return;
      }
      FilePath.unlink(file);
    }
  }

  static String numbered(String name, int number) {
    return name + "." + number;
  }
}
