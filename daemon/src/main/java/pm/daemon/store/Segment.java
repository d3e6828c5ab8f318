package pm.daemon.store;

import java.io.IOException;
import java.util.Locale;

/** A file of the journal of tasks. Loop thread only, but for {@link #pin} and {@link #unpin}. */
final class Segment {
  private static final String PREFIX = "tasks-";
  private static final int DIGITS = 10;

  private final int number;
  private final TaskFile file;

  /** How many of its bytes are good; beyond them may be what a failed write left. */
  private long size;

  /** How many tasks have nothing that is needed in older segments, but something in this one. */
  private int firsts;

  private int pins;
  private boolean dropped;

  Segment(int number, TaskFile file, long size) {
    this.number = number;
    this.file = file;
    this.size = size;
  }

  /** Returns the name of the file of a segment. */
  static String name(int number) {
    return String.format(Locale.ROOT, PREFIX + "%0" + DIGITS + "d", number);
  }

  /** Returns whether a segment has this name. */
  static boolean isName(String name) {
    return name.matches(PREFIX + "[0-9]{" + DIGITS + "}")
        && Long.parseLong(name.substring(PREFIX.length())) <= Integer.MAX_VALUE;
  }

  static int number(String name) {
    return Integer.parseInt(name.substring(PREFIX.length()));
  }

  int number() {
    return number;
  }

  String name() {
    return name(number);
  }

  /** Returns whether its file should be there and is not. */
  boolean isMissing() {
    return file == TaskFile.MISSING;
  }

  TaskFile file() {
    return file;
  }

  long size() {
    return size;
  }

  void size(long bytes) {
    size = bytes;
  }

  int firsts() {
    return firsts;
  }

  void addFirsts(int change) {
    firsts += change;
  }

  /**
   * Somebody reads it; until it says {@link #unpin} the file stays open. Under the store's lock.
   */
  void pin() {
    pins++;
  }

  /** Under the store's lock. */
  void unpin() throws IOException {
    pins--;
    if (dropped && pins == 0) {
      file.close();
    }
  }

  /** Closes the file as soon as nobody reads it. Under the store's lock. */
  void drop() throws IOException {
    dropped = true;
    if (pins == 0) {
      file.close();
    }
  }
}
