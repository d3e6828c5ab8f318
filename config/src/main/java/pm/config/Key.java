package pm.config;

/**
 * One key of a mapping: all that the schema, {@code config explain} and the documentation say about
 * it.
 *
 * @param name as it is written
 * @param type what it takes
 * @param otherwise its default as it would be written; empty if it must be there
 * @param kind when a change of it takes effect
 * @param does what it is for, in full sentences
 * @param example a value that is not the default
 */
record Key(String name, KeyType type, String otherwise, KeyKind kind, String does, String example) {

  static Key live(String name, KeyType type, String otherwise, String does, String example) {
    return new Key(name, type, otherwise, KeyKind.LIVE, does, example);
  }

  static Key next(String name, KeyType type, String otherwise, String does, String example) {
    return new Key(name, type, otherwise, KeyKind.NEXT_START, does, example);
  }

  static Key restart(String name, KeyType type, String otherwise, String does, String example) {
    return new Key(name, type, otherwise, KeyKind.RESTART, does, example);
  }
}
