package pm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What there is to say about one key.
 *
 * @param path such as {@code restart.delay}
 * @param isOfProgram whether it is a key of a program; else of the daemon
 * @param type what it takes, for people
 * @param otherwise its default as it would be written; empty if it has none of its own
 * @param kind when a change of it takes effect; says nothing about a key of the daemon
 * @param does what it is for
 * @param example how it may stand in a file; empty for a mapping
 * @param below the keys of its mapping
 */
public record KeyGuide(
    String path,
    boolean isOfProgram,
    String type,
    String otherwise,
    KeyKind kind,
    String does,
    String example,
    List<String> below) {
  public KeyGuide {
    below = List.copyOf(below);
  }

  /**
   * Finds a key by its path. {@code programs.NAME.} may stand before a key of a program.
   *
   * @return empty if there is no such key
   */
  public static Optional<KeyGuide> find(String path) {
    String own = path;
    if (path.startsWith("programs.")) {
      int name = path.indexOf('.', "programs.".length());
      own = name < 0 ? "" : path.substring(name + 1);
    }
    Optional<Key> ofProgram = KeyPath.find(ProgramKeys.PROGRAM, own);
    if (ofProgram.isPresent()) {
      return Optional.of(guide(own, ofProgram.get(), true));
    }
    return KeyPath.find(DaemonKeys.DAEMON, path).map(key -> guide(path, key, false));
  }

  /** All paths: those of programs, then those of the daemon. */
  public static List<String> paths() {
    var paths = new ArrayList<String>();
    add("", ProgramKeys.PROGRAM, paths);
    add("", DaemonKeys.DAEMON, paths);
    return paths;
  }

  /** What to say to somebody who asks for a key that does not exist. */
  public static String remedy(String path) {
    int dot = path.lastIndexOf('.');
    String last = path.substring(dot + 1);
    String foreign = ForeignKeys.ofProgram(last);
    if (!foreign.isEmpty()) {
      return foreign;
    }
    var sameLast = new ArrayList<String>();
    for (String each : paths()) {
      if (each.endsWith("." + last)) {
        sameLast.add(each);
      }
    }
    if (!sameLast.isEmpty()) {
      return "did you mean " + String.join(" or ", sameLast) + "?";
    }
    String nearest = path.length() > Names.LONGEST ? "" : UnknownKey.nearest(path, paths());
    return nearest.isEmpty()
        ? "pmctl config schema lists all keys"
        : "did you mean " + nearest + "?";
  }

  private static void add(String prefix, Keys keys, List<String> paths) {
    for (Key key : keys.keys()) {
      paths.add(prefix + key.name());
      for (Keys below : KeyPath.mappings(key.type())) {
        add(prefix + key.name() + ".", below, paths);
      }
    }
  }

  private static KeyGuide guide(String path, Key key, boolean isOfProgram) {
    var below = new ArrayList<String>();
    for (Keys keys : KeyPath.mappings(key.type())) {
      below.addAll(keys.known());
    }
    return new KeyGuide(
        path,
        isOfProgram,
        KeyType.describe(key.type()),
        key.otherwise(),
        key.kind(),
        key.does().replace("`", ""),
        key.example().isEmpty() ? "" : example(path, key.example()),
        below);
  }

  /** {@code restart: {delay: 2s}}. */
  private static String example(String path, String value) {
    String text = value;
    String rest = path;
    for (int dot = rest.lastIndexOf('.'); dot >= 0; dot = rest.lastIndexOf('.')) {
      text = "{" + rest.substring(dot + 1) + ": " + text + "}";
      rest = rest.substring(0, dot);
    }
    return rest + ": " + text;
  }
}
