package pm.cli.render;

import java.util.List;

/** How results are written. */
public enum Format {
  TABLE,
  WIDE,
  JSON,
  JSONL,
  YAML,
  NAME;

  /** The names as the user writes them; the first is the default. */
  public static final List<String> NAMES =
      List.of("table", "wide", "json", "jsonl", "yaml", "name");

  /** The format of one of {@link #NAMES}. */
  public static Format of(String name) {
    return values()[NAMES.indexOf(name)];
  }

  /** Whether it is meant for people. */
  public boolean isForPeople() {
    return this == TABLE || this == WIDE;
  }
}
