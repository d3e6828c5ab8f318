package pm.cli.render;

import java.util.Map;

/** Whether colour is used, and which. It never carries a meaning that words do not. */
public enum Style {
  PLAIN,
  COLORED;

  private static final String RED = "\u001b[31m";
  private static final String GREEN = "\u001b[32m";
  private static final String YELLOW = "\u001b[33m";
  private static final String DIM = "\u001b[2m";
  private static final String BOLD = "\u001b[1m";
  private static final String RESET = "\u001b[0m";
  private static final String[] NAME_COLORS = {
    "\u001b[36m", "\u001b[33m", "\u001b[32m", "\u001b[35m", "\u001b[34m"
  };

  /**
   * The style for one stream.
   *
   * @param when what {@code --color} says: auto, always or never
   */
  public static Style of(String when, boolean terminal, Map<String, String> environment) {
    boolean colored =
        switch (when) {
          case "always" -> true;
          case "never" -> false;
          default ->
              terminal
                  && environment.getOrDefault("NO_COLOR", "").isEmpty()
                  && !environment.getOrDefault("TERM", "").equals("dumb");
        };
    return colored ? COLORED : PLAIN;
  }

  /** A text in the colour that goes with a state. */
  public String state(String text, String state, String reason) {
    if (this == PLAIN) {
      return text;
    }
    return switch (state) {
      case "IDLE", "BUSY" -> GREEN + text + RESET;
      case "STARTING", "STOPPING" -> YELLOW + text + RESET;
      case "UNHEALTHY" -> RED + text + RESET;
      case "DEAD" ->
          switch (reason) {
            case "failed", "invalid" -> RED + text + RESET;
            case "backoff", "waiting" -> YELLOW + text + RESET;
            default -> DIM + text + RESET;
          };
      default -> text;
    };
  }

  /** A text in the colour that goes with the state of a task, or of a pool. */
  public String task(String text, String state) {
    if (this == PLAIN) {
      return text;
    }
    return switch (state) {
      case "SUCCEEDED", "RUNNING" -> GREEN + text + RESET;
      case "FAILED", "TIMED_OUT", "stalled" -> RED + text + RESET;
      case "paused", "draining", "held" -> YELLOW + text + RESET;
      case "CANCELLED" -> DIM + text + RESET;
      default -> text;
    };
  }

  /** A name in front of lines of many; the same name always has the same colour. */
  public String name(String text) {
    return this == PLAIN
        ? text
        : NAME_COLORS[Math.floorMod(text.hashCode(), NAME_COLORS.length)] + text + RESET;
  }

  /** A heading. */
  public String bold(String text) {
    return this == PLAIN ? text : BOLD + text + RESET;
  }

  /** What is of less interest. */
  public String dim(String text) {
    return this == PLAIN ? text : DIM + text + RESET;
  }
}
