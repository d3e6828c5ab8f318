package pm.config;

import java.util.List;
import java.util.Optional;

/**
 * A key of the documented configuration that this version does not act on. Its documented default
 * (null, {@code {}} or {@code []}) is accepted, so that a file that names every key can be read;
 * anything else is refused rather than ignored.
 *
 * @param name of the key
 */
record LaterKey(String name) {
  /** Adds a problem if the value is not the default. */
  void check(Node.Entry entry, String path, Problems problems) {
    switch (entry.value()) {
      case Node.Text text -> {
        if (!text.isNull()) {
          refuse(entry, path, problems);
        }
      }
      case Node.Items items -> {
        if (!items.items().isEmpty()) {
          refuse(entry, path, problems);
        }
      }
      case Node.Entries entries -> {
        if (!entries.entries().isEmpty()) {
          refuse(entries.entries().getFirst(), path, problems);
        }
      }
    }
  }

  private static void refuse(Node.Entry at, String path, Problems problems) {
    problems.add(at, path, "not supported yet", "leave it out");
  }

  static Optional<LaterKey> find(List<LaterKey> keys, String name) {
    for (LaterKey candidate : keys) {
      if (candidate.name.equals(name)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }
}
