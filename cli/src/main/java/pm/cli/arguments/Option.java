package pm.cli.arguments;

/**
 * One option.
 *
 * @param shortName {@code -n}; empty if it has none
 * @param longName {@code --lines}
 * @param label what its value is called in the help; empty for a flag
 * @param description for the help
 */
public record Option(String shortName, String longName, String label, String description) {
  /** An option with a value. */
  public static Option value(String shortName, String longName, String label, String description) {
    return new Option(shortName, longName, label, description);
  }

  /** An option without a value. */
  public static Option flag(String shortName, String longName, String description) {
    return new Option(shortName, longName, "", description);
  }

  public boolean takesValue() {
    return !label.isEmpty();
  }
}
