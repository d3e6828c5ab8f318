package pm.config;

import java.util.List;

/**
 * A value in a file and where it stands, before anything is known about what it should be. Lines
 * and columns count from 1.
 */
sealed interface Node {
  int line();

  int column();

  /**
   * A scalar, as it is written: {@code no}, {@code 0777} and {@code 22:22:22} are what they look
   * like. What they mean is for the key to say.
   *
   * @param plain whether it is written without quotes
   */
  record Text(String text, boolean plain, int line, int column) implements Node {
    boolean isNull() {
      return plain
          && switch (text) {
            case "", "~", "null", "Null", "NULL" -> true;
            default -> false;
          };
    }
  }

  /** A list. */
  record Items(List<Node> items, int line, int column) implements Node {}

  /**
   * A mapping, after {@code <<} has been resolved.
   *
   * @param entries in the order of the file, each key once
   * @param duplicates entries whose key was there before
   */
  record Entries(List<Entry> entries, List<Duplicate> duplicates, int line, int column)
      implements Node {}

  /** A key with its place and its value. */
  record Entry(String key, int line, int column, Node value) {}

  /** An entry that says again what {@code first} says. */
  record Duplicate(Entry entry, Entry first) {}

  /** A value that was asked for where there is none. */
  static boolean isNull(Node node) {
    return node instanceof Text text && text.isNull();
  }
}
