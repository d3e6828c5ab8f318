package pm.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;

/**
 * Merges {@code NAME.override.yaml} over {@code NAME.yaml}: mappings key by key, while a list or a
 * single value takes the place of the other.
 */
final class Overrides {
  private static final String MARK = ".override";

  private Overrides() {}

  /** Whether a file of this name is merged over another one. */
  static boolean isOverride(String name) {
    int dot = name.lastIndexOf('.');
    return dot > MARK.length() && name.startsWith(MARK, dot - MARK.length());
  }

  /** The name of the file that this one is merged over. */
  static String baseOf(String name) {
    int dot = name.lastIndexOf('.');
    return name.substring(0, dot - MARK.length()) + name.substring(dot);
  }

  /** The name of the file that would be merged over this one. */
  static String overrideOf(String name) {
    int slash = name.lastIndexOf('/');
    int dot = name.lastIndexOf('.');
    return dot <= slash + 1 ? name + MARK : name.substring(0, dot) + MARK + name.substring(dot);
  }

  static Path overrideOf(Path file) {
    Path name = file.getFileName();
    return file.resolveSibling(overrideOf(String.valueOf(name)));
  }

  /**
   * Merges.
   *
   * @param file the name of the overriding file, for messages
   * @param origins gets the file of everything that comes from it
   */
  static Node.Entries merge(
      Node.Entries base,
      Node.Entries override,
      String file,
      IdentityHashMap<Object, String> origins) {
    var merged = new LinkedHashMap<String, Node.Entry>();
    for (Node.Entry entry : base.entries()) {
      merged.put(entry.key(), entry);
    }
    for (Node.Entry entry : override.entries()) {
      Node.Entry below = merged.get(entry.key());
      if (below != null
          && below.value() instanceof Node.Entries old
          && entry.value() instanceof Node.Entries now) {
        merged.put(
            entry.key(),
            new Node.Entry(
                below.key(), below.line(), below.column(), merge(old, now, file, origins)));
      } else {
        note(entry, file, origins);
        merged.put(entry.key(), entry);
      }
    }
    var duplicates = new ArrayList<>(base.duplicates());
    for (Node.Duplicate duplicate : override.duplicates()) {
      note(duplicate.entry(), file, origins);
      note(duplicate.first(), file, origins);
      duplicates.add(duplicate);
    }
    return new Node.Entries(
        new ArrayList<>(merged.values()), duplicates, base.line(), base.column());
  }

  private static void note(Node.Entry entry, String file, IdentityHashMap<Object, String> origins) {
    origins.put(entry, file);
    note(entry.value(), file, origins);
  }

  private static void note(Node node, String file, IdentityHashMap<Object, String> origins) {
    if (origins.put(node, file) != null) {
      // An alias: it has been here.
      return;
    }
    switch (node) {
      case Node.Text text -> {}
      case Node.Items items -> {
        for (Node item : items.items()) {
          note(item, file, origins);
        }
      }
      case Node.Entries entries -> {
        for (Node.Entry entry : entries.entries()) {
          note(entry, file, origins);
        }
        for (Node.Duplicate duplicate : entries.duplicates()) {
          note(duplicate.entry(), file, origins);
        }
      }
    }
  }
}
