package pm.cli.arguments;

/**
 * One option.
 *
 * @param shortName {@code -n}; empty if it has none
 * @param longName {@code --lines}
 * @param label what its value is called in the help; empty for a flag
 * @param description for the help
 * @param repeated whether it may be given several times
 * @param optional whether its value may be left out; then it stands behind {@code =} only
 */
public record Option(
    String shortName,
    String longName,
    String label,
    String description,
    boolean repeated,
    boolean optional) {
  /** An option with a value. */
  public static Option value(String shortName, String longName, String label, String description) {
    return new Option(shortName, longName, label, description, false, false);
  }

  /** An option with a value that may be given several times. */
  public static Option repeated(
      String shortName, String longName, String label, String description) {
    return new Option(shortName, longName, label, description, true, false);
  }

  /** An option whose value may be left out: {@code --wait} or {@code --wait=30s}. */
  public static Option optionalValue(String longName, String label, String description) {
    return new Option("", longName, label, description, false, true);
  }

  /** An option without a value. */
  public static Option flag(String shortName, String longName, String description) {
    return new Option(shortName, longName, "", description, false, false);
  }

  /** Whether the next argument is its value where none stands behind {@code =}. */
  public boolean takesValue() {
    return !label.isEmpty() && !optional;
  }

  /** Its value as the help writes it behind its name; empty for a flag. */
  public String valueSyntax() {
    return optional ? "[=" + label + "]" : label.isEmpty() ? "" : " " + label;
  }
}
