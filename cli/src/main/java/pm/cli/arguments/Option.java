package pm.cli.arguments;

/**
 * One option.
 *
 * @param shortName {@code -n}; empty if it has none
 * @param longName {@code --lines}
 * @param label what its value is called in the help; empty for a flag
 * @param description for the help
 * @param repeated whether it may be given several times
 */
public record Option(
    String shortName, String longName, String label, String description, boolean repeated) {
  /** An option with a value. */
  public static Option value(String shortName, String longName, String label, String description) {
    return new Option(shortName, longName, label, description, false);
  }

  /** An option with a value that may be given several times. */
  public static Option repeated(
      String shortName, String longName, String label, String description) {
    return new Option(shortName, longName, label, description, true);
  }

  /** An option without a value. */
  public static Option flag(String shortName, String longName, String description) {
    return new Option(shortName, longName, "", description, false);
  }

  public boolean takesValue() {
    return !label.isEmpty();
  }
}
