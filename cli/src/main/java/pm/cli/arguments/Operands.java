package pm.cli.arguments;

/**
 * What stands on the command line beside options.
 *
 * @param label what each is called in the help
 * @param min fewest, 0 or more
 * @param max most; {@link Integer#MAX_VALUE} for any number
 * @param description for the help
 */
public record Operands(String label, int min, int max, String description) {
  /** For commands that take none. */
  public static final Operands NONE = new Operands("", 0, 0, "");

  private static final String SELECTORS =
      "A program (web), an instance (web@1), a pattern ('web*'), group:NAME or all.";

  /** Any number of selectors; none means all. */
  public static final Operands SELECTORS_OR_ALL =
      new Operands("SEL", 0, Integer.MAX_VALUE, SELECTORS + " Without one: all.");

  /** At least one selector. */
  public static final Operands SOME_SELECTORS =
      new Operands("SEL", 1, Integer.MAX_VALUE, SELECTORS);
}
