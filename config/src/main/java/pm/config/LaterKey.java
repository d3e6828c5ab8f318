package pm.config;

import java.util.List;
import java.util.Optional;

/**
 * A key of the documented configuration that this version does not act on. Its documented default
 * is accepted, so that a file that names every key can be read; anything else is refused rather
 * than ignored.
 *
 * @param name of the key
 * @param defaults how the default is written, besides null, {@code {}} and {@code []}
 * @param below the keys of its mapping, if it is one
 */
record LaterKey(String name, List<String> defaults, List<LaterKey> below) {
  static LaterKey of(String name, String... defaults) {
    return new LaterKey(name, List.of(defaults), List.of());
  }

  static LaterKey section(String name, LaterKey... below) {
    return new LaterKey(name, List.of(), List.of(below));
  }

  /** Adds a problem for everything in {@code value} that is not the default. */
  void check(Node.Entry entry, String path, Problems problems) {
    check(entry.value(), problems.locate(entry), path, problems);
  }

  private void check(Node value, Location at, String path, Problems problems) {
    switch (value) {
      case Node.Text text -> {
        if (!text.isNull() && !defaults.contains(text.text())) {
          refuse(at, path, problems);
        }
      }
      case Node.Items items -> {
        if (!items.items().isEmpty()) {
          refuse(at, path, problems);
        }
      }
      case Node.Entries entries -> {
        for (Node.Entry entry : entries.entries()) {
          String entryPath = Section.join(path, entry.key());
          Optional<LaterKey> key = find(below, entry.key());
          if (key.isPresent()) {
            key.get().check(entry, entryPath, problems);
          } else {
            refuse(problems.locate(entry), below.isEmpty() ? path : entryPath, problems);
          }
        }
      }
    }
  }

  static Optional<LaterKey> find(List<LaterKey> keys, String name) {
    for (LaterKey candidate : keys) {
      if (candidate.name.equals(name)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static void refuse(Location at, String path, Problems problems) {
    problems.add(at, path, "not supported yet", "leave it out");
  }
}
