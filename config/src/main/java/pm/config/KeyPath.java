package pm.config;

import java.util.List;
import java.util.Optional;

/** Finds keys by their path, such as {@code restart.delay}. */
final class KeyPath {
  private KeyPath() {}

  /**
   * Finds a key, or for a path that goes on below the user's own names, as {@code environment.LANG}
   * does, the last one that is ours.
   */
  static Optional<Key> find(Keys keys, String path) {
    int dot = path.indexOf('.');
    Optional<Key> key = keys.find(dot < 0 ? path : path.substring(0, dot));
    if (dot < 0 || key.isEmpty()) {
      return key;
    }
    String rest = path.substring(dot + 1);
    Optional<Key> below = below(key.get().type(), rest);
    if (below.isPresent()) {
      return below;
    }
    return isOpen(key.get().type()) ? key : Optional.empty();
  }

  private static Optional<Key> below(KeyType type, String rest) {
    for (Keys keys : mappings(type)) {
      Optional<Key> found = find(keys, rest);
      if (found.isPresent()) {
        return found;
      }
    }
    if (type instanceof KeyType.MapOf map) {
      int dot = rest.indexOf('.');
      return dot < 0 ? Optional.empty() : below(map.value(), rest.substring(dot + 1));
    }
    if (type instanceof KeyType.AnyOf any) {
      for (KeyType each : any.types()) {
        if (each instanceof KeyType.MapOf) {
          return below(each, rest);
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isOpen(KeyType type) {
    return switch (type) {
      case KeyType.MapOf map -> true;
      case KeyType.AnyOf any -> any.types().stream().anyMatch(KeyPath::isOpen);
      case KeyType.Text text -> false;
      case KeyType.Truth truth -> false;
      case KeyType.Whole whole -> false;
      case KeyType.Decimal decimal -> false;
      case KeyType.Span span -> false;
      case KeyType.Size size -> false;
      case KeyType.Form form -> false;
      case KeyType.OneOf one -> false;
      case KeyType.ListOf list -> false;
      case KeyType.Below below -> false;
    };
  }

  /** The keys of the mappings that a key may hold. */
  static List<Keys> mappings(KeyType type) {
    if (type instanceof KeyType.Below(Keys keys)) {
      return List.of(keys);
    }
    if (type instanceof KeyType.AnyOf any) {
      return any.types().stream().flatMap(each -> mappings(each).stream()).toList();
    }
    return List.of();
  }
}
