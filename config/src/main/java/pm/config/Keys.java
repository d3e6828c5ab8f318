package pm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The keys of one mapping.
 *
 * @param owner what the mapping describes, for messages
 * @param keys those that this version acts on, in the order of the documentation
 * @param later those that it does not act on yet
 */
record Keys(String owner, List<Key> keys, List<LaterKey> later) {
  Keys {
    keys = List.copyOf(keys);
    later = List.copyOf(later);
  }

  static Keys of(String owner, Key... keys) {
    return new Keys(owner, List.of(keys), List.of());
  }

  /** Keys of what only we write. */
  static Keys ours(String owner, String... names) {
    var keys = new ArrayList<Key>();
    for (String name : names) {
      keys.add(Key.live(name, KeyType.TEXT, "", "", ""));
    }
    return new Keys(owner, keys, List.of());
  }

  /** With one more. */
  Keys plus(String name) {
    var more = new ArrayList<>(keys);
    more.addAll(ours("", name).keys);
    return new Keys(owner, more, later);
  }

  /** The names of those that this version acts on. */
  List<String> known() {
    var names = new ArrayList<String>(keys.size());
    for (Key key : keys) {
      names.add(key.name());
    }
    return names;
  }

  /** Whether both describe the same thing. */
  boolean is(Keys other) {
    return owner.equals(other.owner);
  }

  boolean isKnown(String name) {
    return find(name).isPresent();
  }

  Optional<Key> find(String name) {
    for (Key key : keys) {
      if (key.name().equals(name)) {
        return Optional.of(key);
      }
    }
    return Optional.empty();
  }

  Optional<LaterKey> later(String name) {
    return LaterKey.find(later, name);
  }
}
